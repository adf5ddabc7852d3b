"""The oracle's receivables."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .oracle_discounts import credits_are_netted
from .oracle_rows import COMMITTED, RECEIVABLE, Row, Rows, id_of, money, number, ratio, rounded

AT_ONCE = {"cod", "cashondelivery", "paymentondelivery", "prepay", "prepaid", "prepayment"}


def term_days(order: Row) -> int | None:
    term = (order.get("selected_payment_option") or {}).get("payment_term") or {}
    if term.get("days") is not None and 0 <= term["days"] <= 9999:
        return int(term["days"])
    for text in (term.get("code"), term.get("term"), order.get("payment_term")):
        plain = re.sub(r"[ .\-_]", "", (text or "").lower())
        if net := re.fullmatch(r"net(\d{1,4})(days?)?", plain):
            return int(net[1])
        if plain in AT_ONCE:
            return 0
    return None


def balance(rows: Rows, order: Row, as_of: date, netted: bool) -> Row:
    """What an order owes as of a date, with the dates and sums that say why."""
    total, currency = money(order.get("total"))
    credit = number(order.get("credits")) or Decimal(0)
    owed = (total or Decimal(0)) - (Decimal(0) if netted else credit)
    paid = later = Decimal(0)
    last = None
    all_payments = rows.payments_by_order[order["number"]]
    for payment in all_payments:
        amount, paid_in = money(payment.get("total"))
        day = rows.day(payment.get("payment_date") or payment.get("created_on"))
        if day is None or (paid_in is not None and paid_in != currency):
            continue
        if day <= as_of:
            paid, last = paid + (amount or 0), max(last or day, day)
        else:
            later += amount or 0
    ticked = order.get("paid_date")
    ticked_day = date.fromisoformat(ticked) if ticked else rows.day(order.get("modified"))
    implied = bool(order.get("paid")) and not all_payments and ticked_day is not None and ticked_day <= as_of
    implied_paid = owed if implied else Decimal(0)
    invoice = rows.day(order.get("ship_date") or order["created_on"])
    due, days = rows.day(order.get("payment_due_date")), term_days(order)
    basis = "payment_due_date" if due else "terms" if days is not None else "none"
    if due is None and days is not None:
        due = invoice + timedelta(days=days)
    return {
        "order": order,
        "seller_id": order.get("seller"),
        "customer_id": id_of(order.get("customer")),
        "currency": currency,
        "total": rounded(total or Decimal(0)),
        "credits": rounded(credit),
        "invoice_date": invoice,
        "due_date": due,
        "due_basis": basis,
        "paid": rounded(paid),
        "implied_paid": rounded(implied_paid),
        "payments_after_as_of": rounded(later),
        "last_payment_date": last,
        "settled_date": ticked_day if implied else last,
        "open_balance": rounded(owed - paid - implied_paid),
    }


def bucket_of(open_balance: Decimal, days: int | None) -> str:
    if open_balance < 0:
        return "unapplied_credit"
    if days is None:
        return "no_due_date"
    if days <= 0:
        return "current"
    for limit, name in ((30, "1_30"), (60, "31_60"), (90, "61_90"), (120, "91_120")):
        if days <= limit:
            return name
    return "over_120"


def customer_name(rows: Rows, customer: Any) -> str | None:
    record = rows.customer_by_id.get(id_of(customer))
    from_record = (record.get("nickname") or record.get("name")) if record else None
    return from_record or (customer.get("display_name") if isinstance(customer, Mapping) else None)


def billed(rows: Rows, as_of: date, statuses: set[str]) -> list[Row]:
    netted = credits_are_netted(rows)
    found = []
    for order in rows.orders:
        if order["status"] in statuses:
            row = balance(rows, order, as_of, netted)
            day = row["invoice_date"] if statuses is RECEIVABLE else rows.day(order["created_on"])
            if day <= as_of:
                found.append(row)
    return found


def ar_aging(rows: Rows, as_of: date) -> list[Row]:
    """One row per open order."""
    netted = credits_are_netted(rows)
    found = []
    for row in billed(rows, as_of, RECEIVABLE):
        order = row.pop("order")
        row.pop("settled_date")
        if row["open_balance"] == 0:
            continue
        days = (as_of - row["due_date"]).days if row["due_date"] else None
        reported = number(order.get("payment_balance"))
        customer = order.get("customer")
        record = rows.customer_by_id.get(row["customer_id"]) or {}
        delinquent = record.get("delinquent")
        if delinquent is None and isinstance(customer, Mapping):
            delinquent = customer.get("delinquent")
        modified = rows.day(order.get("modified"))
        found.append(
            row
            | {
                "_company": rows.company,
                "order_number": order["number"],
                "short_id": order.get("short_id"),
                "customer_name": customer_name(rows, customer),
                "status": order["status"],
                "days_past_due": days,
                "credits_basis": "netted" if netted else "not_netted",
                "bucket": bucket_of(row["open_balance"], days),
                "reported_balance": None if reported is None else rounded(reported),
                "balance_gap": None if reported is None else row["open_balance"] - rounded(reported),
                "is_llf_financed": bool(order.get("llf_payment_method")),
                "is_delinquent": bool(delinquent),
                "history_basis": "unchanged" if modified is not None and modified <= as_of else "changed_since",
                "as_of": as_of,
            }
        )
    return found


COLUMN_OF_BUCKET = {
    "current": "current",
    "1_30": "days_1_30",
    "31_60": "days_31_60",
    "61_90": "days_61_90",
    "91_120": "days_91_120",
    "over_120": "days_over_120",
    "no_due_date": "no_due_date",
    "unapplied_credit": "unapplied_credit",
}


def ar_aging_by_customer(rows: Rows, as_of: date) -> list[Row]:
    """One row per seller, customer and currency with something open or committed."""

    def grain(row: Row) -> tuple[Any, ...]:
        return row["seller_id"], row["customer_id"], row["currency"]

    opened, committed, settled = (defaultdict(list) for _ in range(3))
    for row in ar_aging(rows, as_of):
        opened[grain(row)].append(row)
    for row in billed(rows, as_of, COMMITTED):
        committed[grain(row)].append(row)
    for row in billed(rows, as_of, RECEIVABLE):
        if row["open_balance"] <= 0 and row["settled_date"] is not None:
            settled[grain(row)].append((row["settled_date"] - row["invoice_date"]).days)
    return [
        _customer_row(rows, as_of, key, opened[key], committed[key], settled[key]) for key in {**opened, **committed}
    ]


def _customer_row(
    rows: Rows, as_of: date, key: tuple[Any, ...], opened: list[Row], committed: list[Row], settled: list[int]
) -> Row:
    sums = dict.fromkeys(COLUMN_OF_BUCKET.values(), Decimal(0))
    for row in opened:
        sums[COLUMN_OF_BUCKET[row["bucket"]]] += row["open_balance"]
    dated = [row for row in opened if row["open_balance"] > 0 and row["due_date"] is not None]
    weight = sum((row["open_balance"] for row in dated), Decimal(0))
    weighted = sum((row["open_balance"] * row["days_past_due"] for row in dated), Decimal(0))
    return sums | {
        "_company": rows.company,
        "seller_id": key[0],
        "customer_id": key[1],
        "currency": key[2],
        "customer_name": _name(rows, key[1], opened, committed),
        "open_orders": len(opened),
        "open_net": sum((row["open_balance"] for row in opened), Decimal(0)),
        "committed_exposure": sum((row["open_balance"] for row in committed), Decimal(0)),
        "weighted_average_days_past_due": ratio(weighted, weight),
        "balance_days_past_due": weighted,
        "balance_with_due_date": weight,
        "average_days_to_pay": ratio(sum(settled), len(settled)),
        "settled_days": sum(settled),
        "settled_orders": len(settled),
        "oldest_due_date": min((row["due_date"] for row in dated), default=None),
        "as_of": as_of,
    }


def _name(rows: Rows, customer_id: int | None, opened: list[Row], committed: list[Row]) -> str | None:
    in_record = customer_name(rows, customer_id)
    in_orders = (row["customer_name"] for row in opened)
    in_commitments = (customer_name(rows, row["order"].get("customer")) for row in committed)
    return in_record or max(filter(None, in_orders), default=None) or max(filter(None, in_commitments), default=None)
