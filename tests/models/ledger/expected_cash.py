"""The oracle's expected cash: what customers would pay by when, if they pay as they did."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .facts import fct_orders
from .receivables import CUSTOMER, at, grouped
from .semantics import counted, paid_amount, paid_on
from .source import Row, Source, cents, days_from, month_start, ratio, total

Habit = tuple[int | None, int | None, int | None]


def _habits(source: Source) -> Callable[[Row], Habit]:
    by_customer, by_seller = defaultdict(list), defaultdict(list)
    for row in fct_orders(source):
        if row["is_billed"] and 91 <= (source.as_of - row["invoice_date"]).days <= 455:
            is_settled = row["open_balance"] <= 0 and row["settled_date"] is not None
            days = (row["settled_date"] - row["invoice_date"]).days if is_settled else None
            by_customer[tuple(row[name] for name in CUSTOMER)].append(days)
            by_seller[row["seller_id"], row["currency"]].append(days)

    def habit(row: Row) -> Habit:
        days = by_customer[tuple(row[name] for name in CUSTOMER)]
        if len(days) < 5:
            days = by_seller[row["seller_id"], row["currency"]]
        ordered = sorted(days, key=lambda each: (each is None, each or 0))
        n = len(ordered)
        places = (-(-n // 5), -(-n // 2), -(-4 * n // 5))
        return tuple(ordered[place - 1] if n else None for place in places)  # type: ignore[return-value]

    return habit


def _placed(invoice: date, habit: Habit, origin: date) -> list[date | None]:
    dates = [None if days is None else invoice + timedelta(days=days) for days in habit]
    if dates[2] is None or dates[2] <= origin:
        return [None, None, None]
    return [next(day for day in dates[place:] if day is not None and day > origin) for place in range(3)]


def _week(day: date | None, origin: date) -> int:
    days = days_from(origin, day)
    return (days + 6) // 7 if days is not None and 1 <= days <= 56 else 0


def expected_cash(source: Source) -> list[Row]:
    origins, end = [source.as_of], month_start(source.as_of) - timedelta(days=1)
    for _ in range(6):
        origins.append(end)
        end = month_start(end) - timedelta(days=1)
    found = [row for origin in origins for row in _expected(source, origin)]
    for peers in grouped(found, ("seller_id", "currency")).values():
        told = [row for row in peers if row["received_total"] is not None]
        told = [row for row in told if row["received_total"] or row["high_total"]]
        part = ratio(sum(row["is_inside"] for row in told), len(told))
        for row in peers:
            row["coverage"] = part
    return found


def _expected(source: Source, origin: date) -> list[Row]:
    then = at(source, origin)
    habit, found = _habits(then), []
    billed = grouped((row for row in fct_orders(then) if row["is_billed"]), ("seller_id", "currency"))
    for (seller, currency), orders in billed.items():
        rows = [row for row in orders if row["open_balance"] > 0]
        placed = [(row, _placed(row["invoice_date"], habit(row), origin)) for row in rows]
        for week in range(9):
            week_end = origin + timedelta(days=7 * week)

            def until(kind: int, week: int = week, placed: Any = placed) -> Decimal | None:
                if not week:
                    return None
                weeks = [(row["open_balance"], _week(dates[kind], origin)) for row, dates in placed]
                return total(balance for balance, place in weeks if 1 <= place <= week)

            received = _received(source, rows, origin, week_end) if week and week_end <= source.as_of else None
            low, middle, high = until(2), until(1), until(0)
            found.append(
                {"_company": source.company, "seller_id": seller, "currency": currency, "as_of": source.as_of}
                | {"origin": origin, "week": week, "week_start": week_end - timedelta(days=6), "week_end": week_end}
                | {
                    "due": total(row["open_balance"] for row in rows if _week(row["due_date"], origin) == week),
                    "expected": total(row["open_balance"] for row, dates in placed if _week(dates[1], origin) == week),
                    "expected_total": middle,
                    "low_total": low,
                    "high_total": high,
                    "received_total": received,
                    "is_inside": None if received is None else low <= received <= high,  # type: ignore[operator]
                }
            )
    return found


def _received(source: Source, rows: list[Row], origin: date, end: date) -> Decimal:
    numbers, amounts = {row["order_number"] for row in rows}, []
    for order_number in numbers:
        order = source.order_of[order_number]
        for payment in source.payments_of[order_number]:
            day = paid_on(source, payment)
            if counted(source, order, payment) and day is not None and origin < day <= end:
                amounts.append(paid_amount(payment))
    for row in fct_orders(source):
        if row["order_number"] in numbers and row["implied_paid"] and origin < row["settled_date"] <= end:
            amounts.append(row["implied_paid"])
    return cents(total(amounts))
