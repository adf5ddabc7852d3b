"""Guessing which column of a report is which of ours, and the mapping to begin with when a guess is not enough."""

import json
import re
from collections.abc import Iterable
from uuid import UUID

from pipeline.reconcile.export import Export
from pipeline.reconcile.mapping import Mapping, Pair
from pipeline.reconcile.mart import Column
from pipeline.reconcile.values import tidy

# The reports and exports that LeafLink makes, and the table that each is compared with unless a mapping names another.
REPORTS: dict[str, str] = {
    "accounts-receivable": "marts.ar_aging",
    "brand-owner-brand-performance": "marts.brand_owner_brand_performance",
    "brand-owner-inventory-overview": "marts.brand_owner_inventory_overview",
    "brand-performance": "marts.brand_performance",
    "customer-value": "marts.customer_value",
    "inventory-overview": "marts.dim_products",
    "ordered-products": "marts.ordered_products",
    "orders-assigned": "marts.orders_assigned",
    "orders-received": "marts.orders_received",
    "orders-report": "marts.orders_report",
    "orders-sent": "marts.orders_sent",
    "products-sold": "marts.product_performance",
    "sales-rep-activity-feed": "marts.sales_rep_activity_feed",
}

# What a header may be called, likeliest first, beside the name of the column itself. LeafLink documents none; those of
# the inventory overview and of products sold were seen on exports.
_NAMES: dict[str, tuple[str, ...]] = {
    "order_number": ("order uuid", "uuid", "number"),
    "short_id": ("order no", "order number", "order", "order id", "invoice no", "invoice number", "invoice"),
    "customer_name": ("customer", "buyer", "buyer name", "retailer", "store", "account", "account name"),
    "supplier_name": ("seller", "seller name", "supplier", "vendor"),
    "status": ("order status",),
    "reps": ("sales reps", "sales rep", "rep", "reps"),
    "rep_name": ("sales rep", "rep"),
    "order_date": ("created", "created on", "date created", "ordered", "order placed", "date"),
    "invoice_date": ("ship date", "shipped date", "shipped", "delivery date"),
    "due_date": ("payment due date", "due", "due on"),
    "days_past_due": ("days overdue", "days late"),
    "total": ("order total", "invoice total", "total amount", "amount"),
    "credits": ("credit", "credit amount"),
    "paid": ("amount paid", "paid amount", "total paid", "payments"),
    "open_balance": ("balance", "balance due", "amount due", "outstanding", "outstanding balance", "amount owed"),
    "reported_balance": ("payment balance",),
    "last_payment_date": ("last payment", "last paid"),
    "product_name": ("product", "name"),
    "brand_name": ("brand",),
    "strain_classification": ("classification",),
    "wholesale_case_price": ("wholesale price",),
    "list_case_price": ("wholesale price",),
    "on_hand": ("inventory units", "shelf inventory", "inventory"),
    "reserved": ("reserved inventory units", "reserved inventory"),
    "available": ("available inventory units", "available inventory"),
    "units": ("amount sold units", "units sold", "quantity"),
    "cases": ("amount sold cases", "cases sold"),
}
# The columns that identify a row, likeliest first; a report has one of them.
_KEYS = (
    ("order_number",),
    ("short_id",),
    ("order_id",),
    ("product_id",),
    ("customer_id",),
    ("brand_id",),
    ("product_name", "brand_name", "product_line"),
    ("product_name", "brand_name"),
)
_NUMBERS_OF_ORDERS = ("order_number", "short_id")


def guess_mapping(mart: str, export: Export, columns: Iterable[str]) -> Mapping:
    """Return the mapping that the headers suggest; its key is empty when none of them looks like one."""
    headers = {_words(header): header for header in reversed(export.headers) if export.column(header) is not None}
    pairs = []
    for column in columns:
        known = [_words(column), *_NAMES.get(column, ())]
        header = next((headers.pop(name) for name in known if name in headers), None)
        if header is not None:
            pairs.append(Pair(header, _by_form(column, export, header)))
    found = {pair.column for pair in pairs}
    key = next((names for names in _KEYS if found.issuperset(names)), ())
    pairs.sort(key=lambda pair: pair.column not in key)
    return Mapping(mart, key, tuple(pairs))


def write_template(export: Export, mapping: Mapping, columns: Iterable[Column], marts: Iterable[str]) -> str:
    """Return a mapping file for this report: what is guessed, and a line to fill in for every other header."""
    guessed = {pair.header: pair.column for pair in mapping.pairs}
    known = mapping.mart or "marts."
    lines = [
        f"# How {export.path.name} compares with the warehouse. Check each line; one that begins with # does nothing.",
        f"mart = {_quote(known)}  # one of {', '.join(marts)}",
        f"key = {json.dumps(list(mapping.key))}  # the columns of ours that identify a row",
        "",
        '[columns]  # "header of the report" = "column of ours"; only these are compared',
    ]
    for header in dict.fromkeys(header for header in export.headers if header):
        lines.append(f'{"" if header in guessed else "# "}{_quote(header)} = "{guessed.get(header, "")}"')
    lines += [
        "# Amounts compare to the cent, dates as days, by the type of our column. To say it yourself (money, number,",
        '# date or text): "Header" = { column = "column", kind = "text" }',
        "",
        "# [only]  # the rows of ours to compare: those of one company, one currency, one month",
        '# _company = "default"',
        '# currency = "USD"',
        "",
    ]
    if mapping.mart:
        lines.append(f"# The columns of {mapping.mart}:")
        lines += [f"#   {column.name}: {column.comment}".rstrip(": ") for column in columns]
    return "\n".join(lines)


def _by_form(column: str, export: Export, header: str) -> str:
    """Return `column`, or the other one of an order's two numbers when the values have its form."""
    if column not in _NUMBERS_OF_ORDERS:
        return column
    position = export.column(header)
    cells = [tidy(line.cells[position]) for line in export.lines if position is not None]
    return "order_number" if any(map(_is_uuid, cells)) else "short_id"


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and bool(UUID(text))
    except ValueError:
        return False


def _words(header: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", header.casefold().replace("#", " no ")))


def _quote(text: str) -> str:
    """Return a TOML string: JSON's, but for one character that TOML wants escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
