"""Questions to a warehouse in SQL: one SELECT each."""

import duckdb

from pipeline.errors import UsageError


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
