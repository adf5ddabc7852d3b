"""The oracle's facts: orders, lines, payments, events."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .semantics import counted, discount, lines, paid_amount, paid_on, semantics, tax
from .source import (
    CENT,
    COMMITTED,
    FOUR,
    RECEIVABLE,
    SIX,
    ZERO,
    Row,
    Source,
    amount_of,
    cents,
    currency_of,
    days_from,
    id_of,
    instant,
    listed,
    number,
    quotient,
    ratio,
    read_term,
    rounded,
    total,
)

STATUS_OF_EVENT = {
    "submitted": "Submitted",
    "accepted": "Accepted",
    "backordered": "Backorder",
    "fulfilled": "Fulfilled",
    "shipped": "Shipped",
    "completed": "Complete",
    "rejected": "Rejected",
    "cancelled": "Cancelled",
    "combined": "Combined",
    "unaccepted": "Submitted",
}


def spread(amount: Decimal, parts: dict[int, Decimal]) -> dict[int, Decimal]:
    """Whole cents in proportion to the parts, largest remainder first, then the smaller id."""
    whole = total(parts.values())
    if not amount or whole <= 0:
        return {}
    shares = {key: divmod(int(amount / CENT) * int(part / SIX), int(whole / SIX)) for key, part in parts.items()}
    left = int(amount / CENT) - sum(quotient for quotient, _ in shares.values())
    first = sorted(shares, key=lambda key: (-shares[key][1], key))[:left]
    return {key: (share + (key in first)) * CENT for key, (share, _) in shares.items()}


def fct_orders(source: Source) -> list[Row]:
    if "orders" not in source.memo:
        source.memo["orders"] = [_order(source, order) for order in source.of("orders_received")]
    return source.memo["orders"]


def _dates(source: Source, order: Row) -> Row:
    order_date = source.day(order["created_on"])
    invoice_date = source.day(order.get("ship_date")) or order_date
    due, days, basis = source.day(order.get("payment_due_date")), read_term(order), "payment_due_date"
    if due is None:
        basis = "none" if days is None else "terms"
        due = invoice_date + timedelta(days=days) if days is not None and invoice_date else None
    if order["status"] not in RECEIVABLE | COMMITTED:
        due = days = basis = None  # type: ignore[assignment]
    return {
        "order_date": order_date,
        "invoice_date": invoice_date,
        "due_date": due,
        "term_days": days,
        "due_basis": basis,
        "days_ago": days_from(order_date, source.as_of),
    }


def _order(source: Source, order: Row) -> Row:
    basis, as_of, status = semantics(source), source.as_of, order["status"]
    every, dates, price = lines(source, order), _dates(source, order), basis["price_basis"]
    own = [line for line in every if line.is_own and not line.is_sample]
    gross = total(line.line_amount(price) for line in own)
    gross_sales, list_sales = cents(gross), cents(total(line.list_amount(price) for line in own))
    off = discount(order, gross, basis["percent_basis"])
    is_booked, is_receivable = status in RECEIVABLE | COMMITTED, status in RECEIVABLE
    is_billed = is_receivable and dates["invoice_date"] <= as_of
    is_counted = is_billed or (status in COMMITTED and dates["order_date"] <= as_of)
    whole, credit = amount_of(order.get("total")) or ZERO, number(order.get("credits")) or ZERO
    netted = basis["credits_basis"] == "netted"
    payments = source.payments_of[order["number"]]
    in_time = [
        payment
        for payment in payments
        if counted(source, order, payment) and (day := paid_on(source, payment)) is not None and day <= as_of
    ]
    paid = total(paid_amount(payment) for payment in in_time)
    last = max((paid_on(source, payment) for payment in in_time), default=None)  # type: ignore[type-var]
    billed = cents(whole - (ZERO if netted else credit))
    ticked_on = order.get("paid_date")  # a date already, in no zone
    tick = date.fromisoformat(ticked_on) if ticked_on else source.day(order.get("modified"))
    is_ticked = bool(order.get("paid")) and not payments and tick is not None and tick <= as_of
    implied = billed if is_ticked else ZERO
    shipping, reps = amount_of(order.get("shipping_charge")) or ZERO, order.get("sales_reps") or []
    everything = cents(total(line.line_amount(price) for line in every if line.is_own))
    charges = cents(tax(order)) + cents(shipping) - (cents(credit) if netted else ZERO)
    record = source.one("customers", (order.get("customer") or {}).get("id"))
    option = (order.get("selected_payment_option") or {}).get("payment_term") or {}
    return {
        "_company": source.company,
        "order_number": order["number"],
        "short_id": order.get("short_id"),
        "status": status,
        "seller_id": order.get("seller"),
        "seller_name": source.name("companies", order.get("seller")),
        **source.customer(order),
        "customer_state": record.get("state") or None,
        **dates,
        "currency": currency_of(order.get("total")),
        "is_sale": is_booked and dates["order_date"] <= as_of and any(not line.is_sample for line in every),
        "is_billed": is_billed,
        "seller_number": order.get("external_id_seller") or order.get("order_seller_number") or order.get("short_id"),
        "buyer_id": order.get("buyer"),
        "classification": order.get("classification") or None,
        "is_booked": is_booked,
        "is_receivable": is_receivable,
        "is_committed": status in COMMITTED,
        "is_combination": bool(order.get("is_combination")),
        "is_manual": bool(order.get("manual")),
        "created_at": instant(order["created_on"]),
        "modified_at": instant(order.get("modified")),
        "ship_date": source.day(order.get("ship_date")),
        "terms": option.get("term") or order.get("payment_term") or None,
        "reps": listed(source.rep_names(order)),
        "rep_count": len({rep["id"] for rep in reps} - {None}),
        "lines": len(own),
        "sample_lines": sum(line.is_own and line.is_sample for line in every),
        "units": total(rounded(line.units, FOUR) for line in own),
        "cases": total(quotient(line.units, line.multiplier, FOUR) for line in own if line.units),
        "list_sales": list_sales,
        "gross_sales": gross_sales,
        "on_sale_sales": cents(total(line.line_amount(price) for line in own if line.is_on_sale)),
        "discount_type": order.get("discount_type") or None,
        "discount_value": rounded(number(order.get("discount")), FOUR),
        "discount": off,
        "net_sales": gross_sales - off,
        "discount_rate": ratio(off, gross_sales),
        "realization": ratio(gross_sales - off, list_sales),
        "sample_amount": cents(total(line.line_amount(price) for line in every if line.is_own and line.is_sample)),
        "tax": cents(tax(order)),
        "shipping": cents(shipping),
        "total": cents(whole),
        "total_gap": cents(whole) - (everything - off + charges),
        "credits": cents(credit),
        "paid": paid,
        "last_payment_date": last,
        "reported_balance": rounded(number(order.get("payment_balance"))),
        "is_llf_financed": bool(order.get("llf_payment_method")),
        "billed": billed if is_counted else None,
        "implied_paid": implied if is_counted else None,
        "open_balance": billed - paid - implied if is_counted else None,
        "settled_date": (tick if is_ticked else last) if is_counted else None,
        "as_of": as_of,
    }


def fct_order_lines(source: Source) -> list[Row]:
    price, found = semantics(source)["price_basis"], []
    for row in fct_orders(source):
        order = source.order_of[row["order_number"]]
        every = lines(source, order)
        amounts = {line.id: line.line_amount(price) for line in every if line.is_own and not line.is_sample}
        parts = spread(row["discount"], {key: amount for key, amount in amounts.items() if amount is not None})
        columns = "_company order_number short_id status seller_id customer_id customer_name customer_state order_date "
        columns += "invoice_date days_ago is_booked as_of"
        for line in every:
            amount, part = line.line_amount(price), parts.get(line.id, ZERO)
            found.append(
                {name: row[name] for name in columns.split()}
                | source.product(id_of(line.raw.get("product")))
                | {
                    "line_id": line.id,
                    "currency": line.currency,
                    "units": rounded(line.units, FOUR),
                    "unit_multiplier": line.multiplier,
                    "cases": quotient(line.units, line.multiplier, FOUR) if line.units is not None else None,
                    "case_price": rounded(line.price, SIX),
                    "list_case_price": rounded(line.list_price, SIX),
                    "list_basis": line.list_basis,
                    "line_amount": amount,
                    "list_amount": line.list_amount(price),
                    "discount": part,
                    "net_amount": None if amount is None else amount - part,
                    "is_sample": line.is_sample,
                    "is_on_sale": line.is_on_sale,
                    "is_sale": row["is_booked"] and row["order_date"] <= source.as_of and not line.is_sample,
                    "is_shipped_sale": row["is_billed"] and not line.is_sample,
                }
            )
    return found


def fct_payments(source: Source) -> list[Row]:
    by_number, found = {row["order_number"]: row for row in fct_orders(source)}, []
    names = ["short_id", "status", "seller_id", "customer_id", "customer_name", "invoice_date", "due_date"]
    for payment in source.of("order_payments"):
        row = by_number.get(payment["order"])
        order = source.order_of.get(payment["order"], {})
        day, recorded, amount = paid_on(source, payment), source.day(payment.get("created_on")), payment.get("total")
        receivable = row is not None and row["is_receivable"]
        in_time = day is not None and day <= source.as_of
        shared = {name: row[name] if row else None for name in names}
        found.append(
            {"_company": source.company, "order_number": payment["order"], "as_of": source.as_of}
            | shared
            | {
                "payment_id": payment["id"],
                "currency": currency_of(amount) or currency_of(order.get("total")),
                "amount": paid_amount(payment),
                "payment_type": payment.get("payment_type") or None,
                "reason": payment.get("reason") or None,
                "payment_date": day,
                "recorded_date": recorded,
                "days_to_record": days_from(day, recorded),
                "days_ago": days_from(day, source.as_of),
                "is_reversal": (paid_amount(payment) or ZERO) < 0,
                "is_counted": bool(row and row["is_billed"] and counted(source, order, payment) and in_time),
                "days_to_pay": days_from(shared["invoice_date"], day) if receivable else None,
                "days_beyond_terms": days_from(shared["due_date"], day) if receivable else None,
                "recorded_by": payment.get("recorded_by"),
                "recorder_name": payment.get("recorder_name")
                or source.name("company_staff", payment.get("recorded_by"), "display_name"),
            }
        )
    return found


def fct_order_events(source: Source) -> list[Row]:
    by_order: dict[Any, list[tuple[Any, Any, Row]]] = defaultdict(list)
    for event in source.of("order_event_logs"):
        at = instant(event.get("timestamp") or event.get("created_on"))
        by_order[event.get("order")].append((at, event["id"], event))
    found = []
    for number_, events in by_order.items():
        order, previous = source.order_of.get(number_, {}), None
        for place, (at, key, event) in enumerate(sorted(events, key=lambda each: each[:2]), start=1):
            hours = ratio(int((at - previous).total_seconds()), 3600) if previous else None
            previous = at
            found.append(
                {"_company": source.company, "event_id": key, "order_number": number_, **source.customer(order)}
                | {
                    "short_id": order.get("short_id"),
                    "seller_id": order.get("seller"),
                    "event_type": event.get("event_type") or None,
                    "status_after": STATUS_OF_EVENT.get(event.get("event_type") or ""),
                    "event_at": at,
                    "event_date": source.day(at.isoformat()),
                    "place": place,
                    "hours_since_previous": hours,
                    "author": event.get("author_name") or None,
                    "username": event.get("by") or None,
                    "source": event.get("source") or None,
                }
            )
    return found
