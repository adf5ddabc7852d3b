"""The oracle's marts of single orders, credits and deeds."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from .company import Company, Version, only
from .facts import ZERO, grouped, orders_of
from .values import RATIO, Row, id_of, money, number, ratio, rounded

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


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def order_lifecycle(company: Company) -> list[Row]:
    """When an order got where, by its log."""
    logged = grouped(company.order_event_logs, lambda event: event.get("order"))
    return [_lifecycle(company, order, logged[order["number"]]) for order in company.orders]


def _lifecycle(company: Company, order: Row, events: list[Row]) -> Row:
    timed = sorted((_event_at(event), event["id"], event["event_type"]) for event in events)
    first: dict[str, datetime] = {}
    for at, _, kind in timed:
        first.setdefault(kind, at)
    created = datetime.fromisoformat(order["created_on"])
    statuses = [STATUS_OF_EVENT[kind] for _, _, kind in timed if kind in STATUS_OF_EVENT]
    kinds = [kind for _, _, kind in timed]
    return {
        "_company": company.company,
        "order_number": order["number"],
        "short_id": order.get("short_id"),
        "status": order["status"],
        "seller_id": order.get("seller"),
        "order_date": company.day(order["created_on"]),
        "created_at": created,
        "submitted_at": first.get("submitted"),
        "accepted_at": first.get("accepted"),
        "fulfilled_at": first.get("fulfilled"),
        "shipped_at": first.get("shipped"),
        "completed_at": first.get("completed"),
        "rejected_at": first.get("rejected"),
        "cancelled_at": first.get("cancelled"),
        "hours_to_accept": _hours(first.get("submitted", created), first.get("accepted")),
        "hours_to_ship": _hours(first.get("accepted"), first.get("shipped")),
        "hours_to_complete": _hours(first.get("shipped"), first.get("completed")),
        "events": len(timed),
        "edits": sum(kind.endswith("edited") for kind in kinds),  # the reps and the shipping too
        "unaccepts": kinds.count("unaccepted"),
        "last_logged_status": statuses[-1] if statuses else None,
    } | only(company.customer(id_of(order.get("customer"))), "customer_id", "customer_name")


def _event_at(event: Row) -> datetime:
    return datetime.fromisoformat(event.get("timestamp") or event["created_on"])


def _hours(start: datetime | None, end: datetime | None) -> Decimal | None:
    if start is None or end is None or end < start:
        return None
    return ratio((end - start) // timedelta(seconds=1), 3600)


def fill_rate(company: Company, as_of: date) -> list[Row]:
    """A billed order that was seen before it was fulfilled: its lines then against its lines now."""
    found = []
    for order in orders_of(company, as_of):
        seen = [
            version.since
            for version in company.order_versions
            if version.row["number"] == order.number and version.row["status"] in ("Submitted", "Accepted", "Backorder")
        ]
        if not order.is_billed or not seen:
            continue
        first = {
            version.row["id"]: rounded(number(version.row.get("quantity")) or ZERO, RATIO)
            for version in company.line_versions
            if version.row["order"] == order.number and _was_so(version, min(seen)) and not version.row["is_sample"]
        }
        now = {line.id: line.units for line in order.lines if not line.is_sample}
        full = sum(now[key] >= quantity for key, quantity in first.items() if key in now)
        first_units = sum(first.values(), ZERO)
        filled = sum((min(first[key], now[key]) for key in first.keys() & now.keys()), ZERO)
        found.append(
            {
                "_company": company.company,
                "order_number": order.number,
                "short_id": order.short_id,
                "seller_id": order.seller_id,
                "invoice_date": order.invoice_date,
                "first_seen_at": min(seen),
                "first_units": first_units,
                "filled_units": filled,
                "unit_fill_rate": ratio(filled, first_units),
                "first_lines": len(first),
                "full_lines": full,
                "line_fill_rate": ratio(full, len(first)),
                "removed_lines": len(first.keys() - now.keys()),
                "added_lines": len(now.keys() - first.keys()),
                "is_full": full == len(first),
            }
            | only(company.customer(order.customer_id), "customer_id", "customer_name")
        )
    return found


def _was_so(version: Version, instant: datetime) -> bool:
    return version.since <= instant and (version.until is None or instant < version.until)


def credits_and_returns(company: Company, as_of: date) -> list[Row]:
    """A credit that is not archived."""
    return [_credit(company, credit, as_of) for credit in company.credits if not credit.get("archived")]


def _credit(company: Company, credit: Row, as_of: date) -> Row:
    amount, currency = money(credit.get("amount"))
    day, reason = company.day(credit.get("credit_date")), credit.get("reason") or None
    customer = credit.get("customer") or {}
    name = company.listed_name(customer.get("id")) or customer.get("display_name") or None
    group = "other"
    if reason is not None and "return" in reason.lower():
        group = "return"
    elif reason is not None and reason.lower().startswith("promo_"):
        group = "promo"
    return (
        {
            "_company": company.company,
            "credit_id": credit["id"],
            "seller_id": credit.get("company"),
            "order_number": credit.get("order") or None,
            "currency": currency,
            "credit_date": day,
            "days_ago": None if day is None else (as_of - day).days,
            "amount": None if amount is None else rounded(amount),
            "status": credit.get("status") or None,
            "reason": reason,
            "reason_group": group,
            "applied_to": credit.get("applied_to") or None,
            "as_of": as_of,
        }
        | {"customer_id": customer.get("id"), "customer_name": name}
        | company.brand(credit.get("brand"))
    )


def orders_sent(company: Company, as_of: date) -> list[Row]:
    """An order placed as a buyer."""
    return [_sent(company, order, as_of) for order in company.buyer_orders]


def _sent(company: Company, order: Row, as_of: date) -> Row:
    buyer, supplier = order.get("buyer") or {}, order.get("seller") or {}
    amounts = {
        column: None if order.get(name) is None else rounded(Decimal(order[name]))
        for column, name in {
            "subtotal": "subtotal",
            "discount": "discount",
            "shipping": "shipping_charge",
            "tax": "tax",
            "total": "total",
        }.items()
    }
    gap = None
    if amounts["total"] is not None and amounts["subtotal"] is not None:
        charges = (amounts["shipping"] or ZERO) + (amounts["tax"] or ZERO) - (amounts["discount"] or ZERO)
        gap = amounts["total"] - amounts["subtotal"] - charges
    order_date = company.day(order.get("created_on"))
    return {
        "_company": company.company,
        "order_id": order["id"],
        "short_id": order.get("short_id") or None,
        "status": order.get("status") or None,
        "order_date": order_date,
        "due_date": company.day(order.get("payment_due_date")),
        "days_ago": None if order_date is None else (as_of - order_date).days,
        "currency": order.get("currency") or None,
        "buyer_id": buyer.get("id"),
        "buyer_name": buyer.get("name") or None,
        "supplier_id": supplier.get("id"),
        "supplier_name": supplier.get("name") or None,
        "ship_date": company.day(order.get("ship_date")),
        "delivered_date": company.day(order.get("delivered_date")),
        "is_delivered": bool(order.get("is_delivered")),
        "terms": order.get("payment_term") or None,
        "lines": len(order.get("line_items") or []),
        **amounts,
        "total_gap": gap,
        "as_of": as_of,
    }


def sales_rep_activity_feed(company: Company) -> list[Row]:
    """What staff did: log entries, activities, payments."""
    orders = {order["number"]: order for order in company.orders}
    found = []
    for event in company.order_event_logs:
        staff = company.staff_by_username.get(event.get("by") or "")
        found.append(
            _deed(company, "event", event["id"], event.get("timestamp") or event.get("created_on"))
            | _of_order(company, orders.get(event.get("order") or ""), event.get("order"))
            | _staff(company, staff, event.get("author_name"))
            | {"activity": event.get("event_type") or None, "text": event.get("description") or None}
        )
    for entry in company.activity_entries:
        if not entry.get("delete"):
            found.append(
                _deed(company, "activity", entry["id"], entry.get("date") or entry.get("created_on"))
                | {"customer_id": entry.get("customer"), "customer_name": company.listed_name(entry.get("customer"))}
                | _staff(company, entry.get("author"), None)
                | {"activity": entry.get("type") or None, "text": entry.get("entry") or None}
            )
    for payment in company.payments:
        order = orders.get(payment["order"])
        amount, currency = money(payment.get("total"))
        currency = currency or (money(order.get("total"))[1] if order else None)
        found.append(
            _deed(company, "payment", payment["id"], payment.get("created_on"))
            | _of_order(company, order, payment["order"])
            | _staff(company, payment.get("recorded_by"), payment.get("recorder_name"))
            | {"activity": payment.get("payment_type") or None, "text": payment.get("reason") or None}
            | {"amount": None if amount is None else rounded(amount), "currency": currency}
        )
    return found


def _deed(company: Company, source: str, key: int, happened: str | None) -> Row:
    if happened is not None and len(happened) == 10:
        happened += "T12:00:00+00:00"
    return {
        "_company": company.company,
        "source": source,
        "source_id": key,
        "happened_at": _instant(happened),
        "happened_date": company.day(happened),
        "customer_id": None,
        "customer_name": None,
        "order_number": None,
        "short_id": None,
        "amount": None,
        "currency": None,
    }


def _of_order(company: Company, order: Row | None, number: str | None) -> Row:
    customer = company.customer(id_of((order or {}).get("customer")))
    return only(customer, "customer_id", "customer_name") | {
        "order_number": number,
        "short_id": (order or {}).get("short_id"),
    }


def _staff(company: Company, staff: int | None, written: str | None) -> Row:
    return {"staff_id": staff, "staff_name": company.name("company_staff", staff) or written or None}
