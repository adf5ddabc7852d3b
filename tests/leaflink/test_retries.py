"""What is tried again, how long that takes in the worst case, and what is said in the end."""

import asyncio
import socket

import pytest
from pydantic import SecretStr

from pipeline.errors import IncompleteError
from pipeline.leaflink import NotFoundError, Pacer, Source

from .conftest import KEY
from .server import (
    PAGE,
    answer,
    cut,
    cut_chunks,
    drip,
    gzipped,
    hang,
    hang_up,
    raw,
    reset,
)

HTML = b"<!doctype html><title>Bad gateway</title>"

PASSING = {
    "429": answer(429, b'{"detail": "Request was throttled."}'),
    "429 without a body": answer(429, b""),
    "429 in HTML": answer(429, HTML, {"Content-Type": "text/html"}),
    "500": answer(500, HTML),
    "502": answer(502, HTML, {"Content-Type": "text/html"}),
    "503": answer(503),
    "504": answer(504),
    "an unusual 5xx": answer(599),
    "204": answer(204, b"", {"Content-Length": None}),
    "a reset": reset,
    "a connection closed without a word": hang_up,
    "a body shorter than its length": cut(40),
    "a body of no byte but a length": cut(0),
    "chunks that stop": cut_chunks(40),
    "gzip that stops": gzipped(kept=40),
    "gzip that is none": answer(body=PAGE, headers={"Content-Encoding": "gzip"}),
    "a cut body without a length": answer(body=PAGE[:40], headers={"Content-Length": None}),
    "an empty body": answer(body=b""),
    "a blank body": answer(body=b" \r\n "),
    "HTML where JSON was due": answer(body=HTML, headers={"Content-Type": "text/html; charset=utf-8"}),
    "HTML that says it is JSON": answer(body=HTML),
    "text": answer(body=b"upstream timed out"),
    "a bare number": answer(body=b"17"),
    "no Date": answer(headers={"Date": None}),
    "a Date that is none": answer(headers={"Date": "yesterday"}),
    "two lengths": answer(headers={"X": "1\r\nContent-Length: 3"}),
    "a negative length": answer(headers={"Content-Length": "-1"}),
    "not HTTP": raw(b"SSH-2.0-OpenSSH_9.7\r\n\r\n"),
}


@pytest.mark.parametrize("behaviour", PASSING.values(), ids=PASSING.keys())
async def test_what_may_pass_is_tried_again_until_it_has(leaflink, open_client, behaviour):
    leaflink.script = [behaviour, behaviour]

    async with open_client() as client:
        response = await client.get("products/", {"limit": "1"})

    assert response.body == PAGE
    assert client.stats.requests == len(leaflink.seen) == 3
    assert {request.target for request in leaflink.seen} == {"/api/v2/products/?limit=1"}


@pytest.mark.parametrize(
    "nothing", [answer(204, b"", {"Content-Length": None}), answer(body=b""), answer(body=b"null")]
)
async def test_an_empty_answer_is_believed_the_second_time_where_it_may_be_one(leaflink, open_client, nothing):
    leaflink.script = [nothing, answer(503), nothing, nothing]

    async with open_client() as client:
        with pytest.raises(NotFoundError):
            await client.get("products/", {}, may_be_empty=True)
        assert client.stats.requests == 3
        assert (await client.get("products/", {}, may_be_empty=True)).body == PAGE


@pytest.mark.parametrize("behaviour", [hang, cut_chunks(5), drip], ids=["silence", "a stop", "a drip"])
async def test_an_answer_that_takes_too_long_is_dropped_and_asked_for_again(leaflink, open_client, behaviour):
    leaflink.script = [behaviour]

    async with open_client(read=0.1, total=0.3) as client:
        assert (await client.get("products/", {})).body == PAGE


async def test_after_so_long_without_a_good_answer_the_client_gives_up(leaflink, open_client):
    leaflink.always = answer(503)

    async with open_client(give_up=0.4) as client:
        with pytest.raises(IncompleteError) as caught:
            await client.get("products/", {})
        tries = client.stats.requests

    said = str(caught.value)
    assert caught.value.exit_code == 4
    assert tries > 1
    assert len(leaflink.seen) == tries
    for part in (leaflink.host, "status 503", f"{tries} tries", "products/", "the last warehouse stays"):
        assert part in said


