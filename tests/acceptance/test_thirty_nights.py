"""Thirty nights: the folder stays small, each summary is true, and the way back and anew stays open."""

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

import pipeline
from pipeline.jobs.load_result import LoadResult
from pipeline.warehouse.rollback import list_warehouses, roll_back

from .nights import House, open_house
from .test_summary import check_rows
from .thirty import afresh, live_through, needed, sizes_of

pytestmark = [pytest.mark.long, pytest.mark.every_mart, pytest.mark.every_resource]
NIGHTS, ORDERS = 30, 300


def check_summary(house: House, result: LoadResult) -> None:
    """The counts of a load are the rows that differ between its warehouse and the one before."""
    warehouses = list_warehouses(house.data_dir)
    if len(warehouses) > 1:
        with closing(pipeline.connect(warehouses[1].path)) as before, closing(house.connect()) as after:
            check_rows(result, before, after)


def contents(path: Path) -> dict[str, "Counter[tuple[Any, ...]]"]:
    """Return all rows of raw and of history, the stock of each day among them."""
    with closing(pipeline.connect(path)) as con:
        names = con.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables "
            "WHERE table_schema IN ('raw', 'history') ORDER BY 1"
        ).fetchall()
        return {name: Counter(map(str, con.execute(f"FROM {name}").fetchall())) for (name,) in names}


async def test_thirty_nights_take_twice_of_what_they_need_and_can_be_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=ORDERS) as house:
        nights = await live_through(house, NIGHTS, check_summary)
        fresh = await afresh(tmp_path / "fresh", house, monkeypatch)

        assert (house.data_dir / "landing" / "_base.duckdb").exists()
        assert max(night.all for night in nights) <= 2 * needed(fresh)
        assert max(night.warehouse for night in nights) <= 2 * fresh.warehouse
        before = contents(house.data_dir / "warehouse.duckdb")
        assert sum(before["history.orders_received"].values()) > sum(before["raw.orders_received"].values())
        assert before["history.inventory_daily"]
        rolled_back_and_loaded(house, before)
        rebuilt(house, before)
        migrated(house, before)


def rolled_back_and_loaded(house: House, before: dict[str, "Counter[tuple[Any, ...]]"]) -> None:
    roll_back(house.data_dir, list_warehouses(house.data_dir)[-1].load_id)
    house.load()
    after = contents(house.data_dir / "warehouse.duckdb")
    for table in before:
        if not table.endswith("_daily"):  # a close is recorded by the last load of its day
            assert after[table] == before[table], table


def rebuilt(house: House, before: dict[str, "Counter[tuple[Any, ...]]"]) -> None:
    for path in (house.data_dir / "warehouse.duckdb", *(house.data_dir / "kept").iterdir()):
        path.unlink()
    house.load()
    after = contents(house.data_dir / "warehouse.duckdb")
    assert {table for table in before if after[table] != before[table]} <= {
        "history.inventory_daily", "history.retailer_inventory_daily",
    }  # fmt: skip
    days = "SELECT DISTINCT day FROM history.inventory_daily"
    with closing(house.connect()) as con:
        assert len(con.execute(days).fetchall()) >= NIGHTS - 2


def migrated(house: House, before: dict[str, "Counter[tuple[Any, ...]]"]) -> None:
    """Write the warehouse as the first format had it, and load once more."""
    published = (house.data_dir / "warehouse.duckdb").resolve()
    (house.data_dir / "kept" / "signatures.json").unlink()
    with duckdb.connect(str(published)) as con:
        versions = con.execute(
            "SELECT view_name FROM duckdb_views() WHERE schema_name = 'history' AND NOT internal"
        ).fetchall()
        for (name,) in versions:
            con.execute(f"CREATE TABLE {name}_versions AS FROM history.{name}")
            con.execute(f"DROP VIEW history.{name}")
            con.execute(f"CREATE TABLE history.{name} AS FROM {name}_versions")
            con.execute(f"DROP TABLE {name}_versions")
            con.execute(f"ALTER TABLE raw.{name} DROP COLUMN _valid_from")
        con.execute("DROP SCHEMA past CASCADE")
        con.execute("UPDATE meta.warehouse SET format = 1")
    house.load()
    after = contents(published.parents[1] / "warehouse.duckdb")
    for (name,) in versions:
        assert after[f"history.{name}"] == before[f"history.{name}"], name


async def test_ten_quiet_nights_leave_a_file_like_a_fresh_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=ORDERS) as house:
        await house.night()
        for _ in range(10):
            await house.night(full=True)

        fresh = await afresh(tmp_path / "fresh", house, monkeypatch)

        assert sizes_of(house.data_dir, 10).warehouse <= 1.3 * fresh.warehouse
