"""Documented types: the vendor's document, its reference and what was seen disagree about the types of many fields.

A sandbox that mixes them gives each of these fields in about half of the rows another type that one of the three names.
"""

import json
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from pipeline.sandbox.store.store import from_json, to_json
from pipeline.sandbox.store.table import Row, Table


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool) else value if value is None else str(value)


def _number(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value


def _bare(value: Any) -> Any:
    return value["amount"] if isinstance(value, dict) else value


def _object(value: Any) -> Any:
    return {"id": value, "name": "In full", "brand": {"id": 7}} if isinstance(value, int | str) else value


def _id(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def _ids(value: Any) -> Any:
    return None if value is None else [_id(each) for each in value]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


class Form(NamedTuple):
    """A field (`order_taxes.auto_apply` is inside the objects of a list), another type, and how a value gets it."""

    resource: str
    path: str
    name: str
    change: Callable[[Any], Any]


FORMS = (
    Form("orders_received", "customer", "id", _id),
    Form("orders_received", "customer.delinquent", "text", _text),
    Form("orders_received", "sales_reps", "ids", _ids),
    Form("orders_received", "order_taxes.auto_apply", "text", _text),
    Form("orders_received", "available_transitions", "text", _first),
    Form("orders_received", "is_combination", "text", _text),
    Form("orders_received", "payment_balance", "text", _text),
    Form("orders_received", "facility_id", "text", _text),
    Form("orders_received", "total", "bare", _bare),
    Form("orders_received", "total.amount", "text", _text),
    Form("orders_received", "paid", "text", _text),
    Form("line_items", "product", "text", _text),
    Form("line_items", "product", "object", _object),
    Form("line_items", "ordered_unit_price", "bare", _bare),
    Form("line_items", "ordered_unit_price.amount", "text", _text),
    Form("line_items", "quantity", "number", _number),
    Form("line_items", "unit_multiplier", "text", _text),
    Form("products", "inventory_management", "text", _text),
    Form("products", "available_inventory", "text", _text),
    Form("products", "children_count", "text", _text),
    Form("products", "has_deals_eligible_children", "text", _text),
    Form("customers", "discount_percent", "text", _text),
    Form("customers", "delinquent", "text", _text),
    Form("order_payments", "total", "bare", _bare),
    Form("order_payments", "recorded_by", "text", _text),
)


def mixed(table: Table, body: bytes, seed: int) -> bytes:
    """Return a row as a sandbox gives it that mixes the documented types by `seed`."""
    forms = [each for each in FORMS if each.resource == table.name]
    if not forms:
        return body
    row = from_json(body)
    key = row.get(table.key)
    for form in forms:
        if zlib.crc32(f"{seed}/{table.name}/{key}/{form.path}/{form.name}".encode()) % 2:
            row = changed(row, form.path, form.change)
    return to_json(row)


def changed(row: Row, path: str, change: Callable[[Any], Any]) -> Row:
    """Return a row, or an object inside one, with one field in the other type."""
    name, _, inside = path.partition(".")
    value = row.get(name)
    if name not in row:
        return row
    if not inside:
        return row | {name: change(value)}
    if isinstance(value, list):
        return row | {name: [changed(each, inside, change) if isinstance(each, dict) else each for each in value]}
    return row | {name: changed(value, inside, change)} if isinstance(value, dict) else row
