"""The oracle's receivables in sum, today and at the end of past days."""

from datetime import date, timedelta
from decimal import Decimal

from .facts import fct_orders
from .receivables import (
    AGES,
    ar_aging,
    at,
    buckets,
    chosen,
    committed,
    customers,
    exposure,
    grouped,
    grouped_payments,
    weighted,
)
from .source import (
    FOUR,
    Row,
    Source,
    cents,
    month_end,
    month_start,
    quotient,
    ratio,
    total,
)


def countback(billed: list[Row], gross: Decimal, as_of: date) -> tuple[Decimal, bool]:
    """Days of sales that are open, walking back by months; and whether the months ended before the balance did."""
    left, days, end = gross, Decimal(0), as_of
    first = min((row["invoice_date"] for row in billed), default=None)
    while left > 0 and first is not None and end >= month_start(first):
        of_month = total(row["billed"] for row in billed if month_start(row["invoice_date"]) == month_start(end))
        if of_month > 0 and left < of_month:
            return quotient(days * of_month + end.day * left, of_month, FOUR), False
        days += end.day
        left -= of_month
        end = month_start(end) - timedelta(days=1)
    return days, left > 0


def ar_summary(source: Source) -> list[Row]:
    names, as_of = ("seller_id", "currency"), source.as_of
    every = [row for row in fct_orders(source) if row["is_billed"]]
    billed, waiting = grouped(every, names), grouped(committed(source), names)
    opened, payments = grouped(ar_aging(source), names), grouped_payments(source, names)
    found = []
    for key in {**billed, **waiting}:
        rows, ages = opened.get(key, []), buckets(opened.get(key, []))
        positive = [row for row in rows if row["open_balance"] > 0]
        stale = [row for row in rows if row["is_stale"]]
        owed = [total(row["open_balance"] for row in each) for each in grouped(positive, ["customer_id"]).values()]
        top10, gross = total(sorted(owed)[-10:]), ages["open_gross"]
        recent = total(row["billed"] for row in billed.get(key, []) if 0 <= (as_of - row["invoice_date"]).days <= 89)
        days, is_truncated = countback(billed.get(key, []), gross, as_of)

        def sales_days(amount: Decimal, recent: Decimal = recent) -> Decimal | None:
            return ratio(amount * 90, recent) if recent > 0 else None

        found.append(
            {"_company": source.company, "as_of": as_of, "seller_id": key[0], "currency": key[1]}
            | {"seller_name": source.name("companies", key[0])}
            | ages
            | weighted(rows)
            | {
                "open_orders": len(rows),
                "customers": customers(positive),
                "committed_exposure": exposure(waiting.get(key, [])),
                "llf_financed": total(row["open_balance"] for row in rows if row["is_llf_financed"]),
                "past_due_share": ratio(ages["past_due"], gross),
                "over_60_share": ratio(ages["over_60"], gross),
                "over_90_share": ratio(ages["over_90"], gross),
                "top10": top10,
                "top10_share": ratio(top10, gross),
                "stale": total(row["open_balance"] for row in stale),
                "stale_orders": len(stale),
                "stale_no_due_date": total(row["open_balance"] for row in stale if row["due_date"] is None),
                "billed_90": recent,
                "payments_30": cents(
                    total(amount for day, amount in payments.get(key, []) if 0 <= (as_of - day).days <= 29)
                ),
                "dso": sales_days(gross),
                "best_possible_dso": sales_days(ages["current"]),
                "days_delinquent": sales_days(gross - ages["current"]),
                "dso_countback": days,
                "is_dso_truncated": is_truncated,
            }
        )
    return found


def ar_daily(source: Source) -> list[Row]:
    """A first load: the row of `as_of` as recorded, and the month ends before as computed."""
    is_recorded = source.as_of == (source.last_day or source.as_of)
    days = {source.as_of} if is_recorded else set()
    invoices = [row["invoice_date"] for row in fct_orders(source) if row["is_billed"]]
    end = month_end(min(invoices, default=source.as_of))
    while end <= source.as_of:
        days.add(end)
        end = month_end(end + timedelta(days=1))
    found = []
    for day in days:
        then = at(source, day)
        opened = grouped(ar_aging(then), ("seller_id", "currency"))
        billed = grouped((row for row in fct_orders(then) if row["is_billed"]), ("seller_id", "currency"))
        recorded = is_recorded and day == source.as_of
        for seller, currency in billed:
            rows = opened.get((seller, currency), [])
            found.append(
                {"_company": source.company, "seller_id": seller, "currency": currency, "day": day}
                | chosen(buckets(rows), AGES, "open_gross unapplied_credit open_net past_due")
                | {
                    "open_orders": len(rows),
                    "customers": customers([row for row in rows if row["open_balance"] > 0]),
                    "run_id": source.run_id if recorded else None,
                    "history_basis": "recorded" if recorded else "computed",
                }
            )
    return found
