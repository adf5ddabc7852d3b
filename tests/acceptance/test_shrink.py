"""A night after which too much seems to be gone: stopped with 4, and put right by the next, or by who knows better."""

import hashlib
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import anyio.to_thread
import pyarrow.parquet as pq
import pytest

import pipeline
from pipeline import cli
from pipeline.errors import IncompleteError
from pipeline.jobs.extract import plan_extract
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load
from pipeline.jobs.load_result import LoadResult
from pipeline.jobs.run import run
from pipeline.landing import Landing, Manifest
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView
from tests.forked import run_forked

from ..marks import long_from
from . import commands, nights
from .nights import NOW
from .vanishing import KEYS, MANY, some, some_orders, vanish

ONLY = ",".join(KEYS)

WAYS = {
    "orders_received": lambda sandbox: some_orders(sandbox),
    "order_payments": lambda sandbox: some(sandbox, "order_payments"),
    "customers": lambda sandbox: some(sandbox, "customers", sandbox.count("customers")),
    "line_items": lambda sandbox: some(sandbox, "line_items"),
    "brands": lambda sandbox: some(sandbox, "brands", 6),
}


def differences(house: nights.House) -> dict[str, list[object]]:
    return {name: found for name, key in KEYS.items() if (found := house.differences(name, key)[:3])}


def landing(house: nights.House) -> Landing:
    return Landing(house.data_dir / "landing")


def set_aside(house: nights.House) -> list[str]:
    return [each.manifest.run_id for each in landing(house).refused_runs()]


async def night_in_one(*, full: bool = False) -> LoadResult:
    view = ExtractView(Output(as_json=True), "live")
    job = open_job(read_settings())
    return await run(job, full=full, only=ONLY, as_of=None, accept_shrink=False, observer=view)


def refuses_to_load(house: nights.House, run: Manifest, says: str) -> None:
    """Load in vain: the warehouse has not changed by a byte, and the run is set aside."""
    before = (house.data_dir / "warehouse.duckdb").read_bytes()
    with pytest.raises(IncompleteError, match=says) as caught:
        house.load()
    assert caught.value.exit_code == 4
    assert run.run_id in str(caught.value)
    assert (house.data_dir / "warehouse.duckdb").read_bytes() == before
    assert set_aside(house) == [run.run_id]


@pytest.mark.parametrize("resource", long_from(1, WAYS))
async def test_what_vanished_and_is_back_needs_no_more_than_a_plain_night(
    resource: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nights.open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await house.read()
        vanished = vanish(house.sandbox, WAYS[resource](house.sandbox))
        refused = await house.extract(full=True)
        count = sum(name == resource for name, _ in vanished.rows)
        refuses_to_load(house, refused, f"{resource}: {count} of ")

        vanished.return_()
        await house.night()

        assert differences(house) == {}
        assert set_aside(house) == []
        landing(house).sweep()
        assert not [path for path in landing(house).root.rglob("*") if refused.run_id in path.name]


@pytest.mark.long
async def test_twenty_of_twenty_customers_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with nights.open_house(tmp_path, monkeypatch, orders=8, only=ONLY) as house:
        await house.read()
        vanish(house.sandbox, some(house.sandbox, "customers", house.sandbox.count("customers")))

        refuses_to_load(house, await house.extract(full=True), "customers: 20 of 20 rows are gone")


@pytest.mark.long
async def test_extract_and_load_in_one_go_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with nights.open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await night_in_one()
        before = (house.data_dir / "warehouse.duckdb").read_bytes()
        vanished = vanish(house.sandbox, some_orders(house.sandbox))
        with pytest.raises(IncompleteError, match=f"orders_received: {MANY} of "):
            await night_in_one(full=True)
        assert (house.data_dir / "warehouse.duckdb").read_bytes() == before
        assert len(set_aside(house)) == 1

        vanished.return_()
        result = await night_in_one()

        assert result.intake.refused_runs == []
        assert differences(house) == {}


async def test_the_next_plan_reads_everything_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "10")
    async with nights.open_house(tmp_path, monkeypatch, orders=120, only=ONLY) as house:
        await house.read()
        job = open_job(read_settings())
        assert plan_extract(job, job.companies[0], full=False, only=ONLY).is_incremental
        vanish(house.sandbox, some_orders(house.sandbox))
        refused = await house.extract(full=True)
        refuses_to_load(house, refused, "orders_received")
        capsys.readouterr()

        await house.extract()

        assert not plan_extract(job, job.companies[0], full=True, only=ONLY).is_incremental
        newest = landing(house).manifests()[-1]
        assert {read.scope for read in newest.resources} == {"all"}
        assert f"Run set aside: {refused.run_id}. orders_received: " in capsys.readouterr().err


@pytest.mark.long
async def test_ten_orders_that_were_deleted_are_seen_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with nights.open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await house.read()
        vanish(house.sandbox, some_orders(house.sandbox, 10))

        await house.night(full=True)

        assert differences(house) == {}
        (deleted,) = (
            house.connect().sql("select count(*) from raw.orders_received where _deleted_at is not null").fetchall()[0]
        )
        assert deleted == 10


