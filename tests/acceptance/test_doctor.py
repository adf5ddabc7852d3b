"""`leafhouse doctor`: what a key can see, the data folder, what to fix, and the exit code of the night to come."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.datafolder.lock import DataLock
from pipeline.jobs.diagnosis import Diagnosis
from pipeline.jobs.doctor import diagnose, granted_rate
from pipeline.jobs.job import open_job
from pipeline.sandbox import Faults
from pipeline.sandbox.world.tables import TABLES
from pipeline.settings import Settings, read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.doctor_view import show_diagnosis

from . import commands, nights
from .nights import open_house, our_clock_of

FORBIDDEN = {"order_payments", "products", "customers"}


async def examine() -> Diagnosis:
    return await diagnose(open_job(read_settings()))


async def test_what_is_forbidden_is_named_with_what_to_do_and_all_else_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=40, forbidden=FORBIDDEN) as house:
        home = commands.House(tmp_path, "", {"LEAFHOUSE_DATA_DIR": str(house.data_dir)})
        base_url = read_settings().base_url
        shown = await asyncio.to_thread(home.run, "doctor", LEAFLINK_BASE_URL=base_url, LEAFLINK_API_KEY=nights.KEY)
        diagnosis = await examine()

        assert shown.code == diagnosis.exit_code == 5
        (key,) = diagnosis.keys
        assert {sight.resource for sight in key.sights if sight.state == "refused"} == FORBIDDEN
        counted = {sight.resource: sight.rows for sight in key.sights if sight.state == "ok"}
        assert counted == {name: house.sandbox.count(name) for name in counted}
        assert {"orders_received", "line_items"} <= counted.keys()
        for name in FORBIDDEN:
            fix = f"{name}: give the key the permission for it at LeafLink"
            assert any(fix in each for each in diagnosis.fixes)
            assert fix in shown.stdout
        assert nights.KEY not in shown.stdout + shown.stderr


@pytest.mark.every_resource
async def test_what_is_asked_for_order_by_order_is_asked_for_one_where_it_is_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments, deliveries = "orders_received_comments", "orders_delivery_information"
    monkeypatch.setenv("LEAFHOUSE_ALSO", f"{comments},{deliveries}")
    async with open_house(tmp_path, monkeypatch, orders=10, forbidden={comments}):
        diagnosis = await examine()

        states = {sight.resource: sight.state for sight in diagnosis.keys[0].sights}
        assert (states[comments], states[deliveries]) == ("refused", "ok")
        assert diagnosis.exit_code == 5


async def test_the_companies_are_named_or_else_told_by_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbidden: set[str] = set()
    async with open_house(tmp_path, monkeypatch, orders=40, forbidden=forbidden) as house:
        (named,) = (await examine()).keys
        forbidden.add("companies")
        (told,) = (await examine()).keys

        assert set(named.sees) == {row["name"] for row in house.sandbox.rows("companies")}
        sellers = {f"company {row['seller']}, by its rows" for row in house.sandbox.rows("orders_received")}
        assert set(told.sees) & sellers


async def test_a_wrong_key_is_3_and_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=10):
        monkeypatch.setenv("LEAFLINK_API_KEY", "another-key")
        diagnosis = await examine()

        assert diagnosis.exit_code == 3
        (fix, *_) = diagnosis.fixes
        assert "does not know the key" in fix
        assert "another-key" not in str(diagnosis)


@pytest.mark.parametrize(
    ("hidden", "says"), [("forbidden", "LEAFLINK_AUTH_SCHEME"), ("not_offered", "LEAFLINK_BASE_URL")]
)
async def test_a_key_or_an_address_that_shows_nothing_is_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: str, says: str
) -> None:
    everything = set(TABLES) | {"listing_states"}
    monkeypatch.setattr("pipeline.jobs.doctor.selected", _only_served)
    async with open_house(tmp_path, monkeypatch, orders=10, **{hidden: everything}):
        diagnosis = await examine()

        assert diagnosis.exit_code == 3
        assert says in diagnosis.fixes[0]


def _only_served(names: object, wanted: object, also: object) -> dict[str, object]:
    from pipeline.extract.selection import selected

    return {name: resource for name, resource in selected(None).items() if name in TABLES}


@pytest.mark.every_resource
async def test_what_an_extract_would_refuse_is_3_too_beside_what_the_key_can_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=10, only="products") as house:
        await house.night()
        monkeypatch.setenv("LEAFHOUSE_PII", "drop")
        diagnosis = await examine()

        assert diagnosis.exit_code == 3
        assert any("run `leafhouse extract --full`" in fix for fix in diagnosis.fixes)
        assert {sight.state for sight in diagnosis.keys[0].sights} == {"ok", "not offered"}


async def test_a_source_that_does_not_answer_is_4_and_why_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEAFLINK_GIVE_UP_SECONDS", "0.3")
    async with open_house(tmp_path, monkeypatch, orders=10, faults=Faults({"503": 1.0})):
        diagnosis = await examine()

        assert diagnosis.exit_code == 4
        assert {sight.state for sight in diagnosis.keys[0].sights} == {"unreachable"}
        show_diagnosis(Output(as_json=False), diagnosis)
        assert capsys.readouterr().out.count("status 503") == 1


async def test_the_folder_is_told_with_what_waits_and_who_is_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=10) as house:
        empty = await examine()
        run = await house.extract()
        landed = await examine()
        house.load()
        with DataLock(house.data_dir, "extract"):
            held = await examine()
        loaded = await examine()

        assert (empty.belongs_to, empty.folder.published_at) == (None, None)
        assert any("there is no warehouse yet" in fix for fix in empty.fixes)
        assert landed.belongs_to == "live"
        assert landed.folder.unloaded_runs == (run.run_id,)
        assert any("not loaded" in fix for fix in landed.fixes)
        assert "`leafhouse extract`" in str(held.folder.holder)
        assert loaded.folder.holder is None
        assert loaded.folder.unloaded_runs == ()
        assert loaded.folder.warehouse_bytes == (house.data_dir / "warehouse.duckdb").stat().st_size
        assert not any(str(house.data_dir) in fix for fix in loaded.fixes)


async def test_clocks_that_are_apart_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=10) as house:
        with our_clock_of(house.sandbox, timedelta(hours=-2)):
            (key,) = (diagnosis := await examine()).keys

        assert key.clock_seconds == pytest.approx(7200, abs=60)
        assert any("Set the clock of this machine" in fix for fix in diagnosis.fixes)
        assert diagnosis.exit_code == 0


def test_a_damaged_warehouse_is_told_and_nothing_else_suffers(empty: commands.House) -> None:
    empty.data.mkdir(mode=0o700)
    empty.warehouse.write_bytes(b"not a database" * 900)

    outcome = empty.run("doctor")

    assert outcome.code == 3
    assert "damaged" in outcome.stdout
    assert "orders_received             ok" in outcome.stdout


def test_the_sandbox_has_a_doctor_too_who_moves_nothing(empty: commands.House) -> None:
    asked = {"LEAFLINK_BASE_URL": None, "LEAFLINK_API_KEY": None, "LEAFHOUSE_SANDBOX": "1"}
    first, second = [empty.run("doctor", "--json", **asked) for _ in range(2)]

    assert (first.code, second.code) == (0, 0)
    (before,), (after,) = json.loads(first.stdout)["keys"], json.loads(second.stdout)["keys"]
    assert before["sights"] == after["sights"]
    assert {each["resource"]: each["rows"] for each in before["sights"]}["orders_received"] == 1_200
    assert empty.run("doctor", **asked).stdout.splitlines()[0].startswith("default: http://127.0.0.1:")


@pytest.mark.parametrize(
    ("headers", "rate", "says"),
    [
        ({"RateLimit-Limit": "300", "RateLimit-Remaining": "7"}, 300, "RateLimit-Limit: 300, RateLimit-Remaining: 7"),
        ({}, 300, "no header tells; the settings allow 300 requests a minute, 1,000 at once"),
        ({}, 0, "no header tells; the settings set no limit"),
    ],
)
def test_the_rate_is_what_the_api_says_or_else_what_is_set(headers: dict[str, str], rate: int, says: str) -> None:
    assert granted_rate(headers, Settings(LEAFLINK_RATE_PER_MINUTE=rate)) == says  # type: ignore[call-arg]
