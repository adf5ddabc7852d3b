"""The oracle's receivables."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from .facts import fct_orders, fct_payments
from .semantics import counted, paid_amount, paid_on, semantics
from .source import (
    ZERO,
    Row,
    Source,
    days_from,
    ratio,
    total,
)

BUCKETS = ["current", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120", "no_due_date"]
CUSTOMER = ("seller_id", "customer_id", "currency")


def at(source: Source, as_of: date) -> Source:
    """The same rows on another date."""
    if as_of == source.as_of:
        return source
    key = ("at", as_of)
    if key not in source.memo:
        source.memo[key] = replace(source, as_of=as_of, memo={"semantics": semantics(source)})
    return source.memo[key]


def grouped(rows: Iterable[Row], names: Iterable[str]) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in names)].append(row)
    return found


def bucket_of(balance: Decimal, days: int | None) -> str:
    if balance < 0:
        return "unapplied_credit"
    if days is None:
        return "no_due_date"
    limits = ((0, "current"), (30, "1_30"), (60, "31_60"), (90, "61_90"), (120, "91_120"))
    return next((name for limit, name in limits if days <= limit), "over_120")


def ar_aging(source: Source) -> list[Row]:
    if "aging" not in source.memo:
        rows = [row for row in fct_orders(source) if row["is_billed"] and row["open_balance"] != 0]
        source.memo["aging"] = [_aging(source, row) for row in rows]
    return source.memo["aging"]


def _aging(source: Source, row: Row) -> Row:
    names = "_company order_number short_id status seller_id customer_id customer_name customer_state currency "
    names += "invoice_date due_date due_basis total credits paid implied_paid open_balance reported_balance "
    names += "last_payment_date is_llf_financed reps as_of"
    order, as_of = source.order_of[row["order_number"]], source.as_of
    days, balance, reported = days_from(row["due_date"], as_of), row["open_balance"], row["reported_balance"]
    delinquent = source.one("customers", row["customer_id"]).get("delinquent")
    if delinquent is None:
        delinquent = (order.get("customer") or {}).get("delinquent")
    later = [
        payment
        for payment in source.payments_of[row["order_number"]]
        if counted(source, order, payment) and (day := paid_on(source, payment)) is not None and day > as_of
    ]
    modified = source.day(order.get("modified"))
    open_days = days_from(row["invoice_date"], as_of) or 0
    return {name: row[name] for name in names.split()} | {
        "is_delinquent": bool(delinquent),
        "days_past_due": days,
        "days_open": open_days,
        "bucket": bucket_of(balance, days),
        "is_stale": balance > 0 and row["last_payment_date"] is None and open_days > 180,
        "credits_basis": semantics(source)["credits_basis"],
        "balance_gap": None if reported is None else balance - reported,
        "payments_after_as_of": total(paid_amount(payment) for payment in later),
        "history_basis": "unchanged" if modified is not None and modified <= as_of else "changed_since",
    }


def buckets(rows: list[Row], measure: str = "open_balance") -> Row:
    """The shared columns of ages; `measure` holds the part of the balance that counts."""
    row: Row = dict.fromkeys([*BUCKETS, "unapplied_credit"], ZERO)
    for each in rows:
        name = each["bucket"] if each["bucket"] in row else f"days_{each['bucket']}"
        row[name] += each[measure]
    late = [row[name] for name in BUCKETS[1:6]]
    return row | {
        "open_gross": total(row[name] for name in BUCKETS),
        "open_net": total(each[measure] for each in rows),
        "past_due": total(late),
        "over_60": total(late[2:]),
        "over_90": total(late[3:]),
    }


def chosen(row: Row, *names: str) -> Row:
    return {name: row[name] for name in " ".join(names).split()}


AGES = " ".join(BUCKETS)


def committed(source: Source) -> list[Row]:
    return [row for row in fct_orders(source) if row["is_committed"] and row["open_balance"] is not None]


def weighted(rows: list[Row]) -> Row:
    dated = [row for row in rows if row["open_balance"] > 0 and row["due_date"] is not None]
    days = total(row["open_balance"] * row["days_past_due"] for row in dated)
    due = total(row["open_balance"] for row in dated)
    return {
        "weighted_average_days_past_due": ratio(days, due),
        "balance_days_past_due": days,
        "balance_with_due_date": due,
    }


def oldest(rows: list[Row]) -> date | None:
    return min((row["due_date"] for row in rows if row["open_balance"] > 0 and row["due_date"]), default=None)


def settled(source: Source) -> list[Row]:
    return [row for row in fct_orders(source) if row["is_billed"] and row["open_balance"] <= 0 and row["settled_date"]]


def payment_days(rows: list[Row]) -> Row:
    days = sum((row["settled_date"] - row["invoice_date"]).days for row in rows)
    return {"average_days_to_pay": ratio(days, len(rows)), "settled_days": days, "settled_orders": len(rows)}


def names_of_customers(source: Source) -> dict[tuple[Any, ...], str | None]:
    """The last name in text order on the billed and committed orders of each customer."""
    standing = grouped((row for row in fct_orders(source) if row["open_balance"] is not None), CUSTOMER)
    at = CUSTOMER.index("customer_id")
    return {
        key: max((row["customer_name"] for row in rows if row["customer_name"] and key[at] is not None), default=None)
        for key, rows in standing.items()
    }


def exposure(rows: list[Row]) -> Decimal:
    return total(row["open_balance"] for row in rows)


def ar_aging_by_customer(source: Source) -> list[Row]:
    opened, waiting = grouped(ar_aging(source), CUSTOMER), grouped(committed(source), CUSTOMER)
    done, names = grouped(settled(source), CUSTOMER), names_of_customers(source)
    found = []
    for key in {**opened, **waiting}:
        rows = opened.get(key, [])
        found.append(
            {"_company": source.company, "as_of": source.as_of, **dict(zip(CUSTOMER, key, strict=True))}
            | {"customer_name": names[key]}
            | chosen(buckets(rows), AGES, "unapplied_credit open_net open_gross past_due")
            | {"open_orders": len(rows), "committed_exposure": exposure(waiting.get(key, []))}
            | {"stale": total(row["open_balance"] for row in rows if row["is_stale"]), "oldest_due_date": oldest(rows)}
            | weighted(rows)
            | payment_days(done.get(key, []))
        )
    return found


def grouped_payments(source: Source, names: Iterable[str]) -> dict[tuple[Any, ...], list[tuple[date, Decimal | None]]]:
    """Date and amount of the counted payments of billed orders."""
    orders = {row["order_number"]: row for row in fct_orders(source)}
    found: dict[tuple[Any, ...], list[tuple[date, Decimal | None]]] = defaultdict(list)
    for payment in fct_payments(source):
        if payment["is_counted"]:
            order = orders[payment["order_number"]]
            found[tuple(order[name] for name in names)].append((payment["payment_date"], payment["amount"]))
    return found


def customers(rows: list[Row]) -> int:
    return len({row["customer_id"] for row in rows} - {None})
