"""What raw must hold for a row of the API, worked out from the row and the column's type alone."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

Row = dict[str, Any]


def expected_row(row: Row, schema: pa.Schema) -> Row:
    """Return the raw columns of `row`; money `x` is in `x_amount` and `x_currency`."""
    found = {}
    for column in schema:
        name = column.name
        if name.startswith("_"):
            continue
        base, _, part = name.rpartition("_")
        if name not in row and part in ("amount", "currency") and base in row:
            money = row[base] if isinstance(row[base], dict | None) else {"amount": row[base]}
            found[name] = expected_value((money or {}).get(part), column.type)
        else:
            found[name] = expected_value(row.get(name), column.type)
    return found


def expected_value(value: Any, kind: pa.DataType) -> Any:
    """Return what a column of type `kind` holds for a JSON value."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        value = value if isinstance(value, dict) else {"id": value}
        return {each.name: expected_value(value.get(each.name), each.type) for each in kind}
    if pa.types.is_list(kind):
        return [expected_value(each, kind.value_type) for each in ([value] if isinstance(value, str) else value)]
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(f"{value}T12:00:00Z" if len(value) == 10 else value).astimezone(UTC)
    if pa.types.is_date(kind):
        return date.fromisoformat(value)
    if pa.types.is_decimal(kind):
        return Decimal(str(value))
    if pa.types.is_integer(kind):
        return int(value["id"] if isinstance(value, dict) else value) if value != "" else None
    if pa.types.is_boolean(kind):
        return value if isinstance(value, bool) else value.lower() == "true"
    return value if isinstance(value, str | dict | list) else str(value)


def actual_row(row: Row) -> Row:
    """Return a row of raw without the bookkeeping."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def same(expected: Any, actual: Any) -> bool:
    """Whether two values are equal; free-form JSON is compared as what it says, numbers exactly."""
    if isinstance(expected, dict | list) and isinstance(actual, str):
        return bool(json.loads(actual, parse_float=Decimal) == expected)
    if isinstance(expected, str) and isinstance(actual, str) and expected != actual:
        return actual[:1] == '"' and json.loads(actual) == expected
    return bool(expected == actual)
