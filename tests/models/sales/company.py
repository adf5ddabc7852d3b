"""A company with all that the sales marts read: the rows of further resources, and what loads kept of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, setcontext
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .values import Row, id_of

RESOURCES = [
    *("products", "customers", "brands", "companies", "company_staff", "credits", "activity_entries"),
    *("order_event_logs", "buyer_orders", "inventory_items", "inventory_facilities", "retailer_inventory"),
    *("customer_tiers", "customer_statuses", "license_types", "product_lines", "product_categories"),
]


class Close(NamedTuple):
    """The stock of a product at the close of a day, as loads keep it."""

    product_id: int
    day: date
    quantity: Decimal
    reserved_quantity: Decimal
    available_quantity: Decimal
    is_managed: bool


class ShelfClose(NamedTuple):
    """What a retailer had of an item at the close of a day."""

    retailer_item_id: int
    day: date
    quantity: Decimal


class Version(NamedTuple):
    """A row as it was known from an instant on, up to another one (None: it still is)."""

    row: Row
    since: datetime
    until: datetime | None


@dataclass
class Company:
    """What LeafLink holds for one company, by resource, in the API's shapes: orders have their lines inside.

    `order_versions` and `line_versions` are those that are over.
    """

    orders: list[Row]
    products: list[Row] = field(default_factory=list)
    customers: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    timezone: str = "UTC"
    company: str = "default"
    brands: list[Row] = field(default_factory=list)
    companies: list[Row] = field(default_factory=list)
    company_staff: list[Row] = field(default_factory=list)
    credits: list[Row] = field(default_factory=list)
    activity_entries: list[Row] = field(default_factory=list)
    order_event_logs: list[Row] = field(default_factory=list)
    buyer_orders: list[Row] = field(default_factory=list)
    inventory_items: list[Row] = field(default_factory=list)
    inventory_facilities: list[Row] = field(default_factory=list)
    retailer_inventory: list[Row] = field(default_factory=list)
    customer_tiers: list[Row] = field(default_factory=list)
    customer_statuses: list[Row] = field(default_factory=list)
    license_types: list[Row] = field(default_factory=list)
    product_lines: list[Row] = field(default_factory=list)
    product_categories: list[Row] = field(default_factory=list)
    closes: list[Close] = field(default_factory=list)
    shelf_closes: list[ShelfClose] = field(default_factory=list)
    order_versions: list[Version] = field(default_factory=list)
    line_versions: list[Version] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Wide enough that a quotient which ends is exact, so that rounding it later rounds once.
        setcontext(Context(prec=80, rounding=ROUND_HALF_UP))
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

    def rows(self) -> dict[str, list[Row]]:
        """The rows by resource."""
        return {
            "orders_received": self.orders,
            "line_items": [line for order in self.orders for line in order["line_items"]],
            "order_payments": self.payments,
        } | {name: getattr(self, name) for name in RESOURCES}

    @cached_property
    def _names(self) -> dict[str, dict[Any, str | None]]:
        columns = {
            "brands": "name",
            "companies": "name",
            "company_staff": "display_name",
            "inventory_facilities": "name",
            "customer_tiers": "rank",
            "customer_statuses": "state",
            "license_types": "display_type",
            "product_lines": "name",
            "product_categories": "name",
        }
        return {
            table: {row["id"]: row.get(column) or None for row in getattr(self, table)}
            for table, column in columns.items()
        }

    def name(self, table: str, key: Any) -> str | None:
        """The name of a row of `table`, None where the table does not have it."""
        return self._names[table].get(id_of(key))

    @cached_property
    def customer_words(self) -> dict[int, str]:
        """What orders call the customers."""
        words: dict[int, str] = {}
        for order in self.orders:
            customer = order.get("customer")
            word = self.listed_name(id_of(customer))
            if word is None and isinstance(customer, dict):
                word = customer.get("display_name")
            if word is not None:
                words[id_of(customer)] = max(word, words.get(id_of(customer), ""))
        return words

    def listed_name(self, customer_id: int | None) -> str | None:
        """What the record of a customer calls it, without a look at orders."""
        record = self.customer_by_id.get(customer_id or 0) or {}
        return record.get("nickname") or record.get("name") or None

    def customer(self, customer_id: int | None) -> Row:
        """The shared columns of a customer."""
        record = self.customer_by_id.get(customer_id or 0) or {}
        name = self.listed_name(customer_id) or self.customer_words.get(customer_id or 0)
        return {"customer_id": customer_id, "customer_name": name, "customer_state": record.get("state") or None}

    def brand(self, brand_id: int | None) -> Row:
        """The shared columns of a brand."""
        return {"brand_id": brand_id, "brand_name": self.name("brands", brand_id)}

    def product(self, product_id: int | None) -> Row:
        """The shared columns of a product."""
        record = self.product_by_id.get(product_id or 0) or {}
        return self.brand(record.get("brand")) | {
            "product_id": product_id,
            "product_name": record.get("display_name") or record.get("name") or None,
            "sku": record.get("sku") or None,
            "product_line": self.name("product_lines", record.get("product_line")),
            "category": self.name("product_categories", record.get("category")),
        }

    @cached_property
    def staff_by_username(self) -> dict[str, int]:
        """Who alone has a username."""
        counts = Counter(row.get("username") for row in self.company_staff)
        return {
            row["username"]: row["id"]
            for row in self.company_staff
            if row.get("username") and counts[row["username"]] == 1
        }

    @cached_property
    def word_of_rep(self) -> dict[int, str]:
        """What orders call the staff."""
        words: dict[int, str] = {}
        for order in self.orders:
            for rep in order.get("sales_reps") or []:
                if rep.get("user"):
                    words[rep["id"]] = max(rep["user"], words.get(rep["id"], ""))
        return words

    def rep_name(self, rep_id: int | None) -> str | None:
        return self.name("company_staff", rep_id) or self.word_of_rep.get(rep_id or 0)


def only(row: Row, *names: str) -> Row:
    """The columns of these names."""
    return {name: row[name] for name in names}


def without(row: Row, *names: str) -> Row:
    """All columns but these."""
    return {name: value for name, value in row.items() if name not in names}
