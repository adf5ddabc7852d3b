"""Bad values: what a row of the sandbox looks like when something is wrong with it."""

from typing import NamedTuple

import orjson

from pipeline.sandbox.store.store import from_json, to_json
from pipeline.sandbox.store.table import Row, Table
from pipeline.sandbox.trouble.faults import Turn

_HUGE_BYTES = 4 * 2**20
_LEVELS = 5000
# Fragments go out as they are: most of them are no JSON, and no writer of JSON would let them pass.
_VALUES = {
    "nan": b"NaN",
    "big-float": b"1e400",
    "lone-surrogate": b'"half \\ud83c of a leaf"',
    "nul": b'"before\\u0000after"',
    "bad-utf8": b'"caf\xe9 \xff"',
    "null-key": b"null",
    "wrong-type": b'["not","a","number"]',
    # Both are fine as they stand, and leave the calendar on their way to UTC.
    "year-0001": b'"0001-01-01T00:00:00+05:00"',
    "year-9999": b'"9999-12-31T23:59:59.999999-07:00"',
    "deep": b"[" * _LEVELS + b"]" * _LEVELS,
}


class _Fields(NamedTuple):
    """Which field of a resource is spoiled. The instant is one that no window is cut by."""

    key: str
    whole: str
    number: str
    text: str
    instant: str


_FIELDS = {
    "orders_received": _Fields("number", "seller", "total.amount", "notes", "ship_date"),
    "line_items": _Fields("id", "id", "quantity", "notes", "packed_at"),
    "customers": _Fields("id", "id", "discount_percent", "notes", "next_contact_date"),
    "products": _Fields("id", "id", "wholesale_price.amount", "description", "dropped"),
    "order_payments": _Fields("id", "id", "total.amount", "reason", "payment_date"),
}
_NEW_FIELD = "nested"


def bad_field(resource: str, fault: str) -> str:
    """Return the path of the field (such as `total.amount`) that the fault spoils in rows of the resource."""
    fields = _FIELDS[resource]
    return {
        "float-id": fields.whole,
        "null-key": fields.key,
        "nan": fields.number,
        "big-float": fields.number,
        "wrong-type": fields.number,
        "duplicate-key": fields.number.partition(".")[0],
        "year-0001": fields.instant,
        "year-9999": fields.instant,
        "deep": _NEW_FIELD,
    }.get(fault, fields.text)


def spoiled(table: Table, body: bytes, turn: Turn, key: object = None) -> bytes:
    """Return the row as this request gets it: as it is, or with its bad value.

    The key need not be given where the body has it. A bad field that was left out of the row cannot be bad, and
    rows of resources that `_FIELDS` does not name never are.
    """
    if not turn.has_bad_rows or table.name not in _FIELDS:
        return body
    row = from_json(body)
    fault = turn.faults.of_row(table.name, row[table.key] if key is None else key)
    return body if fault is None else _spoiled(row, fault, bad_field(table.name, fault))


def _spoiled(row: Row, fault: str, path: str) -> bytes:
    name, _, inner = path.partition(".")
    if name not in row and fault != "deep":
        return to_json(row)
    if fault == "duplicate-key":
        other = {"amount": "0.01", "currency": "USD"} if isinstance(row[name], dict) else "0.01"
        return to_json(row)[:-1] + b"," + to_json({name: other})[1:]
    if fault == "float-id":
        bad = f"{row[name]}.0".encode()
    elif fault == "huge-row":
        bad = b'"' + b"x" * _HUGE_BYTES + b'"'
    else:
        bad = _VALUES[fault]
    value = orjson.Fragment(bad)
    return to_json(row | {name: row[name] | {inner: value} if inner else value})
