"""Clocks that are wrong for one night: told, or nothing is committed; and every figure is right afterwards."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from pipeline.extract.clocks import ClocksApart
from pipeline.landing import Landing, Manifest
from pipeline.sandbox import Sandbox
from pipeline.sandbox.store.forms import instant, random_for
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView

from ..marks import long_from
from .nights import FIVE, NOW, ONLY, House, open_house, our_clock_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Ahead by so much another day has begun, behind by so much the last one is not over.
NEXT_DAY = 13 * HOUR
REFUSED = [("ours", 400 * DAY), ("the source's", -3 * DAY)]
OTHER_MARTS = ("ar_aging_by_customer", "brand_performance")


@dataclass
class SourceClock:
    """The clock of the sandbox's server: the sandbox's own, or so far ahead of it."""

    sandbox: Sandbox | None = None
    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        assert self.sandbox is not None
        return self.sandbox.now + self.ahead


@asynccontextmanager
async def clocked_house(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[House, SourceClock]]:
    clock = SourceClock()
    async with open_house(folder, monkeypatch, orders=40, only=ONLY, clock=clock) as house:
        clock.sandbox = house.sandbox
        yield house, clock


def change_a_customer(house: House) -> int:
    """Change a customer at the moment that the sandbox has come to, and return its id."""
    row = next(house.sandbox.rows("customers"))
    stamp = instant(house.sandbox.now, random_for(1, "clocks"))
    house.sandbox.put("customers", row | {"notes": f"changed at {stamp}", "modified": stamp})
    key: int = row["id"]
    return key


def stock(house: House) -> dict[int, Any]:
    return {row["id"]: row["quantity"] for row in house.raw("products").to_pylist()}


def closes(house: House) -> dict[date, dict[int, Any]]:
    found: dict[date, dict[int, Any]] = {}
    with closing(house.connect()) as con:
        query = "select day, product_id, quantity from history.inventory_daily"
        for day, product, quantity in con.execute(query).fetchall():
            found.setdefault(day, {})[product] = quantity
    return found


def figures(house: House) -> list[Any]:
    with closing(house.connect()) as con:
        return [
            con.execute(f"select * from marts.{mart} order by all").fetchall() for mart in ("ar_aging", *OTHER_MARTS)
        ]


def watermarks(manifest: Manifest) -> list[datetime]:
    found = [read.watermark for read in manifest.resources if read.watermark is not None]
    assert len(found) == 3
    return found


def committed(house: House) -> dict[Path, bytes]:
    paths = [house.data_dir / "warehouse.duckdb", *(house.data_dir / "landing" / "_manifests").iterdir()]
    return {path: path.read_bytes() for path in paths}


async def spoilt_night(house: House, clock: SourceClock, whose: str, ahead: timedelta) -> Manifest | str:
    """Extract while one of the clocks is wrong; return the run, or why nothing was committed."""
    clock.ahead = ahead if whose == "the source's" else timedelta()
    ours = our_clock_of(house.sandbox, ahead) if whose == "ours" else nullcontext()
    try:
        with ours:
            return await house.extract()
    except ClocksApart as error:
        return str(error)
    finally:
        clock.ahead = timedelta()


async def assert_a_week_later_every_figure_is_right(
    house: House, monkeypatch: pytest.MonkeyPatch, expected: dict[date, dict[int, Any]]
) -> None:
    house.sandbox.advance(house.sandbox.now + 7 * DAY)
    last = await house.extract()
    result = house.load()

    assert {read.resource: read.scope for read in last.resources}["orders_received"] == "all"
    assert last.warnings == ()
    assert result.as_of == house.sandbox.now.date() - DAY
    assert {name: found for name, key in FIVE.items() if (found := house.differences(name, key))} == {}
    assert closes(house) == expected | {result.as_of: stock(house)}
    runs = [manifest.run_id for manifest in Landing(house.data_dir / "landing").manifests()]
    assert runs[-1] == last.run_id
    monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(house.data_dir / "anew"))
    anew = House(house.sandbox, house.data_dir / "anew", ONLY)
    await anew.night()
    assert figures(house) == figures(anew)


async def assert_hours_off_are_told(
    house: House, clock: SourceClock, whose: str, ahead: timedelta, capsys: pytest.CaptureFixture[str]
) -> dict[date, dict[int, Any]]:
    """Spoil one of three nights, and return the stock at the close of the days that the warehouse has now."""
    first = await house.night()
    expected = {first.as_of: stock(house)}
    house.sandbox.advance(NOW + DAY)
    spoilt = await spoilt_night(house, clock, whose, ahead)
    told = house.load()

    assert isinstance(spoilt, Manifest)
    assert "The clocks are" in spoilt.warnings[0]
    assert f"{abs(ahead) / HOUR:.1f} hours apart" in spoilt.warnings[0]
    ExtractView(Output(as_json=False), "live").done(spoilt)
    assert f"Warning: {spoilt.warnings[0]}" in capsys.readouterr().out
    with closing(house.connect()) as con:
        query = "select warnings, known_at = server_time from meta.runs join meta.loads using (load_id) "
        assert con.execute(f"{query} order by run_id").fetchall()[-1] == (list(spoilt.warnings), True)
    assert max(watermarks(spoilt)) <= house.sandbox.now + timedelta(minutes=1)  # ours goes on meanwhile
    assert closes(house).keys() <= {first.as_of, first.as_of + DAY}

    house.sandbox.advance(NOW + DAY + HOUR)
    changed = change_a_customer(house)
    right = await house.extract()
    again = house.load()

    assert right.run_id > spoilt.run_id
    assert again.load_id > told.load_id
    assert right.warnings == ()
    assert again.as_of == first.as_of + DAY
    assert not [each for each in house.differences("customers", "id") if changed in each]
    expected[again.as_of] = stock(house)
    assert closes(house) == expected
    return expected


async def test_a_clock_that_is_hours_off_for_a_night_is_told_and_the_next_night_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with clocked_house(tmp_path, monkeypatch) as (house, clock):
        await assert_hours_off_are_told(house, clock, "the source's", NEXT_DAY, capsys)


@pytest.mark.marts(*OTHER_MARTS)
@pytest.mark.long
@pytest.mark.parametrize(("whose", "ahead"), [("the source's", NEXT_DAY), ("ours", -NEXT_DAY)], ids=str)
async def test_a_clock_that_is_hours_off_for_a_night_leaves_nothing_behind(
    whose: str, ahead: timedelta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with clocked_house(tmp_path, monkeypatch) as (house, clock):
        expected = await assert_hours_off_are_told(house, clock, whose, ahead, capsys)
        await assert_a_week_later_every_figure_is_right(house, monkeypatch, expected)


async def test_a_clock_that_is_days_off_for_a_night_commits_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clocked_house(tmp_path, monkeypatch) as (house, clock):
        await house.read()
        house.sandbox.advance(NOW + DAY)
        before = committed(house)

        for whose, ahead in REFUSED:
            error = await spoilt_night(house, clock, whose, ahead)

            assert isinstance(error, str)
            assert f"{abs(ahead).days} days apart" in error
            assert committed(house) == before
            assert list((house.data_dir / "landing").glob("_journal*")) == []


@pytest.mark.marts(*OTHER_MARTS)
@pytest.mark.long
@pytest.mark.parametrize(("whose", "ahead"), REFUSED, ids=str)
async def test_a_clock_that_is_days_off_for_a_night_commits_nothing_and_leaves_nothing_behind(
    whose: str, ahead: timedelta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clocked_house(tmp_path, monkeypatch) as (house, clock):
        first = await house.night()
        expected = {first.as_of: stock(house)}
        house.sandbox.advance(NOW + DAY)
        before = committed(house)
        error = await spoilt_night(house, clock, whose, ahead)

        assert isinstance(error, str)
        assert f"{abs(ahead).days} days apart" in error
        assert committed(house) == before
        assert list((house.data_dir / "landing").glob("_journal*")) == []

        house.sandbox.advance(NOW + DAY + HOUR)
        changed = change_a_customer(house)
        again = await house.night()

        assert again.as_of == first.as_of + DAY
        assert not [each for each in house.differences("customers", "id") if changed in each]
        expected[again.as_of] = stock(house)
        await assert_a_week_later_every_figure_is_right(house, monkeypatch, expected)


@pytest.mark.long
async def test_a_load_by_a_clock_that_is_a_year_ahead_is_followed_by_later_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clocked_house(tmp_path, monkeypatch) as (house, _):
        await house.extract()
        with our_clock_of(house.sandbox, 400 * DAY):
            first = house.load()
        second = house.load()
        house.sandbox.advance(NOW + DAY)
        third = await house.night()

        assert first.as_of == second.as_of == third.as_of - DAY
        assert first.load_id < second.load_id < third.load_id
        with closing(house.connect()) as con:
            assert con.execute("select load_id, known_at = $1 from meta.loads order by 1", [NOW]).fetchall() == [
                (first.load_id, True), (second.load_id, True), (third.load_id, False),
            ]  # fmt: skip


async def test_a_run_of_some_resources_dates_nothing_that_it_did_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with clocked_house(tmp_path, monkeypatch) as (house, _):
        first = await house.night()
        expected = {first.as_of: stock(house)}
        house.sandbox.advance(NOW + 3 * DAY)
        await house.extract(only="customers")
        partial = house.load()

        assert partial.as_of == first.as_of
        assert closes(house) == expected
        assert partial.outcome.kept_marts == first.outcome.kept_marts
        assert partial.intake.unread == [
            "line_items, order_payments, orders_received, products: not read since 2026-11-24 12:00 UTC; "
            "the marts know no later day."
        ]
        with closing(house.connect()) as con:
            ((known_at,),) = con.execute("select arg_max(known_at, load_id) from meta.loads").fetchall()
            assert known_at == NOW + 3 * DAY

        again = await house.night()
        assert again.as_of == first.as_of + 3 * DAY
        assert again.intake.unread == []
        assert closes(house) == expected | {again.as_of: stock(house)}


@dataclass
class Cache:
    """A cache before a server: once it `answers`, it gives what it has kept of `path`, with an `Age` or without."""

    target: str
    path: str
    gives_age: bool
    answers: bool = False
    hits: int = 0
    base_url: str = ""
    _kept: dict[str, tuple[bytes, int, dict[str, str]]] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.Response:
        url = str(request.rel_url)
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(f"{self.target}{url}", headers=request.headers) as answer,
        ):
            passed = ("Content-Type", "Content-Encoding", "Date")
            headers = {name: answer.headers[name] for name in passed if name in answer.headers}
            body, status = await answer.read(), answer.status
            now = parsedate_to_datetime(answer.headers["Date"])
        if self.answers and self.path in url and url in self._kept:
            self.hits += 1
            body, status, headers = self._kept[url]
            if self.gives_age:
                age = now - parsedate_to_datetime(headers["Date"])
                headers = headers | {"Age": str(int(age.total_seconds()))}
        else:
            self._kept[url] = body, status, headers
        return web.Response(body=body, status=status, headers=headers)


@asynccontextmanager
async def cached_house(
    folder: Path, monkeypatch: pytest.MonkeyPatch, path: str, *, gives_age: bool
) -> AsyncIterator[tuple[House, Cache]]:
    """Make a house that reads its sandbox through a cache."""
    async with clocked_house(folder, monkeypatch) as (house, _):
        host, root = os.environ["LEAFLINK_BASE_URL"].split("/api/")
        cache = Cache(host, path, gives_age)
        app = web.Application()
        app.router.add_get("/{path:.*}", cache.answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            monkeypatch.setenv("LEAFLINK_BASE_URL", f"http://127.0.0.1:{runner.addresses[0][1]}/api/{root}")
            yield house, cache
        finally:
            await runner.cleanup()


@pytest.mark.long
@pytest.mark.parametrize("gives_age", [False, True], ids=["without Age", "with Age"])
async def test_a_listing_from_a_cache_of_hours_ago_is_told_and_its_changes_come_with_the_next_run(
    gives_age: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cached_house(tmp_path, monkeypatch, "/customers/", gives_age=gives_age) as (house, cache):
        first = await house.night(full=True)
        house.sandbox.advance(NOW + 20 * HOUR)
        changed = change_a_customer(house)
        cache.answers = True
        old = await house.extract(full=True)
        told = house.load()
        cache.answers = False

        assert cache.hits > 0
        assert old.warnings[0].startswith("customers: answered from a cache")
        assert "20.0 hours behind" in old.warnings[0]
        reads = {read.resource: read for read in old.resources}
        assert reads["customers"].watermark == reads["customers"].server_time == NOW
        assert reads["products"].watermark == reads["orders_received"].watermark == NOW + 20 * HOUR
        assert abs(old.server_time - (NOW + 20 * HOUR)) < timedelta(minutes=1)
        assert told.as_of == first.as_of  # what needs the customers
        assert closes(house).keys() == {first.as_of, first.as_of + DAY}

        house.sandbox.advance(NOW + DAY)
        again = await house.night()
        assert again.as_of == first.as_of + DAY
        assert not [each for each in house.differences("customers", "id") if changed in each]


@pytest.mark.marts(*OTHER_MARTS)
@pytest.mark.long
@pytest.mark.parametrize(("path", "gives_age"), long_from(1, [("/products/", True), ("/customers/", False)]))
async def test_a_listing_from_a_cache_of_days_ago_commits_nothing_and_leaves_nothing_behind(
    path: str, gives_age: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cached_house(tmp_path, monkeypatch, path, gives_age=gives_age) as (house, cache):
        first = await house.night(full=True)
        expected = {first.as_of: stock(house)}
        house.sandbox.advance(NOW + 3 * DAY)
        cache.answers = True
        before = committed(house)

        with pytest.raises(ClocksApart, match=f"{path.strip('/')}: answered from a cache.* 3 days behind"):
            await house.extract(full=True)

        assert cache.hits > 0
        assert committed(house) == before
        cache.answers = False
        again = await house.night()
        assert again.as_of == first.as_of + 3 * DAY
        expected[again.as_of] = stock(house)
        await assert_a_week_later_every_figure_is_right(house, monkeypatch, expected)
