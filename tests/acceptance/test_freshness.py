"""The nightly plan: fresh without trusting `modified`, and far cheaper than reading everything."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.jobs.extract import plan_extract
from pipeline.jobs.job import open_job
from pipeline.sandbox.trouble.wiggling import wiggle
from pipeline.settings import read_settings

from .nights import FIVE, NOW, ONLY, House, open_house


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hundred orders be worth asking for what changed only."""
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "10")


def differences(house: House) -> dict[str, list[object]]:
    return {name: found for name, key in FIVE.items() if (found := house.differences(name, key)[:3])}


async def test_changes_that_do_not_show_in_modified_arrive_the_same_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFHOUSE_TRAILING_DAYS", "400")
    async with open_house(tmp_path, monkeypatch, orders=80, only=ONLY) as house:
        await house.read()
        rng = random.Random(7)
        for _ in range(40):
            wiggle(house.sandbox, rng, touch=False)
        await house.read()

        assert differences(house) == {}


async def test_an_order_that_left_the_unpaid_list_is_asked_for_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=120, only=ONLY) as house:
        await house.read()
        old = (NOW - timedelta(days=100)).isoformat()
        unpaid = [row for row in house.sandbox.rows("orders_received") if not row["paid"] and row["created_on"] < old]
        ticked, deleted, *_ = (row["number"] for row in unpaid if row["status"] in ("Shipped", "Complete"))
        house.sandbox.edit_order(ticked, paid=True)
        house.sandbox.delete_order(deleted)
        manifest = await house.extract()
        house.merge()

        (orders,) = (read for read in manifest.resources if read.resource == "orders_received")
        assert orders.scope == "changed"
        assert deleted in orders.gone
        assert differences(house) == {}


async def test_a_vanished_payment_is_found_and_its_order_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=120, only=ONLY) as house:
        await house.read()
        keys = [row["id"] for row in house.sandbox.rows("order_payments")]
        house.sandbox.delete_payment(keys[3])
        house.sandbox.delete_payment(keys[len(keys) // 2])
        manifest = await house.extract()
        house.merge()

        (payments,) = (read for read in manifest.resources if read.resource == "order_payments")
        assert payments.scope == "changed"
        assert set(payments.gone) == {str(keys[3]), str(keys[len(keys) // 2])}
        assert differences(house) == {}


async def test_a_filter_that_does_nothing_has_everything_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignored = frozenset({("orders_received", "modified__gte"), ("orders_received", "created_on__gte")})
    async with open_house(tmp_path, monkeypatch, orders=120, only=ONLY, ignored_filters=ignored) as house:
        await house.read()
        wiggle(house.sandbox, random.Random(3), touch=True)
        manifest = await house.extract()
        house.merge()

        (orders,) = (read for read in manifest.resources if read.resource == "orders_received")
        assert orders.scope == "all"
        assert differences(house) == {}


@pytest.mark.every_resource
async def test_a_night_after_one_percent_changed_costs_at_most_a_third_and_the_plan_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "12")
    async with open_house(tmp_path, monkeypatch, orders=1_000) as house:
        first = await house.extract()
        house.merge()
        rng = random.Random(1)
        for row in rng.sample(list(house.sandbox.rows("orders_received")), 10):
            change_order(house, row, rng)
        job = open_job(read_settings())
        planned = plan_extract(job, job.companies[0], full=False, only=None).requests
        night = await house.extract()

        assert night.requests <= first.requests / 3
        assert night.requests <= planned * 1.2


def change_order(house: House, row: dict[str, object], rng: random.Random) -> None:
    """Change an order as one changes in a day: its notes, a line, or a payment."""
    number, lines = str(row["number"]), house.sandbox.lines_of(str(row["number"]))
    match rng.randrange(3):
        case 0 if lines:
            house.sandbox.remove_line(lines[0]["id"], modified=NOW)
        case 1 if not row["paid"]:
            house.sandbox.add_payment(number, 1_00, NOW, modified=NOW)
        case _:
            house.sandbox.edit_order(number, notes="changed", modified=NOW)
