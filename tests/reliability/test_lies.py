"""A listing that lies or fails for a night leaves nothing behind (all listings: tests/long/lies.py)."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.errors import IncompleteError
from pipeline.sandbox.trouble.lies import Doubled, FailingPages, FailingRow, Lie, NullKeys
from tests.acceptance.nights import ONLY, open_house
from tests.acceptance.vanishing import KEYS

from ..marks import long_from
from .lying import LIES, assert_equal_to_the_source, lie_for_a_night
from .quick import be_quick

SIX = ",".join(KEYS)
# Every lie once, and every listing once; and all lies of all listings, on a night and in a full read.
SHORT = [(lie, False, list(KEYS)[start::3]) for start, lie in enumerate(LIES)]
LONG = [(lie, is_full, list(KEYS)) for is_full in (False, True) for lie in LIES]


def name_of(value: object) -> str:
    match value:
        case bool():
            return "full" if value else "nightly"
        case list():
            return "all" if len(value) == len(KEYS) else "+".join(value)
        case _:
            return type(value).__name__


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "20")
    be_quick(monkeypatch)


@pytest.mark.parametrize(("lie", "is_full", "liars"), long_from(3, [*SHORT, *LONG]), ids=name_of)
async def test_a_lie_is_refused_or_its_rows_are_kept_and_leaves_nothing_behind(
    lie: Lie, is_full: bool, liars: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lies: dict[str, Lie] = {}
    async with open_house(tmp_path, monkeypatch, orders=60, only=SIX, lies=lies) as house:
        await house.read()
        for resource in liars:
            await lie_for_a_night(house, lies, resource, lie, is_full=is_full)
        await house.read()

        assert_equal_to_the_source(house, KEYS)


async def test_ten_real_deletions_are_seen_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=60, only=SIX) as house:
        await house.read()
        for row in list(house.sandbox.rows("orders_received"))[5:15]:
            house.sandbox.delete_order(row["number"])
        for row in list(house.sandbox.rows("customers"))[:10]:
            house.sandbox.delete("customers", row["id"])
        await house.read()

        assert_equal_to_the_source(house, KEYS)


async def test_a_listing_that_fails_for_good_leaves_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lies: dict[str, Lie] = {}
    async with open_house(tmp_path, monkeypatch, orders=30, only=SIX, lies=lies) as house:
        await house.read()
        house.sandbox.delete("customers", next(house.sandbox.rows("customers"))["id"])
        lies["brands"] = FailingPages()
        manifest = await house.extract()
        house.merge()

        (brands,) = (read for read in manifest.resources if read.resource == "brands")
        assert brands.refused is not None
        assert "LeafLink fails" in brands.refused
        assert_equal_to_the_source(house, KEYS)


async def test_a_listing_that_the_marts_need_and_that_fails_for_good_ends_the_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lies: dict[str, Lie] = {"order_payments": FailingPages()}
    async with open_house(tmp_path, monkeypatch, orders=30, only=ONLY, lies=lies) as house:
        with pytest.raises(IncompleteError, match="order_payments"):
            await house.extract()


@pytest.mark.parametrize(
    ("kind", "place"), long_from(4, itertools.product([FailingRow, NullKeys], [0, 19, 18, 20, -1]))
)
async def test_a_row_that_fails_or_has_no_key_is_set_aside_once_and_all_others_are_read(
    kind: type[FailingRow] | type[NullKeys], place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lies: dict[str, Lie] = {}
    async with open_house(tmp_path, monkeypatch, orders=30, only="customers", lies=lies) as house:
        keys = [row["id"] for row in house.sandbox.rows("customers")]
        lies["customers"] = FailingRow(keys[place]) if kind is FailingRow else NullKeys({keys[place]})
        manifest = await house.extract(full=True)
        house.merge()

        assert set(house.raw("customers").column("id").to_pylist()) == set(keys) - {keys[place]}
        assert [read.quarantined for read in manifest.resources] == [1]


async def test_a_row_that_fails_is_set_aside_under_its_key_where_that_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lies: dict[str, Lie] = {}
    async with open_house(tmp_path, monkeypatch, orders=30, only="customers", lies=lies) as house:
        await house.read()
        key = [row["id"] for row in house.sandbox.rows("customers")][21]
        lies["customers"] = FailingRow(key)
        await house.read(full=True)

        con = house.connect()
        assert con.execute("select key from meta.quarantine").fetchall() == [(str(key),)]
        con.close()
        assert_equal_to_the_source(house, {"customers": "id"})  # its last state stays


@pytest.mark.parametrize("offset", [0, 19, 20, 35])
async def test_a_row_that_is_listed_twice_is_taken_once(
    offset: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lies: dict[str, Lie] = {}
    async with open_house(tmp_path, monkeypatch, orders=30, only="customers", lies=lies) as house:
        lies["customers"] = Doubled([row["id"] for row in house.sandbox.rows("customers")][10], offset)
        manifest = await house.extract(full=True)
        house.merge()

        assert_equal_to_the_source(house, {"customers": "id"})
        assert manifest.resources[0].windows[0].doubled == 1
