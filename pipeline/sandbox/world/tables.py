"""The resources that the sandbox serves, each declared once: its path, key, columns, order and filters.

A table keeps each row as the JSON text that is served, beside the few columns that rows are found and sorted by;
every other filter looks into the JSON. A further resource is one more `Table` in `TABLES`.
"""

from typing import Any

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.forms import microseconds, scaled
from pipeline.sandbox.store.table import TIME_FILTERS, TIMES, Column, Row, Table, moment, plain, text_filters
from pipeline.sandbox.world.catalog import CATALOG_TABLES
from pipeline.sandbox.world.companies import COMPANY_TABLES
from pipeline.sandbox.world.order_records import ORDER_RECORD_TABLES
from pipeline.sandbox.world.purchases import BUYER_ORDERS
from pipeline.sandbox.world.relations import RELATION_TABLES
from pipeline.sandbox.world.shelves import RETAILER_INVENTORY
from pipeline.sandbox.world.slugs import seller_slug
from pipeline.sandbox.world.stock import STOCK_TABLES


def _customer_of(row: Row) -> Any:
    customer = row["customer"]
    return customer["id"] if isinstance(customer, dict) else customer


_SELLER = filters.field("seller")
_OF_ORDERS = "order_number IN (SELECT key FROM orders_received WHERE {})"
_OF_CUSTOMERS = "customer_id IN (SELECT key FROM customers WHERE {})"

ORDERS = Table(
    path="orders-received/",
    key="number",
    key_type="TEXT",
    columns={
        **TIMES,
        "status": plain("status", "TEXT"),
        "paid": plain("paid"),
        "customer_id": Column("INTEGER", _customer_of),
        "shipped": Column("INTEGER", lambda row: microseconds(row["ship_date"])),
        "external_id": plain("external_id_seller", "TEXT"),
        "balance": Column("INTEGER", lambda row: scaled(row["payment_balance"], 2)),
    },
    order_by="created_on DESC, key ASC",
    filters={
        **TIME_FILTERS,
        "number": filters.equals("key"),
        "order_id": lambda text: filters.Condition("(key = ? OR external_id = ?)", (text, text)),
        "external_id_seller": filters.equals("external_id"),
        "external_id_seller__icontains": filters.contains("external_id"),
        "status": filters.words("status"),
        "status__not": filters.words("status", negated=True),
        "paid": filters.is_true("paid"),
        "brand": filters.is_number(filters.field("brand")),
        "brand__in": filters.one_of_numbers(filters.field("brand")),
        "buyer": filters.is_number(filters.field("buyer")),
        "customer": filters.through(
            _OF_CUSTOMERS,
            lambda text: filters.Condition(
                f"{filters.field('name')} = ? OR {filters.field('nickname')} = ?", (text, text)
            ),
        ),
        "sales_rep": filters.through(
            "EXISTS (SELECT 1 FROM json_each(body, '$.sales_reps') WHERE {})",
            filters.is_number("CASE type WHEN 'object' THEN value ->> '$.id' ELSE value END"),
        ),
        "classification": filters.words(filters.field("classification")),
        "user": filters.equals(filters.text_field("user")),
        "manual": filters.is_true(filters.field("manual")),
        "seller__slug__iexact": seller_slug(_SELLER),
        "company_slug": seller_slug(_SELLER),
        "service_zone": filters.through(_OF_CUSTOMERS, filters.is_number(filters.field("service_zone"))),
    },
    nested={"line-items": ("line_items", "order_number"), "payments": ("order_payments", "order_number")},
    includes=frozenset({"line_items", "customer", "sales_reps"}),
    indexes=("created_on DESC, key", "modified", "status, paid, balance, key", "external_id"),
)

