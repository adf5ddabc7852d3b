"""Guessing which column of a report is which of ours, and the mapping to begin with when a guess is not enough."""

import json
import re
from collections.abc import Iterable
from uuid import UUID

from pipeline.reconcile.export import Export
from pipeline.reconcile.mapping import Mapping, Pair
from pipeline.reconcile.mart import Column
from pipeline.reconcile.values import tidy

# The reports that LeafLink makes, and the table that each is compared with unless a mapping names another one.
REPORTS: dict[str, str | None] = {
    "accounts-receivable": "marts.ar_aging",
    "brand-owner-brand-performance": None,
    "brand-owner-inventory-overview": None,
    "brand-performance": None,
    "customer-value": None,
    "ordered-products": None,
    "orders-assigned": None,
    "orders-received": None,
    "orders-report": None,
    "orders-sent": None,
    "sales-rep-activity-feed": None,
}

# What a header may be called, likeliest first, beside the name of the column itself. LeafLink documents no headers.
_NAMES: dict[str, tuple[str, ...]] = {
    "order_number": ("order uuid", "uuid", "number"),
    "short_id": ("order no", "order number", "order", "order id", "invoice no", "invoice number", "invoice"),
    "customer_name": ("customer", "buyer", "buyer name", "retailer", "store", "account", "account name"),
    "status": ("order status",),
    "invoice_date": ("ship date", "shipped date", "shipped", "delivery date"),
    "due_date": ("payment due date", "due", "due on"),
    "days_past_due": ("days overdue", "days late"),
    "total": ("order total", "invoice total", "total amount", "amount"),
    "credits": ("credit", "credit amount"),
    "paid": ("amount paid", "paid amount", "total paid", "payments"),
    "open_balance": ("balance", "balance due", "amount due", "outstanding", "outstanding balance", "amount owed"),
    "reported_balance": ("payment balance",),
    "last_payment_date": ("last payment", "last paid"),
}
_KEYS = ("order_number", "short_id")


def guess_mapping(mart: str, export: Export, columns: Iterable[str]) -> Mapping:
    """Return the mapping that the headers suggest; its key is empty when none of them looks like one."""
    headers = {_words(header): header for header in reversed(export.headers) if export.column(header) is not None}
    pairs = []
    for column in columns:
        known = [_words(column), *_NAMES.get(column, ())]
        header = next((headers.pop(name) for name in known if name in headers), None)
        if header is not None:
            pairs.append(Pair(header, _by_form(column, export, header)))
    key = next((name for name in _KEYS if name in {pair.column for pair in pairs}), None)
    pairs.sort(key=lambda pair: pair.column != key)
    return Mapping(mart, (key,) if key else (), tuple(pairs))


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
    if column not in _KEYS:
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
