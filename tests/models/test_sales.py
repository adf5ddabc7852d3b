"""On any data the marts of sales, stock and single orders equal the same definitions in plain Python."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import run_models

from ..marks import long_from
from .bench import (
    PROJECT,
    SETTINGS,
    clear,
    failed_audits,
    insert_api_rows,
    insert_versions,
    rows_of,
)
from .comparison import differences
from .many import on_200_companies
from .sales import KEYS, expectation
from .sales.company import Company
from .sales.random_companies import SIZES, random_company
from .sales.values import Row

# Views that show a table, or some of its columns.
VIEWS = {"orders_received": "fct_orders", "orders_report": "fct_orders", "ordered_products": "fct_order_lines"}


def load(con: duckdb.DuckDBPyConnection, companies: Sequence[Company]) -> None:
    """Fill raw, and what loads keep, with the rows of all companies."""
    clear(con)
    con.execute("DELETE FROM meta.companies")
    for company in companies:
        name = company.company
        con.execute("INSERT INTO meta.companies VALUES (?, ?)", [name, company.timezone])
        for resource, rows in company.rows().items():
            insert_api_rows(con, resource, rows, name)
        insert_versions(con, "orders_received", company.order_versions, name)
        insert_versions(con, "line_items", company.line_versions, name)
        insert_closes(con, "inventory_daily", [{"_company": name} | each._asdict() for each in company.closes])
        shelf = [{"_company": name} | each._asdict() for each in company.shelf_closes]
        insert_closes(con, "retailer_inventory_daily", shelf)


def insert_closes(con: duckdb.DuckDBPyConnection, table: str, closes: list[Row]) -> None:
    if closes:
        con.register("closes", pa.Table.from_pylist(closes))
        con.execute(f"INSERT INTO history.{table} BY NAME FROM closes")
        con.unregister("closes")


def check(con: duckdb.DuckDBPyConnection, companies: Sequence[Company], as_of: date, window: int) -> None:
    chosen = replace(SETTINGS, as_of=as_of, sell_through_days=window)
    load(con, companies)

    run_models(con, chosen, PROJECT)

    assert failed_audits(con, chosen) == set()
    found = [
        differences(mart, key.split(), rows_of(con, f"marts.{mart}"), rows)
        for mart, (key, rows) in expected(companies, as_of, window).items()
    ]
    for view, table in VIEWS.items():
        shown, rows = rows_of(con, f"marts.{view}"), rows_of(con, f"marts.{table}")
        columns: Any = shown[0] if shown else ()
        found.append(differences(view, [*columns][:2], shown, [{name: row[name] for name in columns} for row in rows]))
    assert "\n".join(filter(None, found)) == ""


def expected(companies: Sequence[Company], as_of: date, window: int) -> dict[str, tuple[str, list[Row]]]:
    """The key of each mart, and its rows of all companies."""
    calculated = [expectation(company, as_of, window) for company in companies]
    return {
        mart: (f"_company {key}", [row for each in calculated for row in each[mart]()]) for mart, key in KEYS.items()
    }


def some(first: int, as_of: date, count: int = 5, sizes: Sequence[int] = SIZES) -> list[Company]:
    """Companies for one load: to run the models costs as much for one."""
    return [random_company(seed, as_of, f"company {seed}", sizes) for seed in range(first, first + count)]


DAYS = [SETTINGS.as_of, date(2026, 2, 10), date(2025, 12, 31), date(2026, 3, 1)]


@pytest.mark.parametrize(("as_of", "window"), long_from(1, [(DAYS[1], 7), (DAYS[3], 90)]))
def test_every_mart_of_sales_equals_the_independent_calculation(
    con: duckdb.DuckDBPyConnection, as_of: date, window: int
) -> None:
    check(con, some(0, as_of, 8), as_of, window)


@pytest.mark.long
@given(first=st.integers(0, 10**9), as_of=st.sampled_from(DAYS), window=st.sampled_from([90, 7]))
@on_200_companies
def test_every_mart_of_sales_equals_the_independent_calculation_on_200_companies(
    con: duckdb.DuckDBPyConnection, first: int, as_of: date, window: int
) -> None:
    check(con, some(first, as_of), as_of, window)
