"""`leafhouse trace`: from a row of a mart to a row of a file in the landing."""

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import pipeline

from .commands import House

pytestmark = pytest.mark.every_mart


@pytest.fixture(scope="module")
def traced(second_night: Path, base_url: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a folder with two loads, for tests that only read it."""
    house = House(Path(shutil.copytree(second_night, tmp_path_factory.mktemp("traced") / "night")), base_url)
    assert house.run("load").code == 0
    return house


def ask(house: House, sql: str) -> Any:
    with closing(pipeline.connect(house.warehouse)) as con:
        return con.execute(sql).fetchone()


def traces(house: House, table: str, key: object) -> list[dict[str, Any]]:
    outcome = house.run("trace", table, str(key), "--json")
    assert outcome.code == 0, outcome
    rows: list[dict[str, Any]] = json.loads(outcome.stdout)["rows"]
    return rows


@pytest.mark.parametrize(
    ("table", "column", "resource", "field"),
    [
        ("fct_order_lines", "line_id", "line_items", "id"),
        ("fct_orders", "order_number", "orders_received", "number"),
        ("fct_payments", "payment_id", "order_payments", "id"),
        ("collections", "customer_id", "customers", "id"),
    ],
)
def test_a_row_is_traced_to_its_place_in_the_landing(
    traced: House, table: str, column: str, resource: str, field: str
) -> None:
    (key,) = ask(traced, f"select {column} from marts.{table} where {column} is not null order by 1 limit 1")

    for row in traces(traced, table, key):
        (source,) = (each for each in row["sources"] if each["resource"] == resource)

        landed = pq.read_table(traced.data / "landing" / source["file"]).to_pylist()[source["place"] - 1]
        assert str(landed[field]) == source["key"] == str(key)
        assert landed["_run_id"] == source["run_id"]
        assert source["window"]
        assert resource in row["inputs"]


def test_a_row_whose_run_was_let_go_of_is_found_where_it_came_again(
    traced: House, base_url: str, tmp_path: Path
) -> None:
    house = House(Path(shutil.copytree(traced.folder, tmp_path / "night", symlinks=True)), base_url)
    assert house.run("run", "--full").code == 0
    kept = {"LEAFHOUSE_KEEP_WAREHOUSES": "0", "LEAFHOUSE_KEEP_LANDING_DAYS": "0"}
    assert house.run("prune", **kept).code == 0
    (key,) = ask(house, "select payment_id from marts.fct_payments order by 1 limit 1")

    (row,) = traces(house, "fct_payments", key)

    (source,) = (each for each in row["sources"] if each["resource"] == "order_payments")
    assert source["run_id"] not in {path.stem for path in house.manifests}
    landed = pq.read_table(house.data / "landing" / source["file"]).to_pylist()[source["place"] - 1]
    assert str(landed["id"]) == str(key)


def test_an_order_is_found_by_the_number_that_people_see(traced: House) -> None:
    number, short_id = ask(traced, "select order_number, short_id from marts.fct_orders order by 1 limit 1")

    shown = traced.run("trace", "marts.fct_orders", short_id)

    assert shown.code == 0
    assert f"order_number {number}: run " in shown.stdout


def test_a_place_is_of_the_window_that_the_row_lies_in(traced: House) -> None:
    (key,) = ask(traced, "select order_number from marts.fct_orders order by order_date desc, 1 limit 1")

    (row,) = traces(traced, "fct_orders", key)

    asked = """select list(distinct "window") from meta.completeness where resource = 'orders_received'"""
    windows = ask(traced, asked)[0]
    source = next(each for each in row["sources"] if each["resource"] == "orders_received")
    assert {each.replace("%3A", ":") for each in windows} >= set(source["window"].split("; "))


def test_a_run_that_left_the_landing_is_named_and_has_no_place(traced: House, tmp_path: Path) -> None:
    house = House(Path(shutil.copytree(traced.folder, tmp_path / "swept")), traced.base_url)
    (key,) = ask(house, "select line_id from marts.fct_order_lines order by 1 limit 1")
    shutil.rmtree(house.data / "landing" / "line_items")
    for manifest in house.manifests:
        manifest.unlink()

    (row,) = traces(house, "fct_order_lines", key)
    shown = house.run("trace", "fct_order_lines", str(key))

    assert {each["file"] for each in row["sources"]} == {None}
    assert all(each["run_id"] for each in row["sources"])
    assert "which the landing holds no longer" in shown.stdout


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        ("fct_order_line", "1", ("no such mart", "fct_order_lines")),
        ("fct_order_lines", "no-such-line", ("no row with line_id no-such-line",)),
        ("fct_orders", "no-such-order", ("no row with order_number or short_id no-such-order",)),
        ("dim_date", "2026-11-01", ("no key to be traced by",)),
    ],
)
def test_what_is_not_there_is_a_usage_error(traced: House, table: str, key: str, says: tuple[str, ...]) -> None:
    traced.refuses("trace", table, key, code=2, says=says)


def test_without_a_warehouse_it_says_how_to_get_one(empty: House) -> None:
    empty.refuses("trace", "fct_orders", "1", code=2, says=("no warehouse yet", "make extract load"))
