"""The oracle's list of those to be called about what they owe."""

from .receivables import (
    CUSTOMER,
    ar_aging,
    buckets,
    chosen,
    committed,
    exposure,
    grouped,
    grouped_payments,
    names_of_customers,
    oldest,
    payment_days,
    settled,
)
from .source import (
    Row,
    Source,
    amount_of,
    cents,
    currency_of,
    listed,
    total,
)


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
        newest = [amount for day, amount in payments.get(key, []) if day == last and amount is not None]
        ages, record = buckets(every), records.get(customer, {})
        reps = [name for row in rows for name in source.rep_names(source.order_of[row["order_number"]])]
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
                "last_payment": total(newest) if newest else None,
                "average_days_to_pay": payment_days(done.get(key, []))["average_days_to_pay"],
                "order_reps": listed(reps),
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
