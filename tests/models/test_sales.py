"""On any data the marts of sales, stock and single orders equal the same definitions in plain Python."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.models import run_models

from .bench import (
    COMPANY,
    PROJECT,
    SETTINGS,
    clear,
    empty_warehouse,
    failed_audits,
    insert_api_rows,
    insert_versions,
    rows_of,
)
from .comparison import differences
from .sales import KEYS, expectation
from .sales.company import Company
from .sales.random_companies import random_company
from .sales.values import Row

# Views that show a table, or some of its columns.
VIEWS = {"orders_received": "fct_orders", "orders_report": "fct_orders", "ordered_products": "fct_order_lines"}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_warehouse()
    run_models(connection, SETTINGS, PROJECT)
    yield connection
    connection.close()


def load(con: duckdb.DuckDBPyConnection, company: Company) -> None:
    clear(con)
    con.execute("DELETE FROM history.inventory_daily")
    con.execute("DELETE FROM history.retailer_inventory_daily")
    for name, rows in company.rows().items():
        insert_api_rows(con, name, rows)
    insert_versions(con, "orders_received", company.order_versions)
    insert_versions(con, "line_items", company.line_versions)
    closes = [{"_company": COMPANY} | close._asdict() for close in company.closes]
    insert_closes(con, "inventory_daily", closes)
    shelf_closes = [{"_company": COMPANY} | close._asdict() for close in company.shelf_closes]
    insert_closes(con, "retailer_inventory_daily", shelf_closes)


def insert_closes(con: duckdb.DuckDBPyConnection, table: str, closes: list[Row]) -> None:
    if closes:
        con.register("closes", pa.Table.from_pylist(closes))
        con.execute(f"INSERT INTO history.{table} BY NAME FROM closes")
        con.unregister("closes")


def check(con: duckdb.DuckDBPyConnection, seed: int, as_of: date, window: int) -> None:
    company = random_company(seed, as_of)
    chosen = replace(SETTINGS, as_of=as_of, timezone=company.timezone, sell_through_days=window)
    load(con, company)

    run_models(con, chosen, PROJECT)

    assert failed_audits(con, chosen) == set()
    found = [
        differences(mart, ["_company", *KEYS[mart].split()], rows_of(con, f"marts.{mart}"), calculate())
        for mart, calculate in expectation(company, as_of, window).items()
    ]
    for view, table in VIEWS.items():
        shown, rows = rows_of(con, f"marts.{view}"), rows_of(con, f"marts.{table}")
        columns: Any = shown[0] if shown else ()
        expected = [{column: row[column] for column in columns} for row in rows]
        found.append(differences(view, [*columns][:2], shown, expected))
    assert "\n".join(filter(None, found)) == ""


sources = given(
    seed=st.integers(0, 10**9),
    as_of=st.sampled_from([SETTINGS.as_of, date(2026, 2, 10), date(2025, 12, 31)]),
    window=st.sampled_from([90, 7]),
)
# A seed cannot be made smaller: the differing cells say enough.
COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "phases": [Phase.generate],
    "suppress_health_check": [HealthCheck.too_slow],
}


@sources
@settings(max_examples=5, derandomize=True, **COMMON)
def test_every_mart_of_sales_equals_the_independent_calculation(
    con: duckdb.DuckDBPyConnection, seed: int, as_of: date, window: int
) -> None:
    check(con, seed, as_of, window)


@pytest.mark.long
@sources
@settings(max_examples=200, **COMMON)
def test_every_mart_of_sales_equals_the_independent_calculation_on_200_companies(
    con: duckdb.DuckDBPyConnection, seed: int, as_of: date, window: int
) -> None:
    check(con, seed, as_of, window)
