"""Tables of DuckDB and of an engine, held against each other as Arrow: the same columns, types and rows."""

from collections import Counter
from typing import Any

import pyarrow as pa

Key = tuple[Any, ...]


def differences(name: str, expected: pa.Table, found: pa.Table) -> list[str]:
    """How what was found differs from what was expected: in types, or in rows and how often they are there."""
    wanted, got = [[(field.name, _kind(field.type)) for field in table.schema] for table in (expected, found)]
    if wanted != got:
        return [f"{name}: the types are {[pair for pair in zip(wanted, got, strict=False) if pair[0] != pair[1]]}"]
    left, right = _rows(expected), _rows(found)
    if left == right:
        return []
    return [
        f"{name}: {expected.num_rows} rows expected, {found.num_rows} found; "
        f"missing {list(left - right)[:2]}, too many {list(right - left)[:2]}"
    ]


def _kind(kind: pa.DataType) -> str:
    """A type by its name: what a list calls its elements is no part of it, nor that JSON is a text of its own."""
    if isinstance(kind, pa.BaseExtensionType):
        return _kind(kind.storage_type)
    if pa.types.is_map(kind):
        return f"map<{_kind(kind.key_type)}, {_kind(kind.item_type)}>"
    if pa.types.is_list(kind):
        return f"list<{_kind(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{', '.join(f'{field.name}: {_kind(field.type)}' for field in kind)}>"
    return str(kind)


def _rows(table: pa.Table) -> Counter[Key]:
    columns = [_plain(column).to_pylist() for column in table.columns]
    return Counter(tuple(_hashable(value) for value in row) for row in zip(*columns, strict=True))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.cast(column.type.storage_type)
    # Python knows fewer years than a timestamp does.
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((name, _hashable(each)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value
