"""Each fault of a request really happens as it is named, over real HTTP, on schedule."""

import asyncio
import gzip
import json
from collections import Counter
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from pipeline.errors import UsageError
from pipeline.sandbox import Faults, Sandbox, serve
from pipeline.sandbox.trouble.faults import REQUEST_FAULTS, ROW_FAULTS

from .conftest import NOW, Client, client_of
from .raw import Raw, ask_raw

PATH = "line-items/?limit=20&offset=40"
WHOLE = "customers/?limit=100"  # all of them: the page holds no address, and is the same from every server


def always(fault: str, **settings: Any) -> Faults:
    return Faults({fault: 1.0}, hang_seconds=0.2, **settings)


async def raw_answer(sandbox: Sandbox, fault: str | None, path: str = WHOLE) -> Raw:
    """Return the answer of a server where every request has the fault."""
    faults = always(fault) if fault else Faults()
    async with serve(sandbox, faults=faults, clock=lambda: NOW) as base:
        return await ask_raw(base, path)


async def page_with(sandbox: Sandbox, fault: str, path: str = PATH) -> Any:
    async with client_of(sandbox, faults=always(fault)) as client:
        return await client.get(path)


def test_a_schedule_is_read_from_text():
    faults = Faults.parse("429:0.05, 500:0.02,reset:0.01,seed=7,until=200,hang-seconds=2.5,elsewhere=http://other:81/")

    assert faults.rates == {"429": 0.05, "500": 0.02, "reset": 0.01}
    assert (faults.seed, faults.until, faults.hang_seconds, faults.elsewhere) == (7, 200, 2.5, "http://other:81")
    assert Faults.parse("") == Faults()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("unplugged:0.1", "no fault 'unplugged'. There are: 429, "),
        ("reset", "cannot use 'reset'"),
        ("reset:often", "'often' is not a number"),
        ("reset:1.5", "rate of reset is 1.5"),
        ("reset:nan", "rate of reset is nan"),
        ("reset:-0.1", "rate of reset is -0.1"),
        ("reset:0.1,reset:0.2", "names reset twice"),
        ("reset:0.6,500:0.6", "add up to 1.2 faults a request"),
        ("nan:0.6,nul:0.6", "add up to 1.2 faults a row"),
        ("sead=7", "no setting 'sead'. There are: seed, "),
        ("seed=x", "'x' is not a whole number"),
        ("until=-1", "0 or more"),
        ("hang-seconds=inf", "from 0 to"),
        ("elsewhere=nowhere", "Write scheme and host"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_with_the_reason(text: str, reason: str):
    with pytest.raises(UsageError) as refusal:
        Faults.parse(text)

    assert reason in str(refusal.value)


def test_a_schedule_is_the_same_from_the_same_seed_and_keeps_its_rates():
    rates = dict.fromkeys(REQUEST_FAULTS, 0.03)

    faults = [Faults(rates, seed=4).at(number) for number in range(1, 4001)]

    assert faults == [Faults(rates, seed=4).at(number) for number in range(1, 4001)]
    assert faults != [Faults(rates, seed=5).at(number) for number in range(1, 4001)]
    counts = Counter(faults)
    assert all(80 < counts[name] < 160 for name in REQUEST_FAULTS), counts


def test_a_schedule_ends():
    faults = Faults({"500": 1.0, "nan": 1.0}, until=3)

    assert [faults.at(number) for number in range(1, 6)] == ["500"] * 3 + [None] * 2
    assert [faults.turn(number).has_bad_rows for number in (3, 4)] == [True, False]


async def test_the_server_follows_the_schedule_and_is_well_afterwards(shared: Sandbox):
    faults = Faults({"500": 0.3, "503": 0.3}, seed=11, until=12)
    expected = [int(faults.at(number) or 200) for number in range(1, 21)]

    async with client_of(shared, faults=faults) as client:
        seen = [(await client.ask("customers/?limit=1"))[0] for _ in expected]

    assert seen == expected
    assert set(seen[:12]) == {200, 500, 503}
    assert set(seen[12:]) == {200}


async def test_no_fault_comes_before_the_key_is_checked(shared: Sandbox):
    async with client_of(shared, faults=always("500")) as client:
        assert (await client.ask("customers/", key="App wrong"))[0] == 401


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        ("429", "1"),
        ("429-none", None),
        ("429-garbage", "soon, please"),
        ("429-past", NOW - timedelta(hours=1)),
        ("429-date", NOW + timedelta(seconds=1)),
    ],
)
async def test_429_says_when_to_come_again_or_does_not(shared: Sandbox, fault: str, retry_after: Any):
    answer = await raw_answer(shared, fault)

    assert answer.status == 429
    value: Any = answer.headers.get("retry-after")
    assert (parsedate_to_datetime(value) if isinstance(retry_after, type(NOW)) else value) == retry_after


