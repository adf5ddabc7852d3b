"""The oracle's marts of who bought and who sold: customers, reps and cohorts."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .company import Company, without
from .facts import (
    ZERO,
    Order,
    days_between,
    grouped,
    is_recent,
    month_end,
    month_of,
    orders_of,
    rank,
    rhythm,
    shares,
)
from .values import Row, ratio


def customer_value(company: Company, as_of: date) -> list[Row]:
    """A customer and currency with a sale or billed order, and every customer without any with its seller."""
    counted = [each for each in orders_of(company, as_of) if each.is_sale or each.is_billed]
    known = [each for each in counted if each.customer_id is not None]
    by_key = grouped(known, lambda order: (order.seller_id, order.customer_id, order.currency))
    active = {(seller, customer) for seller, customer, _ in by_key}
    for customer in company.customers:
        if (customer.get("owner"), customer["id"]) not in active:
            by_key[customer.get("owner"), customer["id"], customer.get("currency") or None] = []
    dealt = {(seller, customer) for (seller, customer, _), orders in by_key.items() if orders}
    found = []
    for (seller, customer, currency), orders in by_key.items():
        record = _record(company, customer)
        found.append(
            {"_company": company.company, "seller_id": seller, "currency": currency, "as_of": as_of}
            | company.customer(customer)
            | without(record, "is_licensed")
            | _sales(orders, as_of)
            | _receivables(orders, as_of)
            | {
                "is_white_space": bool(record["is_licensed"])
                and not record["is_archived"]
                and (seller, customer) not in dealt
            }
        )
    _score(found)
    return found


def _record(company: Company, customer_id: int | None) -> Row:
    customer = company.customer_by_id.get(customer_id or 0)
    if customer is None:
        names = "tier customer_status license_type managers is_archived is_licensed"
        return dict.fromkeys(names.split())
    managers = {company.name("company_staff", manager) for manager in customer.get("managers") or []} - {None}
    return {
        "tier": company.name("customer_tiers", customer.get("tier")),
        "customer_status": company.name("customer_statuses", customer.get("status")),
        "license_type": company.name("license_types", customer.get("license_type")),
        "managers": "; ".join(sorted(name for name in managers if name)) or None,
        "is_archived": bool(customer.get("archived")),
        "is_licensed": bool(customer.get("license_number")) and not customer.get("license_inactive"),
    }


def _sales(orders: list[Order], as_of: date) -> Row:
    sales = [order for order in orders if order.is_sale]
    last_year = [order for order in sales if is_recent(order.order_date, as_of, 0, 364)]
    year_before = [order for order in sales if is_recent(order.order_date, as_of, 365, 729)]
    row = rhythm({order.order_date for order in sales}, as_of)
    gap = row["median_gap_days"]
    return row | {
        "orders": len(sales),
        "net_sales": _net(sales),
        "aov": ratio(_net(sales), len(sales)),
        "orders_12m": len(last_year),
        "net_sales_12m": _net(last_year),
        "net_sales_prior_12m": _net(year_before),
        "is_at_risk": gap is not None and row["days_since_order"] > 2 * gap,
    }


def _net(orders: list[Order]) -> Decimal:
    return sum((order.net_sales for order in orders), ZERO)


def _receivables(orders: list[Order], as_of: date) -> Row:
    billed = [order for order in orders if order.is_billed]
    late = [
        order.open_balance
        for order in billed
        if order.open_balance > 0 and order.due_date is not None and order.due_date < as_of
    ]
    settled = [(order, order.settled_date) for order in billed if order.settled_date is not None]
    days = [days_between(order.invoice_date, day) for order, day in settled]
    beyond = [days_between(order.due_date, day) for order, day in settled if order.due_date is not None]
    late_orders = sum(each > 0 for each in beyond)
    return {
        "open_net": sum((order.open_balance for order in billed), ZERO),
        "past_due": sum(late, ZERO),
        "first_invoice_date": min((order.invoice_date for order in billed), default=None),
        "last_invoice_date": max((order.invoice_date for order in billed), default=None),
        "average_days_to_pay": ratio(sum(days), len(days)),
        "settled_days": sum(days),
        "settled_orders": len(days),
        "average_days_beyond_terms": ratio(sum(beyond), len(beyond)),
        "beyond_terms_days": sum(beyond),
        "dated_orders": len(beyond),
        "late_orders": late_orders,
        "late_share": ratio(late_orders, len(beyond)),
    }


def _score(found: list[Row]) -> None:
    columns = {"recency_score": "last_order_date", "frequency_score": "orders_12m", "monetary_score": "net_sales_12m"}
    for row in found:
        row.update(dict.fromkeys(columns))
    buyers = [row for row in found if row["orders"]]
    for peers in grouped(buyers, lambda row: (row["seller_id"], row["currency"])).values():
        for row in peers:
            for score, column in columns.items():
                place = rank(row[column], [peer[column] for peer in peers])
                row[score] = 1 + 5 * (place - 1) // len(peers)


def orders_assigned_shares(order: Order) -> dict[int | None, Decimal]:
    """The cents of an order's net sales by rep, all of them under None where it has no rep."""
    reps: list[int | None] = list(order.reps) or [None]
    return dict(zip(reps, shares(order.net_sales, len(reps)), strict=True))


