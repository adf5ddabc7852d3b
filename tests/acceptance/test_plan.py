"""`leafhouse plan`: what a run will ask, foretold by what the source counts, held against what the run then asks."""

import asyncio
import json
import random
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.datafolder.lock import DataLock
from pipeline.extract.plan import Way
from pipeline.jobs.job import open_job
from pipeline.jobs.plan import Foretold, foretell_companies
from pipeline.landing import Manifest
from pipeline.sandbox import Faults
from pipeline.sandbox.trouble.wiggling import wiggle
from pipeline.settings import read_settings

from . import commands, nights
from .nights import House, open_house

MOST_OFF, FEW_REQUESTS = 0.1, 5


async def foretell(*, full: bool = False, only: str | None = None) -> Foretold:
    (foretold,) = (await foretell_companies(open_job(read_settings()), full=full, only=only)).values()
    return foretold


async def both(house: House, *, full: bool = False) -> tuple[Foretold, Manifest]:
    """Return what is foretold of a night, and the night."""
    return await foretell(full=full, only=house.only), await house.extract(full=full)


def assert_foretold(foretold: Foretold, night: Manifest) -> None:
    off = abs(foretold.forecast.requests - night.requests)
    by_resource = {read.resource: read.requests for read in night.resources}
    steps = {name: step.requests for name, step in foretold.forecast.plan.steps.items()}
    assert off <= max(FEW_REQUESTS, MOST_OFF * night.requests), f"{steps} {by_resource}"
    assert foretold.forecast.uncounted == {}


@pytest.mark.every_resource
@pytest.mark.parametrize(
    ("orders", "page_size"),
    [(150, 20), *(pytest.param(*each, marks=pytest.mark.long) for each in [(300, 100), (3_000, 100), (20_000, 100)])],
)
async def test_the_first_night_and_the_next_ones_ask_what_was_foretold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orders: int, page_size: int
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", str(page_size))
    async with open_house(tmp_path, monkeypatch, orders=orders) as house:
        assert_foretold(*await both(house))
        for full in (False, True):
            house.sandbox.advance(house.sandbox.now + timedelta(days=1))
            assert_foretold(*await both(house, full=full))


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 8))])
async def test_what_comes_and_goes_is_foretold_in_lists_that_are_read_from_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "10")
    async with open_house(tmp_path, monkeypatch, orders=200, seed=seed, only=nights.ONLY) as house:
        await house.extract()
        rng = random.Random(seed)
        for _ in range(12):
            wiggle(house.sandbox, rng, touch=True)
        payments = [row["id"] for row in house.sandbox.rows("order_payments")]
        house.sandbox.delete_payment(rng.choice(payments))

        foretold, night = await both(house)

        assert foretold.forecast.plan.steps["order_payments"].way is Way.TAIL
        assert_foretold(foretold, night)


async def test_a_source_that_gives_fewer_rows_in_a_page_is_foretold_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "1000")
    async with open_house(tmp_path, monkeypatch, orders=120, only=nights.ONLY, max_limit=20) as house:
        assert_foretold(*await both(house))


@pytest.mark.every_resource
async def test_what_takes_a_request_for_each_order_is_counted_by_the_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = "orders_received,orders_received_comments"
    async with open_house(tmp_path, monkeypatch, orders=30, only=only) as house:
        first, _ = await both(house)
        for number in [row["number"] for row in house.sandbox.rows("orders_received")][:3]:
            house.sandbox.edit_order(number, notes="Call first.", modified=house.sandbox.now + timedelta(hours=1))
        second, night = await both(house)

        steps = [each.forecast.plan.steps["orders_received_comments"] for each in (first, second)]
        assert [(step.way, step.requests) for step in steps] == [(Way.EVERYTHING, 30), (Way.BY_PARENT, 3)]
        assert_foretold(second, night)


async def test_what_is_refused_or_not_offered_takes_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = {"forbidden": {"order_payments"}, "not_offered": {"products"}}
    async with open_house(tmp_path, monkeypatch, orders=20, only=nights.ONLY, **hidden) as house:
        foretold, night = await both(house)

        steps = foretold.forecast.plan.steps
        assert (steps["order_payments"].requests, steps["products"].requests) == (1, 1)
        assert_foretold(foretold, night)


async def test_a_filter_that_does_nothing_is_foretold_to_cost_no_less_than_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "10")
    ignored = frozenset({("orders_received", "modified__gte"), ("orders_received", "created_on__gte")})
    async with open_house(tmp_path, monkeypatch, orders=120, only=nights.ONLY, ignored_filters=ignored) as house:
        await house.extract()

        foretold, night = await both(house)

        assert foretold.forecast.requests >= night.requests
        assert foretold.forecast.uncounted == {}


async def test_a_plan_waits_for_nobody_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=20, only=nights.ONLY) as house:
        await house.read()
        before = {path: path.read_bytes() for path in house.data_dir.rglob("*") if path.is_file()}
        with DataLock(house.data_dir, "extract"):
            locked = {path: path.read_bytes() for path in house.data_dir.rglob("*") if path.is_file()}
            await foretell(only=house.only)
            after = {path: path.read_bytes() for path in house.data_dir.rglob("*") if path.is_file()}

        assert after == locked
        assert before.keys() <= after.keys()


async def test_a_source_that_does_not_answer_is_said_and_the_plan_is_judged_by_what_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=20, faults=Faults({"503": 1.0})) as house:
        home = commands.House(tmp_path, read_settings().base_url or "", {"LEAFHOUSE_DATA_DIR": str(house.data_dir)})
        settings = {"LEAFLINK_API_KEY": nights.KEY, "LEAFLINK_GIVE_UP_SECONDS": "0.3"}
        shown = await asyncio.to_thread(home.run, "plan", "--only", nights.ONLY, **settings)
        read = await asyncio.to_thread(home.run, "plan", "--only", nights.ONLY, "--json", **settings)

    document = json.loads(read.stdout)
    assert (shown.code, read.code) == (0, 0)
    assert shown.stdout.count("Not counted, so judged by what is held: ") == 1
    assert "as far as is known" in shown.stdout
    assert document["uncounted"].keys() >= set(nights.FIVE) - {"line_items"}
    assert document["requests"] == 1 + sum(step["requests"] for step in document["steps"])


async def test_a_key_that_is_wrong_ends_a_plan_as_it_ends_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=10) as house:
        home = commands.House(tmp_path, read_settings().base_url or "", {"LEAFHOUSE_DATA_DIR": str(house.data_dir)})
        refused = await asyncio.to_thread(home.run, "plan", LEAFLINK_API_KEY="another")

    assert refused.code == 3
    assert "does not know the key" in refused.stderr
