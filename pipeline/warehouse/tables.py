"""The tables of the warehouse, kept up with their definitions: a newer contract loads into an older warehouse."""

from collections.abc import Iterable, Mapping

import duckdb

from pipeline.models.catalog import Columns, read_columns, write_comments
from pipeline.resources import Resource
from pipeline.resources.columns import table_columns
from pipeline.sql import identifier, literal, spelled


def create_raw(con: duckdb.DuckDBPyConnection, resources: Iterable[Resource]) -> None:
    """Create the raw tables, or give them what their contract gained."""
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    held = read_columns(con)
    for resource in resources:
        comment = f"{resource.path} as the API gave it, one row per {resource.key}."
        create_or_follow(con, f"raw.{resource.name}", comment, table_columns(resource), held)


def create_or_follow(
    con: duckdb.DuckDBPyConnection,
    table: str,
    comment: str,
    columns: Iterable[tuple[str, str, str | None]],
    held: Columns,
) -> None:
    """Create a table of `columns` (name, type, comment), or give the one that is held what it lacks of them."""
    columns = list(columns)
    if table in held:
        _follow(con, table, {name: kind for name, kind, _ in columns}, held)
    else:
        con.execute(f"CREATE TABLE {table} ({', '.join(f'{identifier(name)} {kind}' for name, kind, _ in columns)})")
    con.execute(f"COMMENT ON TABLE {table} IS {literal(comment)}")
    write_comments(con, table, {name: text for name, _, text in columns if text is not None}, held.get(table, {}))


def _follow(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], held: Columns) -> None:
    for name, kind in columns.items():
        if name not in held[table]:
            con.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {kind}")
        elif held[table][name][0] != spelled(con, kind):  # such as an object that gained a field
            con.execute(f"ALTER TABLE {table} ALTER COLUMN {identifier(name)} TYPE {kind}")


def describe(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return the columns of a table with their types."""
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}