@pytest.mark.long
async def test_what_was_deleted_in_truth_is_refused_every_night_until_it_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nights.open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await house.read()
        vanish(house.sandbox, some_orders(house.sandbox))
        first = await house.extract(full=True)
        refuses_to_load(house, first, "orders_received")
        house.sandbox.advance(NOW + timedelta(days=1))
        second = await house.extract()
        with pytest.raises(IncompleteError, match=f"Run set aside: {second.run_id}"):
            house.load()
        assert set_aside(house) == [first.run_id, second.run_id]

        result = load(open_job(read_settings()), as_of=None, accept_shrink=True)

        assert [each.run_id for each in result.intake.runs] == [first.run_id, second.run_id]
        assert set_aside(house) == []
        assert differences(house) == {}
        await house.read()
        assert differences(house) == {}


@pytest.mark.long
async def test_a_run_is_not_taken_back_once_a_newer_one_has_been_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nights.open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await house.read()
        vanished = vanish(house.sandbox, some_orders(house.sandbox))
        refuses_to_load(house, await house.extract(full=True), "orders_received")
        vanished.return_()
        await house.night()

        result = load(open_job(read_settings()), as_of=None, accept_shrink=True)

        assert list(result.intake.runs) == []
        assert differences(house) == {}


@pytest.mark.long
@pytest.mark.parametrize("moves", [1, 0])
async def test_a_load_that_is_killed_while_it_sets_runs_aside_is_made_good_by_the_next(
    moves: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with nights.open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await house.read()
        vanished = vanish(house.sandbox, some_orders(house.sandbox))
        refused = [(await house.extract(full=True)).run_id, (await house.extract()).run_id]

        def killed() -> tuple[int, str, str]:
            return run_forked(load_until_killed, moves, folder=tmp_path, environment=os.environ)

        code, _, errors = await anyio.to_thread.run_sync(killed)
        assert code == -signal.SIGKILL, errors
        assert [each.run_id for each in landing(house).manifests()][1:] == refused[: 2 - moves]
        with pytest.raises(IncompleteError, match="orders_received"):
            house.load()
        assert set_aside(house) == refused

        vanished.return_()
        await house.night()

        assert differences(house) == {}


def load_until_killed(moves: int) -> None:
    """Load, and be killed before one manifest more than `moves` is set aside."""
    moved = 0

    def watch(event: str, values: tuple[object, ...]) -> None:
        nonlocal moved
        if event == "os.rename" and "_manifests" in str(values[0]) and "_refused" in str(values[1]):
            if moved == moves:
                os.kill(os.getpid(), signal.SIGKILL)
            moved += 1

    sys.addaudithook(watch)
    sys.argv = ["leafhouse", "load"]
    cli.main()


@pytest.mark.long
def test_the_commands_say_what_was_set_aside_until_it_is_accepted(house: commands.House) -> None:
    assert house.run("load").code == 0
    before = counts(house)
    assert house.run("extract", "--full").code == 0
    keep_first_orders(house, 5)
    refused, published = house.manifests[-1].stem, house.warehouse.read_bytes()

    outcome = house.run("load")

    assert outcome.code == 4, outcome
    said = f"Run set aside: {refused}. orders_received: "
    commands.assert_one_sentence(outcome, (said, "(Drafts not counted)", "--accept-shrink"))
    assert house.warehouse.read_bytes() == published
    for command in ("status", "plan", "doctor"):
        assert said in house.run(command).stdout
    assert json.loads(house.run("status", "--json").stdout)["refused_runs"][0]["run_id"] == refused
    assert json.loads(house.run("plan", "--json").stdout)["refused_runs"][0]["run_id"] == refused
    again = house.run("load")  # of nothing new: the marts are computed, and what is missing is said once more
    assert (again.code, counts(house)) == (4, before)
    assert said in again.stdout
    accepted = house.run("load", "--accept-shrink")
    assert accepted.code == 0, accepted.stderr
    after = counts(house)
    assert after["orders_received"] == 5
    assert {name: after[name] for name in ("products", "customers")} == {
        name: before[name] for name in ("products", "customers")
    }
    assert "set aside" not in house.run("status").stdout


@pytest.mark.long
def test_a_run_that_waited_beside_the_refused_one_is_loaded(house: commands.House) -> None:
    waited = house.manifests[-1].stem
    assert house.run("extract", "--full").code == 0
    keep_first_orders(house, 5)
    refused = house.manifests[-1].stem

    outcome = house.run("load", "--json")

    document = json.loads(outcome.stdout)
    assert outcome.code == 4, outcome
    assert document["runs"] == [waited]
    assert [(each["run_id"], each["company"]) for each in document["refused_runs"]] == [(refused, "default")]


def counts(house: commands.House) -> dict[str, int]:
    con = pipeline.connect(house.warehouse)
    try:
        tables = con.sql(
            "select table_name from information_schema.tables where table_schema = 'raw' order by 1"
        ).fetchall()
        return {
            name: con.sql(f"select count(*) from raw.{name} where _deleted_at is null").fetchall()[0][0]
            for (name,) in tables
        }
    finally:
        con.close()


def keep_first_orders(house: commands.House, count: int) -> None:
    """Let the newest run have landed so many orders only, with a manifest that stands by it."""
    manifest = house.manifests[-1]
    document = json.loads(manifest.read_text())
    (read,) = (each for each in document["resources"] if each["resource"] == "orders_received")
    landed = read["batches"][0]
    batch = house.data / "landing" / landed["file"]
    pq.write_table(pq.read_table(batch, partitioning=None).slice(0, count), batch)
    content = batch.read_bytes()
    read["batches"] = [landed | {"rows": count, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}]
    manifest.write_text(json.dumps(document))
