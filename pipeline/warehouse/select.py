"""Questions to a warehouse in SQL: one SELECT each."""

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from pipeline.errors import LeafhouseError, UsageError
from pipeline.warehouse.reader import CATALOG, damage_in


def only_select(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """Return the one SELECT that `sql` is.

    FROM, WITH, VALUES, DESCRIBE, SHOW and SUMMARIZE are SELECTs to DuckDB as well. Raises UsageError for anything else.
    """
    try:
        statements = con.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError(f"The query cannot be read. {error}") from error
    if len(statements) != 1:
        raise UsageError(f"{len(statements)} statements: ask one SELECT at a time.")
    (statement,) = statements
    if statement.type != duckdb.StatementType.SELECT:
        raise UsageError(f"{statement.type.name}: the warehouse is only read. Ask one SELECT.")
    return statement


def bare(sql: str) -> str:
    """Return a query without the semicolons and comments at its end, so that it can stand in parentheses."""
    text = sql.encode()
    end = len(text)
    for offset, kind in reversed(duckdb.tokenize(sql)):  # in bytes
        if kind != duckdb.token_type.comment and text[offset:end].strip() != b";":
            break
        end = offset
    return text[:end].decode()


def stale_in(con: duckdb.DuckDBPyConnection, sql: str, stale: Mapping[str, list[str]]) -> list[str]:
    """Return the sentences about the `stale` tables (by schema and name) that a query reads, or names.

    A view is known by its name alone. Raises what DuckDB says of a query that it cannot plan.
    """
    words = set(re.findall(r"\w+", sql.casefold()))
    named = {table for table in stale if table.partition(".")[2] in words}
    try:
        read = {name.casefold().removeprefix(f"{CATALOG}.") for name in con.get_table_names(sql, qualified=True)}
    except duckdb.Error:
        con.execute(f"EXPLAIN {sql}")
        read = set(stale)  # it can be planned, but the name of a table is computed
    return [text for table, texts in stale.items() if table in named | read for text in texts]


def describe_failure(path: Path, error: duckdb.Error) -> LeafhouseError:
    """Return the error to raise when a query to the warehouse at `path` fails: of the file, or of the query."""
    return damage_in(path, error) or UsageError(f"The query failed. {error}")
