"""The tables of the warehouse, kept up with their definitions: a newer contract loads into an older warehouse."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import duckdb

from pipeline.resources import Resource
from pipeline.resources.columns import table_columns
from pipeline.sql import identifier, literal

# The columns of tables and views, by schema and name: type and comment by column.
Held = Mapping[str, Mapping[str, tuple[str, str | None]]]


def create_raw(con: duckdb.DuckDBPyConnection, resources: Iterable[Resource]) -> None:
    """Create the raw tables, or give them what their contract gained."""
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    held = held_columns(con)
    for resource in resources:
        comment = f"{resource.path} as the API gave it, one row per {resource.key}."
        create_or_follow(con, f"raw.{resource.name}", comment, table_columns(resource), held)


def held_columns(con: duckdb.DuckDBPyConnection) -> Held:
    """Return the columns of all tables and views of the current database, in their order."""
    rows = con.execute(
        "SELECT schema_name || '.' || table_name, column_name, data_type, comment FROM duckdb_columns() "
        "WHERE database_name = current_database() ORDER BY table_oid, column_index"
    ).fetchall()
    held: dict[str, dict[str, tuple[str, str | None]]] = defaultdict(dict)
    for table, column, kind, comment in rows:
        held[table][column] = (kind, comment)
    return dict(held)


def create_or_follow(
    con: duckdb.DuckDBPyConnection, table: str, comment: str, columns: Iterable[tuple[str, str, str | None]], held: Held
) -> None:
    """Create a table of `columns` (name, type, comment), or give the one that is held what it lacks of them."""
    columns = list(columns)
    if table in held:
        _follow(con, table, {name: kind for name, kind, _ in columns}, held)
    else:
        con.execute(f"CREATE TABLE {table} ({', '.join(f'{identifier(name)} {kind}' for name, kind, _ in columns)})")
    con.execute(f"COMMENT ON TABLE {table} IS {literal(comment)}")
    write_comments(con, table, {name: text for name, _, text in columns if text is not None}, held)


def _follow(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], held: Held) -> None:
    for name, kind in columns.items():
        if name not in held[table]:
            con.execute(f"ALTER TABLE {table} ADD COLUMN {identifier(name)} {kind}")
        elif held[table][name][0] != str(con.type(kind)):  # such as an object that gained a field
            con.execute(f"ALTER TABLE {table} ALTER COLUMN {identifier(name)} TYPE {kind}")


def write_comments(con: duckdb.DuckDBPyConnection, table: str, comments: Mapping[str, str], held: Held) -> None:
    """Write the comments of the columns of a table or view where they are not there yet."""
    written = held.get(table, {})
    for name, text in comments.items():
        if name not in written or written[name][1] != text:
            con.execute(f"COMMENT ON COLUMN {table}.{identifier(name)} IS {literal(text)}")


def describe(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return the columns of a table with their types."""
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}
