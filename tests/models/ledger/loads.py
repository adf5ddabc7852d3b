"""The oracle's marts of what a load changed: two loads of a company, then and now."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from .dimensions import dim_products
from .facts import fct_orders, fct_payments
from .receivables import ar_aging, committed, grouped
from .semantics import semantics
from .source import ZERO, Row, Source, month_start, total
from .totals import ar_summary


def _state(row: Row | None) -> Row:
    """What an order adds to the figures: nothing where it is absent."""
    if row is None:
        names = ["total", "credits", "sales", "net_sales", "paid", "ticked", "open"]
        return dict.fromkeys(names, ZERO) | {"status": None, "is_billed": False}
    return {
        "status": row["status"],
        "is_billed": row["is_billed"],
        "total": row["total"] or ZERO,
        "credits": row["credits"],
        "sales": row["net_sales"],
        "net_sales": row["net_sales"] if row["is_sale"] else ZERO,
        "paid": row["paid"],
        "ticked": row["implied_paid"] or ZERO,
        "open": row["open_balance"] if row["is_billed"] else ZERO,
    }


def _kind(was: Row | None, now: Row | None) -> str | None:
    before, after = _state(was), _state(now)
    if was is None or now is None:
        return "new" if was is None else "deleted"
    kinds = {"status": ["status"], "edited": ["total", "credits", "sales"], "paid": ["paid", "ticked"]}
    kinds["dated"] = ["net_sales", "open"]
    return next((kind for kind, names in kinds.items() if any(before[name] != after[name] for name in names)), None)


def _pairs(then: Source, now: Source) -> list[tuple[Row, Row | None, Row | None]]:
    """Each order with its row then and now; one that moved to another seller or currency is two."""
    key = ("order_number", "seller_id", "currency")
    before, after = grouped(fct_orders(then), key), grouped(fct_orders(now), key)
    found = []
    for place in {**before, **after}:
        was, row = before.get(place, [None])[0], after.get(place, [None])[0]
        found.append((row or was or {}, was, row))
    return found


def order_changes(then: Source, now: Source) -> list[Row]:
    found = []
    for shown, was, row in _pairs(then, now):
        kind, before, after = _kind(was, row), _state(was), _state(row)
        if kind is not None:
            names = "_company order_number short_id seller_id customer_id customer_name currency"
            found.append(
                {name: shown[name] for name in names.split()}
                | {"run_id": now.run_id, "previous_run_id": then.run_id, "kind": kind}
                | {f"{name}_before": before[name] for name in ("status", "total", "net_sales", "open")}
                | {f"{name}_after": after[name] for name in ("status", "total", "net_sales", "open")}
                | {"paid_before": before["paid"] + before["ticked"], "paid_after": after["paid"] + after["ticked"]}
            )
    return found


def ar_roll_forward(then: Source, now: Source) -> list[Row]:
    netted = semantics(now)["credits_basis"] == "netted", semantics(then)["credits_basis"] == "netted"
    sums: dict[tuple[Any, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for shown, was, row in _pairs(then, now):
        before, after = _state(was), _state(row)
        if not before["is_billed"] and not after["is_billed"]:
            continue
        step = sums[shown["seller_id"], shown["currency"]]
        step["opening"] += before["open"]
        step["closing"] += after["open"]
        if not after["is_billed"]:
            step["removed"] -= before["open"]
            continue
        is_new = not before["is_billed"]
        step["new_billed" if is_new else "edits"] += after["total"] - (ZERO if is_new else before["total"])
        credit = ZERO if netted[0] else after["credits"]
        step["credits"] -= credit - (ZERO if is_new or netted[1] else before["credits"])
        step["payments"] -= after["paid"] - (ZERO if is_new else before["paid"])
        step["ticked"] -= after["ticked"] - (ZERO if is_new else before["ticked"])
    columns = ["opening", "new_billed", "removed", "edits", "credits", "payments", "ticked", "closing"]
    return [
        {"_company": now.company, "seller_id": seller, "currency": currency}
        | {"run_id": now.run_id, "previous_run_id": then.run_id, "from_date": then.as_of, "to_date": now.as_of}
        | {name: step[name] for name in columns}
        for (seller, currency), step in sums.items()
    ]


def _headlines(source: Source) -> dict[tuple[Any, ...], Decimal]:
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)

    def add(seller: Any, headline: str, currency: Any, amount: Decimal | int | None, item: Any = None) -> None:
        found[seller, headline, "total", currency] += amount or 0
        if item is not None:
            found[seller, headline, str(item), currency] += amount or 0

    for row in ar_summary(source):  # who billed or committed anything has both totals, be they nothing
        add(row["seller_id"], "open_net", row["currency"], ZERO)
        add(row["seller_id"], "committed_exposure", row["currency"], ZERO)
    for row in ar_aging(source):
        add(row["seller_id"], "open_net", row["currency"], row["open_balance"], row["bucket"])
    orders = {row["order_number"]: row for row in fct_orders(source)}
    for row in orders.values():
        if row["is_sale"]:
            month = month_start(row["order_date"])
            add(row["seller_id"], "net_sales", row["currency"], row["net_sales"], month)
            add(row["seller_id"], "orders", row["currency"], 1, month)
    for row in committed(source):
        add(row["seller_id"], "committed_exposure", row["currency"], row["open_balance"])
    for row in fct_payments(source):
        if row["is_counted"]:
            currency = orders[row["order_number"]]["currency"]
            add(row["seller_id"], "payments", currency, row["amount"], month_start(row["payment_date"]))
    for row in dim_products(source):
        add(row["seller_id"], "on_hand", None, total([row["on_hand"]]))
        add(row["seller_id"], "products", None, 1)
    for row in source.of("customers"):
        add(row.get("owner"), "customers", None, 1)
    return found


def changes(then: Source, now: Source) -> list[Row]:
    before, after = _headlines(then), _headlines(now)
    return [
        {"_company": now.company, "seller_id": key[0], "headline": key[1], "item": key[2], "currency": key[3]}
        | {"run_id": now.run_id, "previous_run_id": then.run_id}
        | {"before": before[key], "after": after[key], "change": after[key] - before[key]}
        for key in {**before, **after}
        if key[2] == "total" or before[key] != after[key]
    ]
