"""The tables of `raw`, kept up with the contract: a newer contract loads into an older warehouse."""

from collections.abc import Iterable, Mapping

import duckdb

from pipeline.resources import Resource
from pipeline.resources.columns import bookkeeping_of, columns_of, create_table


def create_raw(con: duckdb.DuckDBPyConnection, resources: Iterable[Resource]) -> None:
    """Create the raw tables, or give them what their contract gained; write the comments that are not there yet."""
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for resource in resources:
        con.execute(create_table(resource, f"raw.{resource.name}"))
        _follow_contract(con, resource)
        comment = f"{resource.path} as the API gave it, one row per {resource.key}."
        write_comments(con, "raw", resource, comment, {name: text for name, _, text in bookkeeping_of(resource)})


def _follow_contract(con: duckdb.DuckDBPyConnection, resource: Resource) -> None:
    con.execute(create_table(resource, "contract").replace("CREATE TABLE", "CREATE TEMP TABLE"))
    follow(con, f"raw.{resource.name}", describe(con, "contract"))
    con.execute("DROP TABLE contract")


def follow(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> None:
    """Give `table` those of the columns (name to type) that it lacks or that have another type there."""
    held = describe(con, table)
    for name, kind in columns.items():
        if name not in held:
            con.execute(f'ALTER TABLE {table} ADD COLUMN "{name}" {kind}')
        elif held[name] != kind:  # such as an object that gained a field
            con.execute(f'ALTER TABLE {table} ALTER COLUMN "{name}" TYPE {kind}')


def describe(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return the columns of a table with their types."""
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}


def write_comments(
    con: duckdb.DuckDBPyConnection, schema: str, resource: Resource, comment: str, bookkeeping: Mapping[str, str]
) -> None:
    """Write the comments of the resource's table in `schema`, and of its columns, where they are not there yet."""
    wanted = {column.name: column.description for column in columns_of(resource)} | dict(bookkeeping)
    held = dict(
        con.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name = ? AND table_name = ?",
            [schema, resource.name],
        ).fetchall()
    )
    table = f"{schema}.{resource.name}"
    for name, text in wanted.items():
        if held[name] != text:
            con.execute(f'COMMENT ON COLUMN {table}."{name}" IS {quoted(text)}')
    con.execute(f"COMMENT ON TABLE {table} IS {quoted(comment)}")


def quoted(text: str) -> str:
    """Return `text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