def rep_performance(company: Company, as_of: date) -> list[Row]:
    """A rep by month, orders shared in cents."""
    sales = [order for order in orders_of(company, as_of) if order.is_sale]
    by_door = grouped(sales, lambda order: (order.seller_id, order.customer_id))
    first = {key: min(orders, key=lambda order: (order.created_at, order.number)) for key, orders in by_door.items()}
    assigned = [(order, rep, share) for order in sales for rep, share in orders_assigned_shares(order).items()]

    def key(item: tuple[Order, int | None, Decimal]) -> tuple[Any, ...]:
        order, rep, _ = item
        return order.seller_id, rep, month_of(order.order_date), order.currency

    found = []
    for (seller, rep, month, currency), items in grouped(assigned, key).items():
        orders = [order for order, _, _ in items]
        known = [order for order in orders if order.customer_id is not None]
        found.append(
            {
                "_company": company.company,
                "seller_id": seller,
                "rep_id": rep,
                "rep_name": company.rep_name(rep),
                "month": month,
                "currency": currency,
                "is_complete_month": month_end(month) <= as_of,
                "net_sales": sum((share for _, _, share in items), ZERO),
                "orders": len(orders),
                "shared_orders": sum(len(order.reps) > 1 for order in orders),
                "doors": len({order.customer_id for order in known}),
                "new_doors": sum(first[seller, order.customer_id] is order for order in known),
                "rank": None,
                "as_of": as_of,
            }
        )
    reps = [row for row in found if row["rep_id"] is not None]
    for peers in grouped(reps, lambda row: (row["seller_id"], row["month"], row["currency"])).values():
        for row in peers:
            row["rank"] = rank(-row["net_sales"], [-peer["net_sales"] for peer in peers])
    return found


def cohorts(company: Company, as_of: date) -> list[Row]:
    """The customers of a first month, in every month from it on."""
    every = [order for order in orders_of(company, as_of) if order.is_sale]
    first_sale = {
        seller: min(order.order_date for order in orders)
        for seller, orders in grouped(every, lambda order: order.seller_id).items()
    }
    known = [order for order in every if order.customer_id is not None]
    by_door = grouped(known, lambda order: (order.seller_id, order.currency, order.customer_id))
    by_cohort: dict[tuple[Any, ...], list[list[Order]]] = {}
    for (seller, currency, _), orders in by_door.items():
        start = month_of(min(order.order_date for order in orders))
        by_cohort.setdefault((seller, currency, start), []).append(orders)
    found = []
    for (seller, currency, start), members in by_cohort.items():
        month, number = start, 0
        while month <= as_of:
            found.append(
                {
                    "_company": company.company,
                    "seller_id": seller,
                    "currency": currency,
                    "cohort_month": start,
                    "month_number": number,
                    "month": month,
                    "is_complete_month": month_end(month) <= as_of,
                    "is_uncertain": days_between(first_sale[seller], start) < 90,
                    "as_of": as_of,
                }
                | _cohort_month(members, month)
            )
            month, number = month_end(month) + timedelta(days=1), number + 1
    return found


def _cohort_month(members: list[list[Order]], month: date) -> Row:
    so_far = [[order for order in orders if order.order_date <= month_end(month)] for orders in members]
    now = [[order for order in orders if month_of(order.order_date) == month] for orders in members]
    active = sum(bool(orders) for orders in now)
    repeat = sum(len({order.order_date for order in orders}) >= 2 for orders in so_far)
    return {
        "cohort_doors": len(members),
        "active_doors": active,
        "repeat_doors": repeat,
        "orders": sum(len(orders) for orders in now),
        "net_sales": sum((_net(orders) for orders in now), ZERO),
        "net_sales_to_date": sum((_net(orders) for orders in so_far), ZERO),
        "retention": ratio(active, len(members)),
        "repeat_rate": ratio(repeat, len(members)),
    }
