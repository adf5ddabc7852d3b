"""The tables of `raw`, kept up with the contract: a newer contract loads into an older warehouse."""

from collections.abc import Iterable

import duckdb

from pipeline.resources import Resource
from pipeline.resources.columns import BOOKKEEPING, columns_of, create_table


def create_raw(con: duckdb.DuckDBPyConnection, resources: Iterable[Resource]) -> None:
    """Create the raw tables, or give them what their contract gained; write the comments that are not there yet."""
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for resource in resources:
        con.execute(create_table(resource, f"raw.{resource.name}"))
        _follow_contract(con, resource)
        _write_comments(con, resource)


def _follow_contract(con: duckdb.DuckDBPyConnection, resource: Resource) -> None:
    con.execute(create_table(resource, "contract").replace("CREATE TABLE", "CREATE TEMP TABLE"))
    held = _describe(con, f"raw.{resource.name}")
    for name, kind in _describe(con, "contract").items():
        if name not in held:
            con.execute(f'ALTER TABLE raw.{resource.name} ADD COLUMN "{name}" {kind}')
        elif held[name] != kind:  # such as an object that gained a field
            con.execute(f'ALTER TABLE raw.{resource.name} ALTER COLUMN "{name}" TYPE {kind}')
    con.execute("DROP TABLE contract")


def _describe(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}


def _write_comments(con: duckdb.DuckDBPyConnection, resource: Resource) -> None:
    wanted = {column.name: column.description for column in columns_of(resource)}
    wanted |= {name: comment for name, _, comment in BOOKKEEPING}
    held = con.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = current_database() "
        "AND schema_name = 'raw' AND table_name = ?",
        [resource.name],
    ).fetchall()
    table = f"raw.{resource.name}"
    for name, comment in wanted.items():
        if dict(held)[name] != comment:
            con.execute(f'COMMENT ON COLUMN {table}."{name}" IS {quoted(comment)}')
    con.execute(
        f"COMMENT ON TABLE {table} IS {quoted(f'{resource.path} as the API gave it, one row per {resource.key}.')}"
    )


def quoted(text: str) -> str:
    """Return `text` as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
