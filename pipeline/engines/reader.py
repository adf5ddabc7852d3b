"""Reading what a load on an engine published, with DuckDB: all of one load, whatever is published meanwhile."""

from pathlib import Path

import duckdb

from pipeline.engines.tables import Tables, TableVersion
from pipeline.errors import UsageError
from pipeline.sql import identifier, literal


def open_tables(root: Path) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB in memory with a view of every table and view that is published under `root`, in UTC.

    They have the names and types that they have in a warehouse file; the marts are also in `main`. Raises UsageError
    when nothing is published there, ConfigurationError when it cannot be read.
    """
    tables = Tables(root)
    published = tables.published()
    if published is None:
        raise UsageError(f"{root}: no tables yet. Run `leafhouse load --engine spark` first.")
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for schema in sorted({name.partition(".")[0] for name in (*published.tables, *published.views)} - {"main"}):
        con.execute(f"CREATE SCHEMA {schema}")
    for name, held in published.tables.items():
        con.execute(f"CREATE VIEW {name} AS {_query(held, tables, name)}")
    for name, query in published.views.items():
        con.execute(f"CREATE VIEW {name} AS {query}")
    for name in (*published.tables, *published.views):
        schema, _, mart = name.partition(".")
        if schema == "marts":
            con.execute(f"CREATE VIEW main.{mart} AS FROM {name}")
    return con


def _query(held: TableVersion, tables: Tables, name: str) -> str:
    """Return the rows of a table from the files that its version names: what comes later has other names."""
    files = ", ".join(literal(file.path) for file in tables.files(name, held.version))
    if not files:
        nulls = ", ".join(f"CAST(NULL AS {kind}) AS {identifier(column)}" for column, kind in held.columns.items())
        return f"SELECT {nulls} WHERE false"
    typed = ", ".join(
        f"CAST({identifier(column)} AS {kind}) AS {identifier(column)}" for column, kind in held.columns.items()
    )
    return f"SELECT {typed} FROM read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
