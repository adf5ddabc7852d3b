"""What the oracle reads: rows as the API sends them, and the values in them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

Row = dict[str, Any]
ZERO, CENT, SIX, FOUR = Decimal(0), Decimal("0.01"), Decimal("0.000001"), Decimal("0.0001")
RECEIVABLE, COMMITTED = {"Shipped", "Complete"}, {"Accepted", "Backorder", "Fulfilled"}
AT_ONCE = {"cod", "cashondelivery", "paymentondelivery", "prepay", "prepaid", "prepayment"}


def number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def amount_of(money: Any) -> Decimal | None:
    return number(money["amount"]) if money else None


def currency_of(money: Any) -> str | None:
    return (money or {}).get("currency") or None


def id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


def rounded(value: Decimal | None, unit: Decimal = CENT) -> Decimal | None:
    return None if value is None else value.quantize(unit, ROUND_HALF_UP, Context(prec=80))


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP, Context(prec=80))


def quotient(numerator: Decimal, denominator: Decimal | int, unit: Decimal) -> Decimal:
    with localcontext(Context(prec=80)):
        return (numerator / denominator).quantize(unit, ROUND_HALF_UP)


def ratio(numerator: Decimal | int | None, denominator: Decimal | int | None) -> Decimal | None:
    if numerator is None or not denominator:
        return None
    return quotient(Decimal(numerator), denominator, FOUR)


def listed(values: Iterable[str | None]) -> str | None:
    return "; ".join(sorted({value for value in values if value})) or None


def total(values: Iterable[Decimal | None]) -> Decimal:
    return sum((value for value in values if value is not None), ZERO)


def days_from(start: date | None, end: date | None) -> int | None:
    return None if start is None or end is None else (end - start).days


def month_start(day: date) -> date:
    return day.replace(day=1)


def month_end(day: date) -> date:
    return month_start(month_start(day) + timedelta(days=32)) - timedelta(days=1)


def instant(text: str | None) -> datetime | None:
    if not text:
        return None
    return datetime.fromisoformat(text + "T12:00:00+00:00" if len(text) == 10 else text).astimezone(UTC)


def read_term(order: Row) -> int | None:
    term = (order.get("selected_payment_option") or {}).get("payment_term") or {}
    if term.get("days") is not None and 0 <= term["days"] <= 9999:  # else it is no term
        return int(term["days"])
    for text in (term.get("code"), term.get("term"), order.get("payment_term")):
        plain = re.sub(r"[ .\-_]", "", (text or "").lower())
        net = re.fullmatch(r"net(\d{1,4})(days?)?", plain)
        if net or plain in AT_ONCE:
            return int(net[1]) if net else 0
    return None


@dataclass
class Source:
    """What LeafLink holds for one company: rows in the API's shapes by resource, and the date to calculate for."""

    rows: dict[str, list[Row]]
    as_of: date
    timezone: str = "UTC"
    company: str = "default"
    run_id: str = "run"
    last_day: date | None = None
    memo: dict[Any, Any] = field(default_factory=dict)

    def of(self, resource: str) -> list[Row]:
        return self.rows.get(resource, [])

    def day(self, text: str | None) -> date | None:
        at = instant(text)
        return None if at is None else at.astimezone(ZoneInfo(self.timezone)).date()

    @cached_property
    def by_id(self) -> dict[str, dict[Any, Row]]:
        return {name: {row.get("id"): row for row in rows} for name, rows in self.rows.items()}

    def one(self, resource: str, key: Any) -> Row:
        return self.by_id.get(resource, {}).get(id_of(key), {})

    def name(self, resource: str, key: Any, column: str = "name") -> str | None:
        return self.one(resource, key).get(column) or None

    @cached_property
    def words(self) -> dict[Any, str]:
        """What orders call customers: the largest of their words."""
        found: dict[Any, str] = {}
        for order in self.of("orders_received"):
            customer = order.get("customer") or {}
            if word := customer.get("display_name"):
                found[customer["id"]] = max(word, found.get(customer["id"], ""))
        return found

    def customer_name(self, customer_id: int | None) -> str | None:
        record = self.one("customers", customer_id)
        return record.get("nickname") or record.get("name") or self.words.get(customer_id)

    def rep_name(self, rep_id: int | None, order: Row) -> str | None:
        """What the staff list calls a rep of an order, else the order: the largest of its words."""
        words = [rep["user"] for rep in order.get("sales_reps") or [] if rep.get("id") == rep_id and rep.get("user")]
        return self.name("company_staff", rep_id, "display_name") or max(words, default=None)

    def customer(self, order: Row) -> Row:
        customer = order.get("customer") or {}
        record = self.one("customers", customer.get("id")) if customer else {}
        name = record.get("nickname") or record.get("name") or customer.get("display_name") or None
        return {"customer_id": customer.get("id"), "customer_name": name}

    def product(self, product_id: int | None) -> Row:
        record = self.one("products", product_id) if product_id is not None else {}
        return {
            "product_id": product_id,
            "product_name": record.get("display_name") or record.get("name") or None,
            "sku": record.get("sku") or None,
            "brand_id": record.get("brand"),
            "brand_name": self.name("brands", record.get("brand")),
            "product_line": self.name("product_lines", record.get("product_line")),
            "category": self.name("product_categories", record.get("category")),
        }

    def rep_names(self, order: Row) -> set[str | None]:
        return {self.rep_name(rep["id"], order) for rep in order.get("sales_reps") or []}

    @cached_property
    def order_of(self) -> dict[str, Row]:
        return {order["number"]: order for order in self.of("orders_received")}

    @cached_property
    def payments_of(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for payment in self.of("order_payments"):
            found[payment["order"]].append(payment)
        return found

    @cached_property
    def lines_of(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for line in self.of("line_items"):
            found[line["order"]].append(line)
        return found
