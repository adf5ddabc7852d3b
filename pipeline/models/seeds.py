"""Small tables kept as CSV in sql/seeds: the first line names each column with its type, as in `days:integer`."""

import csv
from pathlib import Path

import duckdb

from pipeline.errors import ModelError
from pipeline.sql import identifier


def load_seed(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Create `table` from the file at `path`; empty cells are null. Raises ModelError for a cell of another type."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    columns = [cell.partition(":")[::2] for cell in header]
    definition = ", ".join(f"{identifier(name)} {kind}" for name, kind in columns)
    values = ", ".join(f"CAST(? AS {kind})" for _, kind in columns)
    try:
        con.execute(f"CREATE OR REPLACE TABLE {table} ({definition})")
    except duckdb.Error as error:
        raise _seed_error(path, 1, error) from error
    for number, row in enumerate(rows, 2):
        try:
            con.execute(f"INSERT INTO {table} VALUES ({values})", [cell or None for cell in row])  # noqa: S608
        except duckdb.Error as error:
            raise _seed_error(path, number, error) from error


def _seed_error(path: Path, line: int, error: duckdb.Error) -> ModelError:
    return ModelError(f"sql/seeds/{path.name}:{line}: {str(error).splitlines()[0]}")
