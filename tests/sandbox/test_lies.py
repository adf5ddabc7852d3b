"""Each lie about a listing is told as it is named, for as long as it is in the mapping, over real HTTP."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from pipeline.sandbox import Sandbox
from pipeline.sandbox.store.table import Row
from pipeline.sandbox.trouble.lies import (
    BareList,
    CountOff,
    Doubled,
    Empty,
    EmptyFrom,
    FailingPages,
    FailingRow,
    Lie,
    NullKeys,
    Stale,
    Third,
)
from pipeline.sandbox.world.tables import TABLES

from .conftest import EVERY, NOW, RESOURCES, Client, client_of

LINES = "line-items/?limit=100"


@pytest.fixture
def lies() -> dict[str, Lie]:
    """What the server of `client` lies about; a test may change it at any moment."""
    return {}


@pytest.fixture
async def client(shared: Sandbox, lies: dict[str, Lie]) -> AsyncIterator[Client]:
    async with client_of(shared, lies=lies) as client:
        yield client


def lists(resource: str) -> str:
    return f"{TABLES[resource].path}?include_archived=true&limit=100"


@pytest.mark.parametrize("resource", EVERY)
async def test_an_empty_listing_counts_nothing_until_the_lie_ends(
    shared: Sandbox, client: Client, lies: dict[str, Lie], resource: str
):
    lies[resource] = Empty()
    told = await client.get(lists(resource))
    del lies[resource]

    assert told == {"count": 0, "next": None, "previous": None, "results": []}
    assert await client.everything(lists(resource)) == list(shared.rows(resource))


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_third_is_the_same_rows_on_every_page_and_counted_so(
    shared: Sandbox, client: Client, lies: dict[str, Lie], resource: str
):
    truth = list(shared.rows(resource))
    lies[resource] = Third()

    rows = await client.everything(lists(resource))

    in_other_pages = await client.everything(f"{TABLES[resource].path}?limit=37")
    assert rows == in_other_pages == [row for row in truth if row in rows]
    assert (await client.get(lists(resource)))["count"] == len(rows)
    assert 0.15 < len(rows) / len(truth) < 0.5


async def test_lies_hold_with_filters_and_for_no_other_listing(shared: Sandbox, client: Client, lies: dict[str, Lie]):
    complete = await client.everything("orders-received/?limit=100&status=complete")
    lies["orders_received"] = Third()

    told = await client.everything("orders-received/?limit=100&status=complete")

    everything_told = await client.everything("orders-received/?limit=100")
    assert 0 < len(told) < len(complete)
    assert told == [row for row in complete if row in everything_told]
    assert await client.everything(LINES) == list(shared.rows("line_items"))


@pytest.mark.parametrize("lie", [Empty(), Third(), BareList(), FailingPages(), EmptyFrom(0), NullKeys(range(10**9))])
async def test_rows_by_key_and_rows_below_an_order_stay_true(
    shared: Sandbox, client: Client, lies: dict[str, Lie], lie: Lie
):
    number = next(shared.rows("orders_received"))["number"]
    lines = shared.lines_of(number)
    lies |= {"line_items": lie, "orders_received": lie}

    assert await client.get(f"line-items/{lines[0]['id']}/") == lines[0]
    assert await client.everything(f"orders-received/{number}/line-items/") == lines
    order = await client.get(f"orders-received/{number}/?include_children=line_items")
    assert order["line_items"] == lines


async def test_a_bare_list_is_the_rows_of_one_page_and_nothing_else(client: Client, lies: dict[str, Lie]):
    page = await client.get(f"{LINES}&offset=100")
    lies["line_items"] = BareList()

    assert await client.get(f"{LINES}&offset=100") == page["results"] != []


@pytest.mark.parametrize("by", [3, -3, -1_000_000])
async def test_a_count_is_off_and_the_rows_are_all_there(
    shared: Sandbox, client: Client, lies: dict[str, Lie], by: int
):
    lies["line_items"] = CountOff(by)

    assert (await client.get(LINES))["count"] == max(0, shared.count("line_items") + by)
    assert await client.everything(LINES) == list(shared.rows("line_items"))


async def test_pages_are_empty_from_a_row_on_although_the_count_goes_on(
    shared: Sandbox, client: Client, lies: dict[str, Lie]
):
    lies["line_items"] = EmptyFrom(250)
    pages = [await client.get(f"{LINES}&offset={offset}") for offset in (100, 200, 250, 300)]

    assert [len(page["results"]) for page in pages] == [100, 50, 0, 0]
    assert {page["count"] for page in pages} == {shared.count("line_items")}
    assert all(page["next"] for page in pages)
    assert await client.everything(LINES) == list(shared.rows("line_items"))[:250]


async def test_failing_pages_are_500_with_any_filter_and_offset(client: Client, lies: dict[str, Lie]):
    lies["customers"] = FailingPages()

    for query in ("", "?limit=1", "?offset=100000", "?modified__gte=2026-01-01T00:00:00Z", "?id__in=140001"):
        assert (await client.ask(f"customers/{query}"))[0] == 500
    assert (await client.get("customers/140001/"))["id"] == 140001


@pytest.mark.parametrize(("resource", "position"), [("line_items", 150), ("orders_received", 150)])
async def test_a_failing_row_makes_500_of_what_would_show_it_and_of_nothing_else(
    shared: Sandbox, client: Client, lies: dict[str, Lie], resource: str, position: int
):
    truth, path, name = list(shared.rows(resource)), TABLES[resource].path, TABLES[resource].key
    key = truth[position][name]
    lies[resource] = FailingRow(key)

    statuses = [(await client.ask(f"{path}?limit=50&offset={offset}"))[0] for offset in range(0, 300, 50)]
    around = [await client.get(f"{path}?limit=10&offset={offset}") for offset in (position - 10, position + 1)]

    assert statuses == [200, 200, 200, 500, 200, 200]
    assert (await client.ask(f"{path}{key}/"))[0] == 500
    assert around[0]["results"] + around[1]["results"] == truth[position - 10 : position] + truth[position + 1 :][:10]
    assert (await client.ask(f"{path}{truth[position + 1][name]}/"))[0] == 200


async def test_a_failing_line_fails_the_lines_of_its_order_as_a_page_but_not_the_order(
    shared: Sandbox, client: Client, lies: dict[str, Lie]
):
    number = next(shared.rows("orders_received"))["number"]
    lies["line_items"] = FailingRow(shared.lines_of(number)[0]["id"])

    assert (await client.ask(f"orders-received/{number}/line-items/"))[0] == 500
    assert (await client.ask(f"orders-received/{number}/?include_children=line_items"))[0] == 200


@pytest.mark.parametrize("limit", [7, 50, 100])
@pytest.mark.parametrize("offset", [0, 49, 50, 99, 100, 101, 299, 10_000_000])
async def test_a_doubled_row_is_listed_and_counted_twice(
    shared: Sandbox, client: Client, lies: dict[str, Lie], limit: int, offset: int
):
    truth = list(shared.rows("orders_received"))[:300]
    since = truth[-1]["created_on"].replace("+", "%2B")
    path = f"orders-received/?limit={limit}&created_on__gte={since}"
    assert await client.everything(path) == truth
    lies["orders_received"] = Doubled(truth[20]["number"], offset)

    rows = await client.everything(path)

    assert rows == [*truth[:offset], truth[20], *truth[offset:]]
    assert (await client.get(path))["count"] == len(truth) + 1


async def test_a_doubled_row_is_listed_once_more_only_where_it_is_listed(client: Client, lies: dict[str, Lie]):
    lies["customers"] = Doubled(140001, 3)

    others = await client.everything("customers/?id__in=140002,140003")

    assert [row["id"] for row in others] == [140002, 140003]


@pytest.mark.parametrize("limit", [30, 100])
async def test_keys_are_null_of_the_same_rows_on_every_page(
    shared: Sandbox, client: Client, lies: dict[str, Lie], limit: int
):
    truth = list(shared.rows("line_items"))
    places = {0, 98, 99, 100, len(truth) - 1}
    lies["line_items"] = NullKeys({truth[place]["id"] for place in places})

    rows = await client.everything(f"line-items/?limit={limit}")

    assert rows == [row | {"id": None} if place in places else row for place, row in enumerate(truth)]


@pytest.mark.parametrize("has_age", [True, False])
async def test_a_cache_answers_with_the_rows_and_the_date_of_then(own: Sandbox, has_age: bool):
    lies: dict[str, Lie] = {}
    truth = list(own.rows("customers"))
    clock = NOW + timedelta(days=3)
    async with client_of(own, lies=lies, clock=lambda: clock) as client:
        lies["customers"] = Stale.of(own, since=NOW, has_age=has_age)
        own.put("customers", truth[0] | {"name": "Renamed"})
        own.delete("customers", truth[1]["id"])
        stale = await client.ask("customers/?limit=100")
        found = await client.get(f"customers/?id__in={truth[0]['id']},{truth[1]['id']}")
        row = await client.ask(f"customers/{truth[0]['id']}/")
        orders = await client.ask("orders-received/?limit=1")
        del lies["customers"]
        fresh = await client.ask("customers/?limit=100")

    assert stale[1]["results"] == truth
    assert stale[1]["count"] == len(truth)
    assert found["results"] == truth[:2]
    assert (row[1]["name"], fresh[1]["results"][0]["name"]) == ("Renamed", "Renamed")
    assert fresh[1]["count"] == len(truth) - 1
    assert parsedate_to_datetime(stale[2]["Date"]) == NOW
    assert stale[2].get("Age") == (str(3 * 86400) if has_age else None)
    for _, _, headers in (row, orders, fresh):
        assert (parsedate_to_datetime(headers["Date"]), headers.get("Age")) == (clock, None)


async def test_a_cache_follows_the_order_of_the_listing(shared: Sandbox):
    keys: list[Any] = sorted((row["id"] for row in shared.rows("line_items")), reverse=True)
    lies: dict[str, Lie] = {"line_items": Stale.of(shared, since=NOW)}
    async with client_of(shared, lies=lies, listed={"line_items": "-key"}) as client:
        stale: list[Row] = await client.everything(LINES)

    assert [row["id"] for row in stale] == keys
