"""What raw must hold for a row of the API, worked out from the row and the column's type alone."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa

Row = dict[str, Any]
Converter = Callable[[Any], Any]
_EXACT = json.JSONDecoder(parse_float=Decimal)


def expected_row(row: Row, schema: pa.Schema) -> Row:
    """Return the raw columns of `row`; money `x` is in `x_amount` and `x_currency`."""
    found = {}
    for name, base, part, converted in _columns(schema):
        if name not in row and part in ("amount", "currency") and base in row:
            money = row[base] if isinstance(row[base], dict | None) else {"amount": row[base]}
            found[name] = converted((money or {}).get(part))
        else:
            found[name] = converted(row.get(name))
    return found


@cache
def _columns(schema: pa.Schema) -> list[tuple[str, str, str, Converter]]:
    """Return the columns that hold data: name, what is before and after its last `_`, and what makes its values."""
    columns = [(each.name, each.name.rpartition("_"), each.type) for each in schema if not each.name.startswith("_")]
    return [(name, base, part, _or_none(converter(kind))) for name, (base, _, part), kind in columns]


def _or_none(converted: Converter) -> Converter:
    return lambda value: None if value is None else converted(value)


def converter(kind: pa.DataType) -> Converter:
    """Return what makes of a JSON value, but null, what a column of type `kind` holds."""
    if pa.types.is_struct(kind):
        return _struct({each.name: _or_none(converter(each.type)) for each in kind})
    if pa.types.is_list(kind):
        item = _or_none(converter(kind.value_type))
        return lambda value: [item(each) for each in ([value] if isinstance(value, str) else value)]
    if pa.types.is_timestamp(kind):
        return lambda value: datetime.fromisoformat(f"{value}T12:00:00Z" if len(value) == 10 else value).astimezone(UTC)
    if pa.types.is_date(kind):
        return date.fromisoformat
    if pa.types.is_decimal(kind):
        return lambda value: Decimal(str(value))
    if pa.types.is_integer(kind):
        return lambda value: int(value["id"] if isinstance(value, dict) else value) if value != "" else None
    if pa.types.is_boolean(kind):
        return lambda value: value if isinstance(value, bool) else value.lower() == "true"
    return lambda value: value if isinstance(value, str | dict | list) else str(value)


def _struct(fields: dict[str, Converter]) -> Converter:
    def converted(value: Any) -> Row:
        value = value if isinstance(value, dict) else {"id": value}
        return {name: field(value.get(name)) for name, field in fields.items()}

    return converted


def actual_row(row: Row) -> Row:
    """Return a row of raw without the bookkeeping."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def same(expected: Any, actual: Any) -> bool:
    """Whether two values are equal; free-form JSON is compared as what it says, numbers exactly."""
    if isinstance(expected, dict | list) and isinstance(actual, str):
        return bool(_EXACT.decode(actual) == expected)
    if isinstance(expected, str) and isinstance(actual, str) and expected != actual:
        return actual[:1] == '"' and json.loads(actual) == expected
    return bool(expected == actual)
