"""The tables of the warehouse, kept up with their definitions: a newer contract loads into an older warehouse."""

from collections.abc import Iterable

import duckdb

from pipeline.models.catalog import create_or_follow, read_columns
from pipeline.resources import Resource
from pipeline.resources.columns import table_columns


def create_raw(con: duckdb.DuckDBPyConnection, resources: Iterable[Resource]) -> None:
    """Create the raw tables, or give them what their contract gained."""
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    held = read_columns(con)
    for resource in resources:
        comment = f"{resource.path} as the API gave it, one row per {resource.key}."
        create_or_follow(con, f"raw.{resource.name}", comment, table_columns(resource), held)


def describe(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Return the columns of a table with their types."""
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}
