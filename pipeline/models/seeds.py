"""Small tables kept as CSV in sql/seeds.

Lines that begin with `#` say what a row is. The first line after them names each column with its type and what it
means, as in `days:integer:Days until payment.`
"""

import csv
from pathlib import Path

import duckdb

from pipeline.errors import ModelError
from pipeline.models.catalog import write_comments
from pipeline.sql import identifier, literal


def load_seed(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """Create `table` from the file at `path`; empty cells are null. Raises ModelError for a cell of another type."""
    lines = path.read_text(encoding="utf-8").splitlines()
    words = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    header, *rows = csv.reader(lines[len(words) :])
    columns = [(name, *rest.partition(":")[::2]) for name, _, rest in (cell.partition(":") for cell in header)]
    definition = ", ".join(f"{identifier(name)} {kind}" for name, kind, _ in columns)
    values = ", ".join(f"CAST(? AS {kind})" for _, kind, _ in columns)
    first = len(words) + 1
    try:
        con.execute(f"CREATE OR REPLACE TABLE {table} ({definition})")
    except duckdb.Error as error:
        raise _seed_error(path, first, error) from error
    for number, row in enumerate(rows, first + 1):
        try:
            con.execute(f"INSERT INTO {table} VALUES ({values})", [cell or None for cell in row])  # noqa: S608
        except duckdb.Error as error:
            raise _seed_error(path, number, error) from error
    con.execute(f"COMMENT ON TABLE {table} IS {literal(' '.join(words))}")
    write_comments(con, table, {name: meaning for name, _, meaning in columns}, {})


def _seed_error(path: Path, line: int, error: duckdb.Error) -> ModelError:
    return ModelError(f"sql/seeds/{path.name}:{line}: {str(error).splitlines()[0]}")