LINE_ITEMS = Table(
    path="line-items/",
    columns={
        "order_number": plain("order", "TEXT"),
        "product_id": plain("product"),
        "units_e4": Column("INTEGER", lambda row: scaled(row["quantity"], 4)),
    },
    filters={
        "id": filters.is_number("key"),
        "order": filters.through(
            _OF_ORDERS,
            lambda text: _either(filters.one_of("key")(text), filters.one_of("external_id")(text)),
        ),
        "product_id": filters.is_number("product_id"),
        "product__name": filters.through(
            "product_id IN (SELECT key FROM products WHERE {})", filters.equals(filters.text_field("name"))
        ),
        "is_sample": filters.is_true(filters.field("is_sample")),
        **filters.instants("order__created_on", _OF_ORDERS.format("created_on {}")),
        **filters.instants("order__modified", _OF_ORDERS.format("modified {}")),
        **filters.instants("order__ship_date", _OF_ORDERS.format("shipped {}")),
        "order__customers": filters.through(_OF_ORDERS, filters.one_of_numbers("customer_id")),
        "company_slug": filters.through(_OF_ORDERS, seller_slug(_SELLER)),
    },
    indexes=("key", "order_number, product_id, units_e4"),
)

ORDER_PAYMENTS = Table(
    path="order-payments/",
    columns={
        "order_number": plain("order", "TEXT"),
        "cents": Column("INTEGER", lambda row: scaled(row["total"], 2)),
    },
    filters={},
    indexes=("key, cents, order_number", "order_number, cents"),
)

PRODUCTS = Table(
    path="products/",
    columns={**TIMES, "last_edit": moment("last_edit")},
    filters={
        **TIME_FILTERS,
        **filters.instants("last_edit", "last_edit {}"),
        "id": filters.is_number("key"),
        "sku": filters.equals(filters.text_field("sku")),
        "name": filters.equals(filters.text_field("name")),
        "display_name": filters.equals(filters.text_field("display_name")),
        "search": filters.contains(filters.field("name")),
        "brand": filters.is_number(filters.field("brand")),
        "company": filters.is_number(_SELLER),
        "company_slug": seller_slug(_SELLER),
        "product_line": filters.is_number(filters.field("product_line")),
        "category": filters.is_number(filters.field("category")),
        "sub_category": filters.is_number(filters.field("sub_category")),
        "parent": filters.is_number(filters.field("parent.id")),
        "parent__isnull": filters.is_true(f"{filters.field('parent')} IS NULL"),
        "has_children": filters.is_true(f"{filters.field('children_count')} > 0"),
        "license": filters.is_number(filters.field("license.id")),
        "listing_state": filters.words(filters.field("listing_state")),
        "archived": filters.is_true(f"{filters.field('listing_state')} = 'Archived'"),
        "seller_internal_id": filters.equals(filters.text_field("seller_internal_id")),
    },
)


_CUSTOMER_TEXTS = (
    "nickname", "phone", "dba", "external_id", "ein", "old_license_number", "brand", "address",
    "business_license_name", "name", "business_identifier", "license_number", "ext_acct_id", "email", "website",
)  # fmt: skip
_CUSTOMER_NUMBERS = ("owner", "partner", "tier", "price_schedule", "service_zone", "license_type", "status")

CUSTOMERS = Table(
    path="customers/",
    columns=TIMES,
    filters={
        **TIME_FILTERS,
        **text_filters(_CUSTOMER_TEXTS),
        **{name: filters.is_number(filters.field(name)) for name in _CUSTOMER_NUMBERS},
        **filters.numbers("discount_percent", filters.field("discount_percent")),
        "id": filters.is_number("key"),
        "id__in": filters.one_of_numbers("key"),
        "state": filters.equals(filters.text_field("state")),
        "owner__slug": seller_slug(filters.field("owner")),
        "company_slug": seller_slug(filters.field("owner")),
        "license_inactive": filters.is_true(filters.field("license_inactive")),
        "leaflink_source": filters.is_true(filters.field("leaflink_source")),
        "archived": filters.is_true(filters.field("archived")),
        "is_archived": filters.is_true(filters.field("archived")),
        "delinquent": filters.is_true(filters.field("delinquent")),
    },
)


def _either(first: filters.Condition, second: filters.Condition) -> filters.Condition:
    return filters.Condition(f"{first.sql} OR {second.sql}", first.values + second.values)


TABLES = {
    table.name: table
    for table in (
        ORDERS,
        LINE_ITEMS,
        CUSTOMERS,
        PRODUCTS,
        ORDER_PAYMENTS,
        *CATALOG_TABLES,
        *ORDER_RECORD_TABLES,
        *STOCK_TABLES,
        *COMPANY_TABLES,
        *RELATION_TABLES,
        BUYER_ORDERS,
        RETAILER_INVENTORY,
    )
}
