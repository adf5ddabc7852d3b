"""The facts that the sales marts add up: orders with their dates, sums and balances, and their lines."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from ..ledger import facts
from ..ledger.source import Source
from .company import Company
from .values import CENT, RATIO, Row, rounded

ZERO = Decimal(0)
_T = TypeVar("_T")
_Key = TypeVar("_Key", bound=Hashable)


@dataclass
class Order:
    """An order, as far as the marts add it up as of a date."""

    number: str
    short_id: str | None
    seller_id: int | None
    customer_id: int | None
    buyer_id: int | None
    currency: str | None
    created_at: datetime
    order_date: date
    invoice_date: date
    due_date: date | None
    reps: list[int]
    is_booked: bool
    is_billed: bool
    net_sales: Decimal  # of the lines in its own currency
    open_balance: Decimal
    settled_date: date | None
    lines: list["Line"] = field(default_factory=list)

    @property
    def is_sale(self) -> bool:
        return any(line.is_sale for line in self.lines)


@dataclass
class Line:
    """A line with its amounts; one without a price or a quantity amounts to nothing."""

    id: int
    order: Order
    product_id: int | None
    brand_id: int | None
    currency: str | None
    units: Decimal
    cases: Decimal
    amount: Decimal
    list_amount: Decimal
    discount: Decimal
    is_sample: bool
    is_on_sale: bool
    is_sale: bool  # not a sample, booked, ordered up to the date
    is_given: bool  # a sample, booked, ordered up to the date
    is_shipped_sale: bool


def orders_of(company: Company, as_of: date) -> list[Order]:
    """Every order with its lines, as of a date."""
    source = Source(company.rows(), as_of, company.timezone, company.company)
    reps = {row["number"]: sorted({rep["id"] for rep in row.get("sales_reps") or []}) for row in company.orders}
    orders = {row["order_number"]: _order(row, reps[row["order_number"]]) for row in facts.fct_orders(source)}
    for row in facts.fct_order_lines(source):
        order = orders[row["order_number"]]
        order.lines.append(_line(order, row, as_of))
    return list(orders.values())


def _order(row: Row, reps: list[int]) -> Order:
    is_billed = row["is_billed"]
    return Order(
        number=row["order_number"],
        short_id=row["short_id"],
        seller_id=row["seller_id"],
        customer_id=row["customer_id"],
        buyer_id=row["buyer_id"],
        currency=row["currency"],
        created_at=row["created_at"],
        order_date=row["order_date"],
        invoice_date=row["invoice_date"],
        due_date=row["due_date"],
        reps=reps,
        is_booked=row["is_booked"],
        is_billed=is_billed,
        net_sales=row["net_sales"],
        open_balance=row["open_balance"] if is_billed else ZERO,
        settled_date=row["settled_date"] if is_billed and row["open_balance"] <= 0 else None,
    )


def _line(order: Order, row: Row, as_of: date) -> Line:
    is_in_time = order.is_booked and order.order_date <= as_of
    return Line(
        id=row["line_id"],
        order=order,
        product_id=row["product_id"],
        brand_id=row["brand_id"],
        currency=row["currency"],
        units=row["units"] or ZERO,
        cases=row["cases"] or ZERO,
        amount=row["line_amount"] or ZERO,
        list_amount=row["list_amount"] or ZERO,
        discount=row["discount"],
        is_sample=row["is_sample"],
        is_on_sale=row["is_on_sale"],
        is_sale=row["is_sale"],
        is_given=is_in_time and row["is_sample"],
        is_shipped_sale=row["is_shipped_sale"],
    )


def lines_of(orders: Iterable[Order]) -> list[Line]:
    return [line for order in orders for line in order.lines]


def grouped(items: Iterable[_T], key: Callable[[_T], _Key]) -> dict[_Key, list[_T]]:
    found: dict[_Key, list[_T]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found


def gross(lines: Iterable[Line]) -> Decimal:
    return rounded(sum((line.amount for line in lines), ZERO))


def discount(lines: Iterable[Line]) -> Decimal:
    return rounded(sum((line.discount for line in lines), ZERO))


def net(lines: Iterable[Line]) -> Decimal:
    """Net sales where the row also shows gross sales and discounts, each rounded."""
    lines = list(lines)
    return gross(lines) - discount(lines)


def net_alone(lines: Iterable[Line]) -> Decimal:
    """Net sales where the row shows neither: rounded once, which may differ by a cent where their signs differ."""
    return rounded(sum((line.amount - line.discount for line in lines), ZERO))


def units(lines: Iterable[Line]) -> Decimal:
    return rounded(sum((line.units for line in lines), ZERO), RATIO)


def cases(lines: Iterable[Line]) -> Decimal:
    return rounded(sum((line.cases for line in lines), ZERO), RATIO)


def doors(lines: Iterable[Line]) -> set[int]:
    return {line.order.customer_id for line in lines if line.order.customer_id is not None}


def shares(amount: Decimal, parts: int) -> list[Decimal]:
    """The amount in so many whole cents, equal but for the cents left over, which the first ones get."""
    each, left = divmod(int(amount / CENT), parts)
    return [(each + (place < left)) * CENT for place in range(parts)]


def month_of(day: date) -> date:
    return day.replace(day=1)


def month_end(month: date) -> date:
    return month_of(month + timedelta(days=32)) - timedelta(days=1)


def days_between(start: date, end: date) -> int:
    return (end - start).days


def is_recent(day: date, as_of: date, first: int, last: int) -> bool:
    """Whether the day lies `first` to `last` days before `as_of`."""
    return first <= (as_of - day).days <= last


def lower_median(values: Iterable[int]) -> int:
    ordered = sorted(values)
    return ordered[(len(ordered) + 1) // 2 - 1]


def median_gap(days: set[date]) -> int | None:
    """The median of the days between consecutive order days; None below three of them."""
    ordered = sorted(days)
    if len(ordered) < 3:
        return None
    return lower_median((after - before).days for before, after in itertools.pairwise(ordered))


def band(last: date | None, as_of: date) -> str:
    if last is None:
        return "never"
    days = (as_of - last).days
    return "active" if days <= 30 else "31_60" if days <= 60 else "61_90" if days <= 90 else "over_90"


def rhythm(days: set[date], as_of: date) -> Row:
    """The columns of first, last and next order."""
    gap, last = median_gap(days), max(days, default=None)
    following = last + timedelta(days=gap) if last is not None and gap is not None else None
    return {
        "first_order_date": min(days, default=None),
        "last_order_date": last,
        "days_since_order": None if last is None else (as_of - last).days,
        "order_days": len(days),
        "median_gap_days": gap,
        "next_order_date": following,
        "days_until_next": None if following is None else (following - as_of).days,
        "band": band(last, as_of),
    }


def rank(value: Any, peers: Iterable[Any]) -> int:
    """The place among `peers`, the smallest first; equals share a place."""
    return 1 + sum(peer < value for peer in peers)