@pytest.mark.parametrize(
    ("fault", "status", "content_type", "start"),
    [
        ("500", 500, "application/json", b'{"detail"'),
        ("502-html", 502, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("503", 503, "application/json", b'{"detail"'),
        ("504", 504, None, b""),
        ("html-200", 200, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
    ],
)
async def test_an_answer_that_is_none(shared: Sandbox, fault: str, status: int, content_type: Any, start: bytes):
    answer = await raw_answer(shared, fault)

    assert (answer.status, answer.headers.get("content-type")) == (status, content_type)
    assert answer.body.startswith(start)
    assert bool(answer.body) == bool(start)


@pytest.mark.parametrize("fault", ["reset", "hang"])
async def test_a_connection_is_reset_before_an_answer(shared: Sandbox, fault: str):
    answer = await raw_answer(shared, fault)

    assert (answer.status, answer.body, answer.was_reset) == (0, b"", True)


async def test_a_hanging_answer_does_not_come_and_does_not_keep_the_server_from_stopping(shared: Sandbox):
    async with serve(shared, faults=Faults({"hang": 1.0}, hang_seconds=3600)) as base:
        with pytest.raises(TimeoutError):
            await ask_raw(base, PATH, wait_seconds=0.05)


async def test_a_connection_is_reset_midway(shared: Sandbox):
    whole = await raw_answer(shared, None)
    answer = await raw_answer(shared, "reset-midway")

    assert answer.was_reset
    assert whole.body.startswith(answer.body)
    assert len(answer.body) <= len(whole.body) // 2


async def test_a_truncated_body_is_shorter_than_its_promise(shared: Sandbox):
    whole = await raw_answer(shared, None)
    answer = await raw_answer(shared, "truncate")

    assert (answer.status, answer.was_reset) == (200, False)
    assert int(answer.headers["content-length"]) == len(whole.body) > len(answer.body) > 0
    assert whole.body.startswith(answer.body)


async def test_short_json_keeps_its_promise_but_is_no_json(shared: Sandbox):
    answer = await raw_answer(shared, "short-json")

    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.body.startswith(b'{"count":')
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


async def test_a_drip_is_a_few_bytes_of_the_body(shared: Sandbox):
    answer = await raw_answer(shared, "drip")

    assert answer.body.startswith(b'{"count":')
    assert len(answer.body) == 20 < int(answer.headers["content-length"])


async def test_a_client_that_leaves_a_drip_is_no_error_of_the_server(shared: Sandbox, caplog: pytest.LogCaptureFixture):
    async with serve(shared, faults=always("drip")) as base:
        with pytest.raises(TimeoutError):
            await ask_raw(base, WHOLE, wait_seconds=0.05)
        await asyncio.sleep(0.3)  # longer than the drip

    assert not caplog.records


async def test_an_empty_page_looks_like_the_end(shared: Sandbox):
    page = await page_with(shared, "empty-page")

    assert (page["results"], page["next"], page["count"]) == ([], None, shared.count("line_items"))


async def test_a_wrong_count_is_larger_than_what_comes(shared: Sandbox):
    async with client_of(shared, faults=always("wrong-count")) as client:
        rows = await client.everything("customers/?limit=100")
        assert (await client.get("customers/"))["count"] > len(rows) == shared.count("customers")


async def test_next_can_repeat_this_page(shared: Sandbox, client: Client):
    page = await page_with(shared, "repeat-next")

    assert page["next"].endswith(PATH)
    assert page["results"] == (await client.get(PATH))["results"]


async def test_a_page_can_be_the_one_before(shared: Sandbox, client: Client):
    page, right = await page_with(shared, "same-page"), await client.get(PATH)

    assert page["results"] == (await client.get("line-items/?limit=20&offset=20"))["results"]
    assert page["next"].partition("?")[2] == right["next"].partition("?")[2]


async def test_a_clamped_page_has_fewer_rows_and_next_goes_on_after_them(shared: Sandbox):
    async with client_of(shared, faults=always("clamp")) as client:
        page = await client.get(PATH)
        assert len(page["results"]) == 10
        assert page["next"].endswith("limit=10&offset=50")
        assert await client.everything("customers/?limit=100") == list(shared.rows("customers"))


async def test_a_redirect_points_elsewhere(shared: Sandbox):
    answer = await raw_answer(shared, "redirect", PATH)

    assert (answer.status, answer.headers["location"]) == (302, f"https://elsewhere.invalid/api/v2/{PATH}")


async def test_next_can_point_elsewhere(shared: Sandbox, client: Client):
    page, right = await page_with(shared, "next-elsewhere"), await client.get(PATH)

    assert page["next"] == right["next"].replace(client.base, "https://elsewhere.invalid/api/v2/")
    assert page["results"] == right["results"]


async def test_elsewhere_can_be_chosen(shared: Sandbox):
    async with client_of(shared, faults=always("next-elsewhere", elsewhere="http://localhost:81")) as client:
        assert (await client.get(PATH))["next"].startswith("http://localhost:81/api/v2/line-items/?")


async def test_a_wrong_charset_is_not_that_of_the_body(shared: Sandbox):
    whole = await raw_answer(shared, None)
    answer = await raw_answer(shared, "wrong-charset")

    assert answer.headers["content-type"] == "application/json; charset=iso-8859-1"
    assert answer.body == whole.body
    assert answer.body.decode() != answer.body.decode("iso-8859-1")


async def test_a_filter_can_be_ignored(shared: Sandbox, client: Client):
    path = "orders-received/?limit=50&status=draft"
    page, right = await page_with(shared, "ignored-filter", path), await client.get(path)

    assert page["count"] == shared.count("orders_received") > right["count"]
    assert {row["status"] for row in page["results"]} > {"Draft"}


async def test_a_bomb_is_small_in_transit(shared: Sandbox):
    answer = await raw_answer(shared, "bomb")

    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(answer.body)) == 64 * 2**20 >= 1000 * len(answer.body)


async def test_every_fault_leaves_the_server_answering_the_next_request(shared: Sandbox):
    for fault in (*REQUEST_FAULTS, *ROW_FAULTS):
        async with serve(shared, faults=always(fault, until=1)) as base, aiohttp.ClientSession() as session:
            await ask_raw(base, "customers/?limit=2")
            async with session.get(f"{base}customers/?limit=2", headers={"Authorization": "App sandbox"}) as response:
                assert (await response.json())["results"] == list(shared.rows("customers"))[:2]
