"""Our side of a comparison: a table of the published warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.reconcile.values import Kind
from pipeline.sql import identifier


@dataclass(frozen=True)
class Column:
    """A column of ours, with DuckDB's type for it and its definition."""

    name: str
    type: str
    comment: str

    @property
    def kind(self) -> Kind:
        """How its values compare: amounts to the cent, other numbers exactly."""
        if self.type.startswith(("DATE", "TIMESTAMP")):
            return "date"
        if self.type.startswith("DECIMAL") and self.type.endswith(",2)"):
            return "money"
        return "number" if self.type.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or "INT" in self.type else "text"


def list_marts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the marts of the warehouse, with their schema."""
    rows = con.execute(
        "SELECT DISTINCT table_name FROM duckdb_columns() WHERE schema_name = 'marts' ORDER BY 1"
    ).fetchall()
    return [f"marts.{name}" for (name,) in rows]


def list_companies(con: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    """Return the companies of the configuration that a mart of ours has rows of."""
    query = f"SELECT DISTINCT _company FROM {_table(mart)} ORDER BY 1"  # noqa: S608
    return [company for (company,) in con.execute(query).fetchall()]


def read_columns(con: duckdb.DuckDBPyConnection, mart: str) -> dict[str, Column]:
    """Return the columns of a table by name, in their order. Raises ConfigurationError when there is no such table."""
    schema, _, table = mart.rpartition(".")
    rows = con.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [schema, table],
    ).fetchall()
    if not rows:
        raise ConfigurationError(
            f"The warehouse has no table {mart}. Let the mapping name one of {', '.join(list_marts(con))}."
        )
    return {row[0]: Column(*row) for row in rows}


def read_rows(
    con: duckdb.DuckDBPyConnection, mart: str, columns: Sequence[str], only: dict[str, str]
) -> list[tuple[str, ...]]:
    """Return the rows as texts, so that one reading serves both sides; empty for null."""
    chosen = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in columns)
    wanted = " AND ".join(["true", *(f"CAST({identifier(name)} AS VARCHAR) = ?" for name in only)])
    # Every name in it is one that the warehouse has, and quoted.
    query = f"SELECT {chosen} FROM {_table(mart)} WHERE {wanted} ORDER BY ALL"  # noqa: S608
    return con.execute(query, list(only.values())).fetchall()


def read_as_of(con: duckdb.DuckDBPyConnection, mart: str, columns: dict[str, Column]) -> str | None:
    """Return the date that a mart was computed for: its own where it has one, else that of the newest load."""
    own = f"(SELECT max(as_of) FROM {_table(mart)})" if "as_of" in columns else "NULL"  # noqa: S608
    query = f"SELECT CAST(coalesce({own}, max_by(as_of, load_id)) AS VARCHAR) FROM meta.loads"  # noqa: S608
    ((as_of,),) = con.execute(query).fetchall()
    return as_of if as_of is None else str(as_of)


def read_note(con: duckdb.DuckDBPyConnection) -> str:
    """Return what a reader must know before using the numbers."""
    ((note,),) = con.execute("SELECT note FROM meta.warehouse").fetchall()
    return str(note)


def _table(mart: str) -> str:
    schema, _, table = mart.rpartition(".")
    return f"{identifier(schema)}.{identifier(table)}"
