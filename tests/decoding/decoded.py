"""Rows as the tests send them, and what becomes of them."""

from typing import Any

import orjson

from pipeline.decoding.rows import DecodedRows, RowDecoder
from pipeline.resources import all_resources

RESOURCES = all_resources()


def order(**fields: Any) -> dict[str, Any]:
    return {"number": "n-1", "created_on": "2026-05-01T10:00:00.123456-06:00", "status": "Accepted"} | fields


def decode(name: str, *rows: Any, parents: list[str] | None = None) -> DecodedRows:
    raw = [row if isinstance(row, bytes) else orjson.dumps(row) for row in rows]
    embedded = frozenset({"line_items"}) if name == "orders_received" else frozenset()
    return RowDecoder(RESOURCES[name], embedded).decode(raw, parents)


def landed(name: str, *rows: Any, parents: list[str] | None = None) -> list[dict[str, Any]]:
    decoded = decode(name, *rows, parents=parents)
    assert decoded.rejected == []
    return decoded.table.to_pylist()
