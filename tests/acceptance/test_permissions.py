"""What a key may not see: its rows stay, all else is exact, and nothing is computed from what did not come."""

import asyncio
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.jobs.load_result import LoadResult
from pipeline.resources import all_resources
from pipeline.sandbox.world.tables import TABLES
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.load_view import LoadView
from pipeline.terminal.status_view import show_status
from pipeline.warehouse.status import read_status

from ..marks import long_from
from . import commands
from .nights import KEY, ONLY, House, open_house

pytestmark = pytest.mark.marts(
    "brand_performance", "collections", "dim_date", "fct_order_lines", "fct_payments", "orders_report", "sell_through"
)

FORBIDDEN = {"order_payments", "products", "customers"}
# What needs payments, and what does not.
OF_PAYMENTS = {"ar_aging", "ar_aging_by_customer", "collections", "fct_orders", "fct_payments", "orders_report"}
OF_LINES = {"brand_performance", "fct_order_lines", "sell_through"}


async def later(house: House, *, days: int = 1) -> LoadResult:
    """Move the source on, and run the night of that day."""
    house.sandbox.advance(house.sandbox.now + timedelta(days=days))
    return await house.night(full=True)


def ask(house: House, query: str) -> list[tuple[Any, ...]]:
    con = house.connect()
    try:
        return con.sql(query).fetchall()
    finally:
        con.close()


def marts(house: House) -> dict[str, list[tuple[Any, ...]]]:
    return {mart: ask(house, f"select * from marts.{mart} order by all") for mart in OF_PAYMENTS}


def kept(result: LoadResult) -> dict[str, tuple[date | None, str]]:
    """Return the marts that were not made anew, with the day that they are of and the reason."""
    return {each.name.removeprefix("marts."): (each.as_of, each.reason) for each in result.outcome.kept_marts}


@pytest.mark.every_resource
async def test_three_forbidden_resources_keep_their_rows_and_all_others_are_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden: set[str] = set()
    async with open_house(tmp_path, monkeypatch, orders=25, forbidden=forbidden) as house:
        await house.night()
        before = {name: house.raw(name) for name in FORBIDDEN}
        forbidden |= FORBIDDEN
        house.sandbox.advance(house.sandbox.now + timedelta(days=1))
        home = commands.House(tmp_path, str(read_settings().base_url), {"LEAFHOUSE_DATA_DIR": str(house.data_dir)})

        done = await asyncio.to_thread(home.run, "run", "--full", LEAFLINK_API_KEY=KEY)

        assert done.code == 5, done
        for name in FORBIDDEN:
            assert f"{name}: {name.replace('_', '-')}/: refused by" in done.stdout
        assert {name: house.raw(name) for name in FORBIDDEN} == before
        for name in TABLES.keys() - FORBIDDEN:
            assert house.differences(name, all_resources()[name].key) == [], name


async def test_refused_payments_do_not_make_everything_look_unpaid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden: set[str] = set()
    async with open_house(tmp_path, monkeypatch, orders=25, only=ONLY, forbidden=forbidden) as house:
        first = await house.night()
        before = marts(house)
        forbidden.add("order_payments")

        second = await later(house, days=3)

        assert second.as_of > first.as_of
        assert marts(house) == before
        reason = "order_payments was refused"
        assert {mart: kept(second).get(mart) for mart in OF_PAYMENTS | OF_LINES} == (
            dict.fromkeys(OF_PAYMENTS, (first.as_of, reason)) | dict.fromkeys(OF_LINES)
        )
        assert [(each.as_of, each.open_balance) for each in second.outcome.headlines] == [
            (each.as_of, each.open_balance) for each in first.outcome.headlines
        ]
        assert ask(
            house,
            "select model, load_id, as_of, kept_because, _company from meta.models "
            "where model in ('marts.ar_aging', 'marts.dim_date') order by all",
        ) == [
            ("marts.ar_aging", first.load_id, first.as_of, reason, "default"),
            ("marts.dim_date", second.load_id, second.as_of, None, "default"),
        ]

        forbidden.clear()
        third = await later(house)

        assert kept(third) == kept(first)
        assert marts(house) != before


@pytest.mark.long
async def test_marts_stay_as_they_are_for_as_many_nights_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden: set[str] = set()
    async with open_house(tmp_path, monkeypatch, orders=25, only=ONLY, forbidden=forbidden) as house:
        first = await house.night()
        forbidden.add("products")
        await later(house)
        again = house.load()
        third = await later(house)

        for result in (again, third):
            assert {kept(result).get(mart) for mart in OF_LINES} == {(first.as_of, "products was refused")}
            assert "fct_payments" not in kept(result)
        assert ask(house, "select distinct as_of from marts.fct_payments") == [(third.as_of,)]
        # The stock that is held is not that of a day on which nobody was let look.
        assert ask(house, "select distinct day from history.inventory_daily") == [(first.as_of,)]


@pytest.mark.parametrize("never", long_from(2, ["forbidden", "not asked for", "not_offered"]))
async def test_marts_are_not_made_from_what_never_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, never: str
) -> None:
    server: dict[str, Any] = {} if never == "not asked for" else {never: {"order_payments"}}
    async with open_house(tmp_path, monkeypatch, orders=25, only=ONLY, **server) as house:
        await house.extract(only="orders-received,line-items,customers,products" if never == "not asked for" else None)
        result = house.load()

        assert kept(result).keys() & (OF_PAYMENTS | OF_LINES) == OF_PAYMENTS
        made = {name for (name,) in ask(house, "select table_name from duckdb_tables() where schema_name = 'marts'")}
        assert made & OF_PAYMENTS == set()
        assert result.outcome.headlines == []
        assert bool(result.intake.refused) == (never == "forbidden")


async def test_audits_of_what_was_not_made_are_skipped_and_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=25, only=ONLY, forbidden={"order_payments"}) as house:
        result = await house.night()

        LoadView(Output(as_json=False)).done(result)

        skipped = {each.audit_id for each in result.outcome.audits if each.skipped is not None}
        assert {"open_balance", "payment_sanity"} <= skipped
        assert not {"raw_keys", "mart_keys", "completeness", "orphan_lines_without_order"} & skipped
        assert set(ask(house, "select audit_id from audit.results where failures is null and skipped is not null")) == {
            (each,) for each in skipped
        }
        shown = capsys.readouterr().out
        assert re.search(r"^  not made, since order_payments was refused: ar_aging, ", shown, re.MULTILINE)
        assert f"{len(skipped)} skipped" in shown
        assert "passed" in shown


async def test_a_kept_mart_is_shown_with_the_day_that_it_is_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forbidden: set[str] = set()
    async with open_house(tmp_path, monkeypatch, orders=25, only=ONLY, forbidden=forbidden) as house:
        first = await house.night()
        forbidden.add("order_payments")
        result = await later(house, days=2)

        LoadView(Output(as_json=False)).done(result)
        show_status(Output(as_json=False), read_status(house.data_dir, all_resources()))

        shown, status = capsys.readouterr().out.split("Published ")
        for told in (shown, status):
            line = f"kept as of {first.as_of}, since order_payments was refused: ar_aging, ar_aging_by_customer, "
            assert line in told
        assert f"Open receivables on {first.as_of}: " in shown
        assert f"Open receivables on {result.as_of}: " not in shown
        assert {each["name"]: each["as_of"] for each in result.as_document()["kept"]}["marts.ar_aging"] == first.as_of
