"""Every folder tests/sql/<model>/<case> holds small inputs and what the model makes of them."""

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.models import run_models

from . import test_ledger, test_sales
from .bench import PROJECT, Part, clear, empty_warehouse, insert_csv, settings_of

CASES = sorted(path.parent for path in Path(__file__).parents[1].glob("sql/*/*/expected.csv"))
SCHEMAS = {model.name.partition(".")[2]: model.name for model in PROJECT.models}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_warehouse()
    yield connection
    connection.close()


def fill(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Insert the inputs of a case."""
    for path in sorted(folder.glob("*.csv")):
        if path.stem not in ("expected", "settings"):
            insert_csv(con, path)


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_a_model_makes_of_its_inputs_what_is_expected(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    table, settings = SCHEMAS[folder.parent.name], settings_of(folder)
    clear(con)
    fill(con, folder)

    run_models(con, settings, Part(tables=(table,)))

    with (folder / "expected.csv").open(newline="") as file:
        names, *rows = csv.reader(file)
    columns = ", ".join(f'"{name}"' for name in names)
    con.execute(f"CREATE OR REPLACE TEMP TABLE expected AS SELECT {columns} FROM {table} LIMIT 0")
    placeholders = ", ".join("?" * len(names))
    con.executemany(f"INSERT INTO expected VALUES ({placeholders})", [[cell or None for cell in row] for row in rows])
    found = con.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()
    assert found == con.execute("SELECT * FROM expected ORDER BY ALL").fetchall()


def test_every_mart_has_a_case_or_an_oracle() -> None:
    covered = (
        {folder.parent.name for folder in CASES} | test_ledger.MARTS.keys() | test_ledger.LOADS.keys() | {"dim_date"}
    )
    covered |= test_sales.KEYS.keys() | test_sales.VIEWS.keys()

    assert {name.partition(".")[2] for name in SCHEMAS.values() if name.startswith("marts.")} <= covered
