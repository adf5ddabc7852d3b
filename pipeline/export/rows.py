"""The rows of a query for files that have but text, numbers and days: instants in ISO 8601 (UTC), decimals exact."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

_ROWS_AT_ONCE = 5_000
_WHOLE = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
}  # fmt: skip
_FLOATS = {"FLOAT", "DOUBLE"}
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_ISO = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True)
class Column:
    """A column by its name and its type, as DuckDB writes it."""

    name: str
    type: str

    @property
    def scale(self) -> int | None:
        """How many decimals its numbers have: 0 for whole ones, None where it is no exact number."""
        if self.type.startswith("DECIMAL(") and self.type.endswith(")"):
            return int(self.type[:-1].rpartition(",")[2])
        return 0 if self.type in _WHOLE else None

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.scale is not None or self.type in _FLOATS

    @property
    def is_day(self) -> bool:
        """Whether its values are days."""
        return self.type == "DATE"

    @property
    def is_truth(self) -> bool:
        """Whether its values are true or false."""
        return self.type == "BOOLEAN"


def columns_of(con: duckdb.DuckDBPyConnection, sql: str) -> list[Column]:
    """Return the columns of a query."""
    found = con.sql(sql)
    return [Column(name, str(kind)) for name, kind in zip(found.columns, found.types, strict=True)]


def rows_of(
    con: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[Column], *, as_text: bool
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query: numbers, days and truth values as they are or `as_text`, all else as text."""
    names = [f"c{place}" for place in range(len(columns))]
    shown = ", ".join(_shown(name, column, as_text) for name, column in zip(names, columns, strict=True))
    con.execute(f"SELECT {shown} FROM ({sql}) AS rows({', '.join(names)})")
    while rows := con.fetchmany(_ROWS_AT_ONCE):
        yield from rows


def _shown(name: str, column: Column, as_text: bool) -> str:
    if column.type == _INSTANT:
        return f"strftime({name} AT TIME ZONE 'UTC', '{_ISO}')"
    is_native = not as_text and (column.is_number or column.is_day or column.is_truth)
    return name if is_native else f"CAST({name} AS VARCHAR)"
