"""A row that breaks its contract stops itself, not its page, and comes home when the source is mended."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import IncompleteError

from .nights import FIVE, ONLY, House, open_house


def quarantine(house: House) -> list[tuple[Any, ...]]:
    con = house.connect()
    found = con.execute("select resource, key, path from meta.quarantine order by all").fetchall()
    con.close()
    return found


async def test_a_bad_row_is_set_aside_and_comes_home_without_a_change_that_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "10")
    async with open_house(tmp_path, monkeypatch, orders=120, only=ONLY) as house:
        order = next(row for row in house.sandbox.rows("orders_received") if row["paid"])
        line = house.sandbox.lines_of(next(r["number"] for r in house.sandbox.rows("orders_received") if r["paid"]))[0]
        house.sandbox.put("orders_received", order | {"paid": "soon"})
        house.sandbox.put("line_items", line | {"is_sample": [1]})
        await house.read()
        held = quarantine(house)
        house.sandbox.put("orders_received", order)
        house.sandbox.put("line_items", line)
        manifest = await house.extract()
        house.merge()

        assert {read.scope for read in manifest.resources} == {"changed", "sets"}, "not all is read again"
        assert held == [
            ("line_items", str(line["id"]), "is_sample"),
            ("orders_received", order["number"], "paid"),
        ]
        assert quarantine(house) == []
        assert all(house.differences(name, key) == [] for name, key in FIVE.items())


async def test_nothing_is_deleted_because_a_row_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await house.read()
        order = next(house.sandbox.rows("orders_received"))
        house.sandbox.put("orders_received", order | {"paid": "soon"})
        await house.read(full=True)

        (kept,) = (r for r in house.raw("orders_received").to_pylist() if r["number"] == order["number"])
        assert kept["status"] == order["status"]
        assert quarantine(house) == [("orders_received", order["number"], "paid")]


async def test_too_many_bad_rows_stop_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        for row in list(house.sandbox.rows("orders_received"))[:30]:
            house.sandbox.put("orders_received", row | {"total": {"amount": "a lot", "currency": "USD"}})

        with pytest.raises(
            IncompleteError, match=r"30 of 60 rows break their contract, the first one at total\.amount"
        ):
            await house.extract()


async def test_more_than_half_of_what_was_there_stops_the_run_however_few_that_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=9, only=ONLY) as house:
        await house.read()
        orders = list(house.sandbox.rows("orders_received"))
        for row in orders[: len(orders) // 2]:
            house.sandbox.put("orders_received", row | {"paid": "soon"})
        await house.read(full=True)
        for row in orders[: len(orders) // 2 + 1]:
            house.sandbox.put("orders_received", row | {"paid": "soon"})

        with pytest.raises(IncompleteError, match=r"5 of 9 rows break their contract, the first one at paid"):
            await house.extract(full=True)
