"""Tables of DuckDB and of an engine, held against each other as Arrow: the same columns, types and rows."""

import duckdb
import pyarrow as pa


def differences(name: str, expected: pa.Table, found: pa.Table) -> list[str]:
    """How what was found differs from what was expected: in types, or in rows and how often they are there."""
    wanted, got = [[(field.name, _kind(field.type)) for field in table.schema] for table in (expected, found)]
    if wanted != got:
        return [f"{name}: the types are {[pair for pair in zip(wanted, got, strict=False) if pair[0] != pair[1]]}"]
    missing, too_many = _without(expected, found), _without(found, expected)
    if not missing and not too_many:
        return []
    return [
        f"{name}: {expected.num_rows} rows expected, {found.num_rows} found; missing {missing}, too many {too_many}"
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


def _without(some: pa.Table, others: pa.Table) -> list[str]:
    """Some of the rows that one table has more often than another."""
    with duckdb.connect() as con:
        con.register("some_rows", some)
        con.register("other_rows", others)
        query = "SELECT each::VARCHAR FROM (FROM some_rows EXCEPT ALL FROM other_rows) AS each LIMIT 2"
        return [row for (row,) in con.execute(query).fetchall()]
