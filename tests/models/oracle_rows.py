"""What LeafLink holds, as the API gives it, with its lines priced: the ground of the oracle."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, setcontext
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

# Wide enough that a quotient which ends is exact, so that rounding it later rounds once.
WIDE = Context(prec=80, rounding=ROUND_HALF_UP)
CENT, MICRO, RATIO = Decimal("0.01"), Decimal("0.000001"), Decimal("0.0001")
BOOKED = {"Accepted", "Backorder", "Fulfilled", "Shipped", "Complete"}
RECEIVABLE = {"Shipped", "Complete"}
COMMITTED = {"Accepted", "Backorder", "Fulfilled"}
Row = dict[str, Any]


@dataclass
class Rows:
    """What LeafLink holds for one company. `inventory` has (product id, day, quantity, is_managed) per daily close."""

    orders: list[Row]
    products: list[Row] = field(default_factory=list)
    customers: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    lines: list[Row] | None = None
    timezone: str = "UTC"
    company: str = "default"
    inventory: list[tuple[int, date, Decimal | None, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        setcontext(WIDE.copy())
        self.zone = ZoneInfo(self.timezone)

    def day(self, text: str | None) -> date | None:
        """The local date of an instant; a date alone stands for its noon in UTC."""
        if text is None:
            return None
        if len(text) == 10:
            text += "T12:00:00Z"
        return datetime.fromisoformat(text).astimezone(self.zone).date()

    @cached_property
    def customer_by_id(self) -> dict[int, Row]:
        return {each["id"]: each for each in self.customers}

    @cached_property
    def product_by_id(self) -> dict[int, Row]:
        return {each["id"]: each for each in self.products}

    @cached_property
    def payments_by_order(self) -> dict[str, list[Row]]:
        found = defaultdict(list)
        for payment in self.payments:
            found[payment["order"]].append(payment)
        return found

    @cached_property
    def lines_by_order(self) -> dict[str, list[Row]]:
        found = defaultdict(list)
        lines = self.lines
        if lines is None:
            lines = [line for order in self.orders for line in order.get("line_items") or []]
        currency_of = {order["number"]: money(order.get("total"))[1] for order in self.orders}
        for line in lines:
            if line["order"] in currency_of:
                found[line["order"]].append(priced(line, currency_of[line["order"]]))
        return found


def number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def money(value: Any) -> tuple[Decimal | None, str | None]:
    if isinstance(value, Mapping):
        return number(value.get("amount")), value.get("currency")
    return number(value), None


def id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value


def rounded(value: Decimal, unit: Decimal = CENT) -> Decimal:
    return value.quantize(unit, rounding=ROUND_HALF_UP)


def ratio(numerator: Decimal | int, denominator: Decimal | int) -> Decimal | None:
    return rounded(Decimal(numerator) / Decimal(denominator), RATIO) if denominator else None


def priced(line: Row, order_currency: str | None) -> Row:
    """The line with its amount (six decimals), its cases, and what the sums need."""
    sale, sale_currency = money(line.get("sale_price"))
    ordered, ordered_currency = money(line.get("ordered_unit_price"))
    is_on_sale = sale is not None and sale > 0
    price, currency = (sale, sale_currency) if is_on_sale else (ordered, ordered_currency)
    quantity, multiplier = number(line.get("quantity")), int(line.get("unit_multiplier") or 1)
    whole = price is not None and quantity is not None
    return {
        "id": line["id"],
        "product": int(id_of(line["product"])) if line.get("product") is not None else None,
        "currency": currency or order_currency,
        "is_sample": bool(line.get("is_sample")),
        "is_on_sale": is_on_sale,
        "quantity": quantity,
        "cases": rounded(quantity / multiplier, MICRO) if quantity is not None else None,
        "amount": rounded(price * quantity / multiplier, MICRO) if whole else None,
    }
