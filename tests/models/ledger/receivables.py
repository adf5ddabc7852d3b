"""The oracle's receivables."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .facts import fct_orders, fct_payments
from .semantics import counted, paid_amount, paid_on, semantics
from .source import (
    CENT,
    FOUR,
    ZERO,
    Row,
    Source,
    amount_of,
    cents,
    currency_of,
    days_from,
    listed,
    quotient,
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


def _priority(rows: list[Row]) -> int:
    days = [row["days_past_due"] for row in rows if not row["is_stale"] and row["days_past_due"] is not None]
    if not days:
        return 6
    return next((place for place, limit in enumerate((90, 60, 30, 0), start=1) if max(days) > limit), 5)


def collections(source: Source, dim_customers: list[Row]) -> list[Row]:
    opened, waiting = grouped(ar_aging(source), CUSTOMER), grouped(committed(source), CUSTOMER)
    done, records = grouped(settled(source), CUSTOMER), {row["customer_id"]: row for row in dim_customers}
    payments, names_by_key = grouped_payments(source, CUSTOMER), names_of_customers(source)
    found = []
    for key, every in opened.items():
        rows = [row for row in every if row["open_balance"] > 0]
        if not rows:
            continue
        seller, customer, currency = key
        worst = min(
            rows,
            key=lambda row: (
                row["days_past_due"] is None,
                -(row["days_past_due"] or 0),
                -row["open_balance"],
                row["order_number"],
            ),
        )
        active = [
            amount_of(credit.get("amount"))
            for credit in source.of("credits")
            if not credit.get("archived") and credit.get("status") == "active"
            if (credit.get("company"), (credit.get("customer") or {}).get("id")) == (seller, customer)
            if currency_of(credit.get("amount")) == currency
        ]
        last = max((day for day, _ in payments.get(key, [])), default=None)
        ages, record = buckets(every), records.get(customer, {})
        reps = [rep for row in rows for rep in source.order_of[row["order_number"]].get("sales_reps") or []]
        texts = [f"{row['due_date'] or 'no date'} {row['short_id']} {row['open_balance']:.2f}" for row in rows]
        names = "phone email contact_name contact_phone contact_email contacts managers next_contact_date "
        names += "is_license_inactive is_delinquent customer_state"
        found.append(
            {"_company": source.company, "as_of": source.as_of, **dict(zip(CUSTOMER, key, strict=True))}
            | {"customer_name": names_by_key[key]}
            | {name: record.get(name) for name in names.split()}
            | chosen(ages, "past_due over_60 over_90 no_due_date unapplied_credit")
            | {
                "priority": _priority(rows),
                "owed": ages["open_gross"],
                "stale": total(row["open_balance"] for row in rows if row["is_stale"]),
                "open_credits": cents(total(active)),
                "committed_exposure": exposure(waiting.get(key, [])),
                "orders": len(rows),
                "orders_past_due": sum((row["days_past_due"] or 0) > 0 for row in rows),
                "oldest_due_date": oldest(rows),
                "order_list": listed(texts),
                "worst_order_number": worst["order_number"],
                "worst_short_id": worst["short_id"],
                "worst_days": worst["days_past_due"],
                "worst_balance": worst["open_balance"],
                "last_payment_date": last,
                "last_payment": cents(total(amount for day, amount in payments.get(key, []) if day == last))
                if last
                else None,
                "average_days_to_pay": payment_days(done.get(key, []))["average_days_to_pay"],
                "order_reps": listed(source.rep_name(rep["id"]) for rep in reps if rep.get("id") is not None),
            }
        )
    for peers in grouped(found, ("seller_id", "currency")).values():
        peers.sort(
            key=lambda row: (
                row["priority"],
                -row["past_due"],
                -row["owed"],
                row["customer_id"] is None,
                row["customer_id"] or 0,
            )
        )
        for place, row in enumerate(peers, start=1):
            row["place"] = place
    return found


def grouped_payments(source: Source, names: Iterable[str]) -> dict[tuple[Any, ...], list[tuple[date, Decimal]]]:
    """Date and amount of the counted payments of billed orders."""
    orders = {row["order_number"]: row for row in fct_orders(source)}
    found: dict[tuple[Any, ...], list[tuple[date, Decimal]]] = defaultdict(list)
    for payment in fct_payments(source):
        if payment["is_counted"]:
            order = orders[payment["order_number"]]
            found[tuple(order[name] for name in names)].append((payment["payment_date"], payment["amount"] or ZERO))
    return found


def month_start(day: date) -> date:
    return day.replace(day=1)


def month_end(day: date) -> date:
    return month_start(month_start(day) + timedelta(days=32)) - timedelta(days=1)


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


def customers(rows: list[Row]) -> int:
    return len({row["customer_id"] for row in rows} - {None})


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
            rows.append(row | {"rep_id": rep, "share": share})
    found = []
    for (seller, rep, currency), each in grouped(rows, ("seller_id", "rep_id", "currency")).items():
        ages = buckets(each, "share")
        found.append(
            {"_company": source.company, "as_of": source.as_of, "seller_id": seller, "rep_id": rep}
            | {"currency": currency, "rep_name": source.rep_name(rep)}
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
        reps = reps_of(source, row["order_number"])
        net, opened = shares(row["net_sales"], reps), shares(row["open_balance"] if row["is_billed"] else ZERO, reps)
        found += [
            chosen(row, names)
            | {"rep_id": rep, "rep_name": source.rep_name(rep), "net_share": net[rep], "open_share": opened[rep]}
            for rep in net
        ]
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
