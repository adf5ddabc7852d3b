"""Paths, keys, limits and pages, over real HTTP."""

import asyncio
import zlib

import aiohttp
import pytest

from pipeline.sandbox import Sandbox, serve
from pipeline.sandbox.api.throttle import Throttle
from pipeline.sandbox.world.tables import TABLES

from .conftest import EVERY, Client, client_of


@pytest.mark.parametrize("resource", EVERY)
async def test_pages_add_up_to_every_row_in_order(shared: Sandbox, client: Client, resource: str):
    path = f"{TABLES[resource].path}?include_archived=true&limit"

    rows = await client.everything(f"{path}=97")

    assert rows == list(shared.rows(resource))
    assert len(rows) == shared.count(resource) == (await client.get(f"{path}=1"))["count"] > 0


async def test_orders_are_listed_by_creation_from_the_newest_on(shared: Sandbox):
    created = shared.store.select("SELECT created_on, key FROM orders_received")
    listed = [row["number"] for row in shared.rows("orders_received")]

    assert listed == [key for _, key in sorted(created, key=lambda row: (-row[0], row[1]))]
    assert len({moment for moment, _ in created}) < len(created), "some orders share their moment of creation"


async def test_other_resources_are_listed_by_id(shared: Sandbox):
    for resource in EVERY:
        if TABLES[resource].key_type == "TEXT":
            continue  # the newest first
        keys = [row["id"] for row in shared.rows(resource)]
        assert keys == sorted(keys)


async def test_limits_default_and_clamp(shared: Sandbox, client: Client):
    assert len((await client.get("line-items/"))["results"]) == 50
    assert len((await client.get("line-items/?limit=5000"))["results"]) == 100
    for nonsense in ("0", "-1", "many", ""):
        assert len((await client.get(f"line-items/?limit={nonsense}&offset={nonsense}"))["results"]) == 50
    async with client_of(shared, max_limit=7) as clamped:
        assert len((await clamped.get("line-items/?limit=100"))["results"]) == 7
        assert await clamped.everything("customers/?limit=100") == list(shared.rows("customers"))


async def test_next_and_previous_are_whole_addresses_that_keep_the_query(client: Client):
    first = await client.get("orders-received/?limit=10&status=complete")
    second = await client.get(first["next"].removeprefix(client.base))

    assert first["previous"] is None
    assert first["next"] == f"{client.base}orders-received/?limit=10&status=complete&offset=10"
    assert second["previous"] == f"{client.base}orders-received/?limit=10&status=complete"
    assert second["results"] != first["results"]


async def test_beyond_the_end_there_is_an_empty_page(shared: Sandbox, client: Client):
    page = await client.get("customers/?offset=100000")

    assert (page["results"], page["next"], page["count"]) == ([], None, shared.count("customers"))


async def test_unknown_parameters_are_ignored(client: Client):
    plain = await client.get("products/?limit=20")

    for query in ("page=3", "page_size=5", "modified_gte=2030-01-01", "ordering=-id"):
        page = await client.get(f"products/?limit=20&{query}")
        assert (page["count"], page["results"]) == (plain["count"], plain["results"])


async def test_one_row_has_its_own_path(shared: Sandbox, client: Client):
    for resource in EVERY:
        row = next(shared.rows(resource))
        key = row[TABLES[resource].key]
        assert await client.get(f"{TABLES[resource].path}{key}/?include_archived=true") == row


async def test_lines_and_payments_of_an_order_have_paths_below_it(shared: Sandbox, client: Client):
    paid = next(shared.rows("order_payments"))["order"]

    assert await client.everything(f"orders-received/{paid}/payments/") == shared.payments_of(paid)
    assert await client.everything(f"orders-received/{paid}/line-items/") == shared.lines_of(paid)


@pytest.mark.parametrize(
    "path",
    [
        "nothing/",
        "orders-received/no-such-number/",
        "orders-received/no-such-number/payments/",
        "customers/1/",
        "customers/9999999999999999999999/",
        "line-items/abc/",
        "customers/140001/payments/",
        "products/1/2/3/",
    ],
)
async def test_what_is_not_there_is_404_with_a_reason(client: Client, path: str):
    status, body, _ = await client.ask(path)

    assert (status, list(body)) == (404, ["detail"])


async def test_a_path_without_its_slash_is_400(client: Client):
    for path in ("orders-received", "orders-received?limit=1", "customers/140001"):
        assert (await client.ask(path))[0] == 400


async def test_keys_are_checked(shared: Sandbox, client: Client):
    assert (await client.ask("products/", key=None))[0] == 401
    assert (await client.ask("products/", key="App wrong"))[0] == 401
    assert (await client.ask("products/", key="Token sandbox"))[0] == 403
    async with client_of(shared, key="other", scheme="Token") as other:
        assert (await other.ask("products/", key="Token other"))[0] == 200
        assert (await other.ask("products/"))[0] == 401


async def test_only_get_is_answered(client: Client):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        status, _, headers = await client.ask("products/", method=method)
        assert (status, headers["Allow"]) == (405, "GET")


async def test_too_many_requests_are_429_with_the_time_to_wait(shared: Sandbox):
    async with client_of(shared, rate_per_minute=1, burst_per_minute=2) as client:
        answers = [await client.ask("products/?limit=1") for _ in range(3)]

    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert 1 <= int(answers[2][2]["Retry-After"]) <= 60


async def test_the_throttle_allows_a_burst_then_the_rate_and_never_more_than_the_burst_in_a_minute():
    throttle = Throttle(rate_per_minute=300, burst_per_minute=1000)
    at_once = sum(throttle.wait_seconds(1000.0) == 0 for _ in range(1500))
    later = [throttle.wait_seconds(1000.0 + second) for second in (30.0, 59.9)]
    after = sum(throttle.wait_seconds(1060.5) == 0 for _ in range(1500))

    assert at_once == 1000
    assert all(wait > 0 for wait in later), "the burst of this minute is used up"
    assert after == 302, "a minute at 300 a minute, and half a second"


async def test_answers_are_compressed_when_set_and_asked_for(shared: Sandbox):
    async with client_of(shared, gzip=True) as client, aiohttp.ClientSession(auto_decompress=False) as session:
        headers = {"Authorization": "App sandbox", "Accept-Encoding": "gzip"}
        async with session.get(f"{client.base}products/?limit=3", headers=headers) as response:
            packed, encoding = await response.read(), response.headers["Content-Encoding"]
        plain, plain_encoding = None, None
        headers["Accept-Encoding"] = "identity"
        async with session.get(f"{client.base}products/?limit=3", headers=headers) as response:
            plain, plain_encoding = await response.read(), response.headers.get("Content-Encoding")

    assert (encoding, plain_encoding) == ("gzip", None)
    assert zlib.decompress(packed, 31) == plain


async def test_stopping_drops_answers_that_are_under_way(shared: Sandbox):
    async with serve(shared, latency_seconds=3600) as base:
        port = int(base.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /api/v2/products/ HTTP/1.1\r\nHost: here\r\n\r\n")
        await writer.drain()

    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_the_servers_clock_is_in_every_answer(client: Client):
    for path in ("products/", "nothing/", "products"):
        assert "Date" in (await client.ask(path))[2]
