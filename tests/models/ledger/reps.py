"""The oracle's receivables and sales by sales rep."""

from decimal import Decimal

from .facts import fct_orders
from .receivables import (
    AGES,
    ar_aging,
    buckets,
    chosen,
    customers,
    grouped,
    oldest,
)
from .source import (
    CENT,
    ZERO,
    Row,
    Source,
    ratio,
)


def shares(amount: Decimal | None, reps: list[int]) -> dict[int | None, Decimal | None]:
    """Equal whole cents, rounded down; the cents left over go to the smallest ids."""
    if amount is None or not reps:
        return dict.fromkeys(reps or [None], amount)
    each, left = divmod(int(amount / CENT), len(reps))
    return {rep: (each + (place < left)) * CENT for place, rep in enumerate(sorted(reps))}


def reps_of(source: Source, order_number: str) -> list[int]:
    reps = source.order_of[order_number].get("sales_reps") or []
    return sorted({rep["id"] for rep in reps if rep.get("id") is not None})


def ar_by_rep(source: Source) -> list[Row]:
    rows = []
    for row in ar_aging(source):
        for rep, share in shares(row["open_balance"], reps_of(source, row["order_number"])).items():
            name = source.rep_name(rep, source.order_of[row["order_number"]])
            rows.append(row | {"rep_id": rep, "rep_name": name, "share": share})
    found = []
    for (seller, rep, currency), each in grouped(rows, ("seller_id", "rep_id", "currency")).items():
        ages = buckets(each, "share")
        found.append(
            {"_company": source.company, "as_of": source.as_of, "seller_id": seller, "rep_id": rep}
            | {"currency": currency, "rep_name": max(filter(None, (row["rep_name"] for row in each)), default=None)}
            | chosen(ages, AGES, "open_gross unapplied_credit open_net past_due over_60")
            | {
                "orders": len(each),
                "customers": customers([row for row in each if row["open_balance"] > 0]),
                "past_due_share": ratio(ages["past_due"], ages["open_gross"]),
                "oldest_due_date": oldest(each),
            }
        )
    return found


def orders_assigned(source: Source) -> list[Row]:
    names = "_company order_number short_id status seller_id customer_id customer_name customer_state order_date "
    names += "days_ago is_sale is_billed currency rep_count net_sales as_of"
    found = []
    for row in fct_orders(source):
        reps, order = reps_of(source, row["order_number"]), source.order_of[row["order_number"]]
        net, opened = shares(row["net_sales"], reps), shares(row["open_balance"] if row["is_billed"] else ZERO, reps)
        found += [
            chosen(row, names)
            | {"rep_id": rep, "rep_name": source.rep_name(rep, order), "net_share": net[rep], "open_share": opened[rep]}
            for rep in net
        ]
    return found
