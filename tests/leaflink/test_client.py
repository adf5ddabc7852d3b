"""A request, and what becomes of it when all is well or the answer is final."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from pipeline.errors import ConfigurationError, IncompleteError, RefusedError
from pipeline.leaflink import ForbiddenError, NotFoundError, Pacer, RejectedError, Source

from .conftest import KEY
from .server import PAGE, Request, Server, answer, gzipped, hang


async def test_a_page_comes_as_its_bytes_with_the_servers_clock(leaflink, open_client):
    async with open_client() as client:
        response = await client.get("orders-received/", {"limit": "100", "offset": "0"})

    assert response.body == PAGE
    assert response.server_time == datetime(2026, 11, 24, 2, 0, 7, tzinfo=UTC)
    assert [(r.method, r.target) for r in leaflink.seen] == [("GET", "/api/v2/orders-received/?limit=100&offset=0")]


@pytest.mark.parametrize("scheme", ["App", "Token"])
async def test_each_request_carries_the_key_in_its_scheme_and_says_who_asks(leaflink, open_client, scheme):
    async with open_client(source=Source(leaflink.url, SecretStr(KEY), scheme)) as client:
        await client.get("products/", {})

    sent = leaflink.seen[0].headers
    assert sent["authorization"] == f"{scheme} {KEY}"
    assert sent["user-agent"].startswith("leafhouse/")
    assert sent["accept"] == "application/json"
    assert sent["host"] == leaflink.host


async def test_signs_in_parameters_are_encoded(leaflink, open_client):
    async with open_client() as client:
        await client.get("orders-received/", {"modified__gte": "2026-05-01T00:00:00+02:00", "name": "a b&c=ü"})

    query = leaflink.seen[0].target.partition("?")[2]
    assert query == "modified__gte=2026-05-01T00:00:00%2B02:00&name=a+b%26c%3D%C3%BC"


@pytest.mark.parametrize(("gzip", "asked"), [(True, "gzip"), (False, "identity")])
async def test_compressed_pages_are_asked_for_when_wanted_and_inflated_always(leaflink, open_client, gzip, asked):
    leaflink.always = gzipped()

    async with open_client(gzip=gzip) as client:
        response = await client.get("products/", {})

    assert response.body == PAGE
    assert leaflink.seen[0].headers["accept-encoding"] == asked


async def test_cookies_are_not_kept(leaflink, open_client):
    leaflink.always = answer(headers={"Set-Cookie": "session=1; Path=/"})

    async with open_client() as client:
        await client.get("products/", {})
        await client.get("products/", {})

    assert all("cookie" not in request.headers for request in leaflink.seen)


async def test_proxies_and_netrc_of_the_environment_get_nothing(leaflink, open_client, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with Server() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{proxy.host}")

        async with open_client() as client:
            await client.get("products/", {})

        assert proxy.seen == []
    assert leaflink.seen[0].headers["authorization"] == f"App {KEY}"


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/products/",
        "//elsewhere.example/products/",
        "/products/",
        "products",
        "../products/",
        "products/../../admin/",
        "products/..%2f../",
        "products//7/",
        "products/?limit=1",
        "products/#/",
        "products/\r\nX-Other: 1/",
        "products\\7/",
        "user@elsewhere.example/",
        "",
        "/",
    ],
)
async def test_a_path_that_could_lead_elsewhere_is_never_asked_for(leaflink, open_client, path):
    async with open_client() as client:
        with pytest.raises(IncompleteError, match="was not asked for"):
            await client.get(path, {})

        assert client.stats.requests == 0
    assert leaflink.seen == []


@pytest.mark.parametrize(
    "path", ["products/", "inventory/items/", "orders-received/8f14e45f-ceea-467f-a9d4-1/", "v1.2/x/"]
)
async def test_paths_below_the_base_are_asked_for(leaflink, open_client, path):
    async with open_client() as client:
        await client.get(path, {})

    assert leaflink.seen[0].target == f"/api/v2/{path}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_names_where_it_points(leaflink, open_client, status):
    async with Server() as other:
        leaflink.always = answer(status, headers={"Location": f"{other.url}products/"})

        async with open_client() as client:
            with pytest.raises(ConfigurationError, match=f"points to http://{other.host}") as caught:
                await client.get("products/", {})

        assert other.seen == []
    assert len(leaflink.seen) == 1
    assert "LEAFLINK_BASE_URL" in str(caught.value)


@pytest.mark.parametrize("location", [None, "http://[broken", "http://host:99999/"])
async def test_a_redirect_to_nowhere_is_a_configuration_error_too(leaflink, open_client, location):
    leaflink.always = answer(302, headers={"Location": location})

    async with open_client() as client:
        with pytest.raises(ConfigurationError, match="redirect"):
            await client.get("products/", {})


async def test_an_unknown_key_is_a_configuration_error_that_names_both_settings(leaflink, open_client):
    leaflink.always = answer(401, b'{"detail": "Invalid token."}')

    async with open_client() as client:
        with pytest.raises(ConfigurationError, match=r"401: Invalid token\.") as caught:
            await client.get("products/", {})

    assert "LEAFLINK_API_KEY" in str(caught.value)
    assert "LEAFLINK_AUTH_SCHEME" in str(caught.value)
    assert len(leaflink.seen) == 1


async def test_the_key_of_a_company_is_called_by_its_variable(leaflink, open_client):
    leaflink.always = answer(401, b"{}")

    async with open_client(source=Source(leaflink.url, SecretStr(KEY), key_name="BIRCH_LEAFLINK_KEY")) as client:
        with pytest.raises(ConfigurationError, match="Check BIRCH_LEAFLINK_KEY"):
            await client.get("products/", {})


async def test_a_refused_path_carries_its_path_and_others_still_work(leaflink, open_client):
    leaflink.script = [answer(403, b'{"detail": "No permission."}')]

    async with open_client() as client:
        with pytest.raises(ForbiddenError, match="No permission") as caught:
            await client.get("products/", {})
        await client.get("customers/", {})

    assert isinstance(caught.value, RefusedError)
    assert caught.value.path == "products/"
    assert caught.value.exit_code == 5
    assert len(leaflink.seen) == 2


async def test_what_is_not_found_is_told_apart(leaflink, open_client):
    leaflink.always = answer(404, b'{"detail": "Not found."}')

    async with open_client() as client:
        with pytest.raises(NotFoundError, match="not found") as caught:
            await client.get("orders-received/7/", {})

    assert caught.value.path == "orders-received/7/"
    assert len(leaflink.seen) == 1


@pytest.mark.parametrize("status", [400, 405, 406, 408, 410, 418, 422, 451])
async def test_a_request_that_is_not_accepted_is_not_repeated(leaflink, open_client, status):
    leaflink.always = answer(status, b'{"modified__gte": ["Enter a valid date."]}')

    async with open_client() as client:
        with pytest.raises(RejectedError, match="Enter a valid date") as caught:
            await client.get("products/", {})
        assert client.stats.retries == 0

    assert f"({status}" in str(caught.value)
    assert len(leaflink.seen) == 1


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (json.dumps({"detail": "one\x1b[31m\r\ntwo\x00\u202e\u2028three"}).encode(), "(400: one [31m two three)."),
        (json.dumps({"detail": "x" * 5000}).encode(), "(400: " + "x" * 199 + "…)."),
        (json.dumps({"detail": f"App {KEY} is wrong"}).encode(), "(400: App [key] is wrong)."),
        (json.dumps({"detail": "x" * 190 + KEY}).encode(), "(400: " + "x" * 190 + "[key])."),
        (b'{"detail": "caf\xff"}', '(400: {"detail": "caf\ufffd"}).'),
        (b"<html>\x1b]0;hello</html>", "(400)."),
        (b'{"a":' * 8_000 + b"1" + b"}" * 8_000, "(400: " + '{"a":' * 39 + '{"a"…).'),
        (b'{"detail": "' + b"x" * 100_000 + b'"}', "(400)."),
        (b"", "(400)."),
    ],
    ids=[
        "control characters",
        "long",
        "the key itself",
        "the key where the text is cut",
        "bad UTF-8",
        "HTML",
        "deep",
        "huge",
        "empty",
    ],
)
async def test_what_the_api_says_is_shown_only_as_far_as_it_is_fit_to_be(leaflink, open_client, body, shown):
    leaflink.always = answer(400, body)

    async with open_client() as client:
        with pytest.raises(RejectedError) as caught:
            await client.get("products/", {})

    assert shown in str(caught.value)


async def test_a_body_up_to_the_cap_is_taken(leaflink, open_client):
    async with open_client(max_body_bytes=len(PAGE)) as client:
        assert (await client.get("products/", {})).body == PAGE


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(body=b"[" + b" " * 200_000 + b"]"),
        answer(body=b"[" + b" " * 200_000 + b"]", headers={"Content-Length": None}),
        gzipped(b"[" + b" " * 50_000_000 + b"]"),
    ],
    ids=["with a length", "without a length", "small until inflated"],
)
async def test_a_body_above_the_cap_ends_the_read_at_once(leaflink, open_client, behaviour):
    leaflink.always = behaviour

    async with open_client(max_body_bytes=100_000) as client:
        with pytest.raises(IncompleteError, match="LEAFLINK_PAGE_SIZE"):
            await client.get("products/", {})

    assert len(leaflink.seen) == 1


async def test_the_client_counts_and_tells_what_it_does(leaflink, open_client):
    events = []
    leaflink.script = [answer(429), answer(502)]

    async with open_client(on_event=events.append) as client:
        await client.get("products/", {})
        await client.get("customers/", {})

    assert (client.stats.requests, client.stats.retries, client.stats.throttled) == (4, 2, 1)
    assert client.stats.bytes == 2 * len(PAGE)
    assert [(event.kind, event.path) for event in events] == [
        ("throttled", "products/"),
        ("retry", "products/"),
        ("answer", "products/"),
        ("answer", "customers/"),
    ]
    assert [event.reason for event in events[:2]] == ["status 429", "status 502"]


async def test_no_more_requests_than_max_connections_are_in_flight(leaflink, open_client):
    in_flight, peak = 0, 0
    page = answer()

    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal in_flight, peak
        in_flight += 1
        peak = max(peak, in_flight)
        await asyncio.sleep(0.002)
        in_flight -= 1
        await page(request, writer)

    leaflink.always = slow

    async with open_client(max_connections=6) as client:
        await asyncio.gather(*(client.get("products/", {"offset": str(i)}) for i in range(120)))
        assert client.concurrency == 6

    assert peak == 6
    assert len(leaflink.seen) == 120


async def test_a_cancelled_request_frees_its_place(leaflink, open_client):
    arrived = asyncio.Event()

    async def hang_and_tell(request: Request, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await hang(request, writer)

    leaflink.script = [hang_and_tell, hang_and_tell]

    async with open_client(max_connections=1, pacer=Pacer()) as client:
        for _ in range(2):
            task = asyncio.create_task(client.get("products/", {}))
            await arrived.wait()
            arrived.clear()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        assert (await client.get("products/", {})).body == PAGE