async def test_a_wait_that_the_server_asks_for_is_kept(leaflink, open_client):
    events = []
    leaflink.script = [answer(429, headers={"Retry-After": "0.05"}), answer(503, headers={"Retry-After": "0.04"})]

    async with open_client(on_event=events.append) as client:
        await client.get("products/", {})

    assert [event.wait_seconds for event in events[:2]] == [0.05, 0.04]


async def test_no_wait_goes_beyond_the_patience(leaflink, open_client):
    events = []
    leaflink.always = answer(503, headers={"Retry-After": "3600"})

    async with open_client(give_up=0.2, on_event=events.append) as client:
        with pytest.raises(IncompleteError):
            await client.get("products/", {})

    assert all(event.wait_seconds <= 0.2 for event in events)


async def test_one_throttled_request_holds_back_all_others(leaflink, open_client):
    now, waits = 0.0, []
    throttled = asyncio.Event()

    async def sleep(seconds: float) -> None:
        nonlocal now
        waits.append(seconds)
        now += seconds

    leaflink.script = [answer(429, headers={"Retry-After": "30"})]
    pacer = Pacer(rate_per_minute=0, clock=lambda: now, sleep=sleep)

    async with open_client(pacer=pacer, give_up=3600, on_event=lambda event: throttled.set()) as client:
        first = asyncio.create_task(client.get("products/", {}))
        await throttled.wait()
        first.cancel()
        await client.get("customers/", {})

    assert waits == [30]


async def test_a_refused_connection_is_given_up_early(open_client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"

        async with open_client(source=Source(f"http://{host}/", SecretStr(KEY)), give_up=3600) as client:
            with pytest.raises(IncompleteError, match=f"{host}: .*refused.* check LEAFLINK_BASE_URL"):
                await client.get("products/", {})


async def test_a_name_that_does_not_exist_is_given_up_early(open_client):
    source = Source(f"http://{'x' * 63}.{'y' * 63}.{'z' * 63}.{'q' * 63}.invalid/", SecretStr(KEY))

    async with open_client(source=source, give_up=3600) as client:
        with pytest.raises(IncompleteError, match="cannot be found: check LEAFLINK_BASE_URL"):
            await client.get("products/", {})


async def test_a_server_without_tls_is_given_up_early(open_client):
    async def answer_in_the_clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer_in_the_clear, "127.0.0.1", 0) as server:
        source = Source(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", SecretStr(KEY))

        async with open_client(source=source, give_up=3600) as client:
            with pytest.raises(IncompleteError, match="a secure connection that could not be made"):
                await client.get("products/", {})


@pytest.mark.parametrize(
    ("behaviour", "at_a_time"),
    [
        (answer(429, headers={"Retry-After": "0.01"}), 2),
        (answer(503), 2),
        (reset, 2),
        (cut(40), 2),
        (hang, 2),
        (answer(500), 4),
        (answer(body=HTML), 4),
    ],
    ids=["429", "503", "reset", "cut", "silence", "500", "HTML"],
)
async def test_an_overloaded_server_gets_fewer_requests_at_a_time(leaflink, open_client, behaviour, at_a_time):
    seen = []
    leaflink.script = [behaviour]

    async with open_client(read=0.5, on_event=lambda event: seen.append(client.concurrency)) as client:
        await client.get("products/", {})

    assert seen[0] == at_a_time


async def test_many_requests_through_many_faults_all_come_through(leaflink, open_client):
    faults = [fault for name, fault in PASSING.items() if name != "no Date"]
    leaflink.script = [behaviour for fault in faults for behaviour in (fault, answer(), answer())]

    async with open_client() as client:
        pages = await asyncio.gather(*(client.get("products/", {"offset": str(i)}) for i in range(100)))

    assert [page.body for page in pages] == [PAGE] * 100
    assert client.stats.requests == 100 + client.stats.retries
