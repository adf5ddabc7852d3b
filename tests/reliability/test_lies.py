"""A listing that lies or fails for a night is refused, or its rows are kept; a plain night later all is right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from pipeline.errors import IncompleteError
from pipeline.sandbox.filters import Condition
from pipeline.sandbox.listing import Listing
from tests.acceptance.nights import FIVE, ONLY, House, open_house

from .quick import be_quick

KEYS = {**FIVE, "brands": "id"}
_page = Listing.page

Lie = Callable[..., bytes]


def no_rows(listing: Listing, table: Any, query: Any, url: str, where: Any, turn: Any) -> bytes:
    return b'{"count":0,"next":null,"previous":null,"results":[]}'


def a_third(listing: Listing, table: Any, query: Any, url: str, where: Any, turn: Any) -> bytes:
    return _page(listing, table, query, url, [*where, Condition("rowid % 3 = 0")], turn)


def bare_list(listing: Listing, table: Any, query: Any, url: str, where: Any, turn: Any) -> bytes:
    return _page(listing, table, query, url, where, turn).partition(b'"results":')[2][:-1]


def fails(listing: Listing, table: Any, query: Any, url: str, where: Any, turn: Any) -> bytes:
    raise web.HTTPInternalServerError


class Liar:
    """Answers for one listing in place of the sandbox, while it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.resource, self.lie = "", bare_list

        def page(listing: Listing, table: Any, *rest: Any) -> bytes:
            return (self.lie if table.name == self.resource else _page)(listing, table, *rest)

        monkeypatch.setattr(Listing, "page", page)

    def tell(self, resource: str, lie: Lie) -> None:
        """Lie about a resource from now on; about none when it is empty."""
        self.resource, self.lie = resource, lie


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> Liar:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "20")
    be_quick(monkeypatch)
    return Liar(monkeypatch)


def assert_equal_to_the_source(house: House) -> None:
    assert {name: found for name, key in KEYS.items() if (found := house.differences(name, key)[:3])} == {}


@pytest.mark.parametrize("lie", [no_rows, a_third, bare_list], ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("is_full", [False, True], ids=["nightly", "full"])
async def test_a_lie_is_refused_or_its_rows_are_kept_and_leaves_nothing_behind(
    lie: Lie, is_full: bool, liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=60, only=f"{ONLY},brands") as house:
        await house.read()
        held = {name: house.raw(name).num_rows for name in KEYS}
        for resource in KEYS:
            liar.tell(resource, lie)
            try:
                await house.read(full=is_full)
            except IncompleteError:
                pass
            else:
                fewest = held[resource] if held[resource] > 5 else 0
                assert house.raw(resource).num_rows >= fewest, resource
        liar.tell("", lie)
        await house.read()

        assert_equal_to_the_source(house)


async def test_ten_real_deletions_are_seen_as_such(liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=60, only=f"{ONLY},brands") as house:
        await house.read()
        for row in list(house.sandbox.rows("orders_received"))[5:15]:
            house.sandbox.delete_order(row["number"])
        for row in list(house.sandbox.rows("customers"))[:10]:
            house.sandbox.delete("customers", row["id"])
        await house.read()

        assert_equal_to_the_source(house)


async def test_a_listing_that_fails_for_good_leaves_the_others_alone(
    liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=30, only=f"{ONLY},brands") as house:
        await house.read()
        house.sandbox.delete("customers", next(house.sandbox.rows("customers"))["id"])
        liar.tell("brands", fails)
        manifest = await house.extract()
        house.merge()

        (brands,) = (read for read in manifest.resources if read.resource == "brands")
        assert brands.refused is not None
        assert "LeafLink fails" in brands.refused
        assert_equal_to_the_source(house)


async def test_a_listing_that_the_marts_need_and_that_fails_for_good_ends_the_night(
    liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=30, only=ONLY) as house:
        liar.tell("order_payments", fails)
        with pytest.raises(IncompleteError, match="order_payments"):
            await house.extract()


@pytest.mark.parametrize("place", [0, 19, 20, -1])
async def test_a_row_that_fails_is_set_aside_and_all_others_are_read(
    place: int, liar: Liar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=30, only="customers") as house:
        keys = [row["id"] for row in house.sandbox.rows("customers")]

        def fails_with_one(listing: Listing, table: Any, *rest: Any) -> bytes:
            body = _page(listing, table, *rest)
            if any(row["id"] == keys[place] for row in orjson.loads(body)["results"]):
                raise web.HTTPInternalServerError
            return body

        liar.tell("customers", fails_with_one)
        manifest = await house.extract(full=True)
        house.merge()

        assert set(house.raw("customers").column("id").to_pylist()) == set(keys) - {keys[place]}
        assert [read.quarantined for read in manifest.resources] == [1]
