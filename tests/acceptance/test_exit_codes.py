"""What ends a run in the middle, and what a monitor reads: exit codes, JSON, locks, signals, and who may see what."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from ..marks import long_from
from .commands import KEY, House, Outcome, assert_private, finish
from .relays import relay

_PATIENCE_SECONDS = 30


@asynccontextmanager
async def kept_waiting(house: House, command: str) -> AsyncIterator[subprocess.Popen[str]]:
    """Start a command and yield once it waits for an answer; whatever happens, it is gone afterwards."""
    async with relay(house.base_url, keeps_waiting=True) as source:
        process = house.start(command, LEAFLINK_BASE_URL=source.base_url)
        try:
            await asyncio.wait_for(source.asked.wait(), _PATIENCE_SECONDS)
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(("command", "number"), long_from(1, [("run", signal.SIGTERM), ("extract", signal.SIGINT)]))
async def test_a_run_that_is_stopped_leaves_everything_and_the_next_one_works(
    house: House, command: str, number: signal.Signals
) -> None:
    before = house.committed()
    async with kept_waiting(house, command) as process:
        process.send_signal(number)
        stopped = await asyncio.to_thread(finish, process)

    assert stopped.code == 128 + number
    told = "Told to stop (SIGTERM)" if number == signal.SIGTERM else "Stopped"
    assert stopped.stderr == (
        f"{told}. What was published stays as it was. Run it again, it is safe: an extract goes on where this one "
        "was.\n"
    )
    assert house.committed() == before
    assert not (house.data / "building").exists()
    assert house.run(command).code == 0


async def test_a_second_run_is_told_who_holds_the_folder(house: House) -> None:
    async with kept_waiting(house, "extract") as process:
        for command in ("load", "extract"):
            says = ("in use by `leafhouse extract`", f"process {process.pid}", "Wait until it ends")
            await asyncio.to_thread(house.refuses, command, code=6, says=says)
        status = await asyncio.to_thread(house.run, "status")

    assert status.code == 0


async def test_a_refused_resource_is_5_until_it_was_read_and_all_other_rows_come(house: House) -> None:
    rows = counts(house)
    async with relay(house.base_url, refuses="/products/") as source:
        extracted = await asyncio.to_thread(house.run, "extract", "--full", LEAFLINK_BASE_URL=source.base_url)

    loaded, again = house.run("load"), house.run("load")

    assert (extracted.code, loaded.code, again.code) == (5, 5, 5)
    assert "products/: refused by" in extracted.stdout
    assert "products/: refused by" in loaded.stdout
    assert counts(house) == rows


async def test_a_key_that_sees_nothing_is_3_and_commits_nothing(house: House) -> None:
    committed = house.committed()
    async with relay(house.base_url, refuses="/api/") as source:
        outcome = await asyncio.to_thread(House(house.folder, source.base_url).run, "extract")

    assert outcome.code == 3
    assert "LEAFLINK_AUTH_SCHEME" in outcome.stderr
    assert house.committed() == committed


async def test_a_resource_refused_from_the_first_night_on_does_not_keep_the_others_out(
    empty: House, second_night: Path
) -> None:
    async with relay(empty.base_url, refuses="/order-payments/") as source:
        done = await asyncio.to_thread(empty.run, "run", LEAFLINK_BASE_URL=source.base_url)

    assert done.code == 5, done
    assert counts(empty) == counts(House(second_night, "")) | {"order_payments": 0}


def test_a_failed_audit_keeps_the_warehouse_and_names_the_rows(house: House) -> None:
    plant_short_read(house, "order_payments")
    before = house.committed()

    loaded = house.run("load")

    assert loaded.code == 1
    assert "completeness: " in loaded.stderr
    assert "order_payments" in loaded.stderr
    assert "nothing was published" in loaded.stderr
    assert "Traceback" not in loaded.stderr
    assert loaded.stdout == ""
    assert "data/rejected.duckdb" in loaded.stderr
    assert house.committed() == before


def test_a_failed_audit_keeps_its_evidence_until_a_load_is_published(house: House) -> None:
    manifest = house.manifests[-1]
    right = manifest.read_text()
    plant_short_read(house, "order_payments")
    assert house.run("load").code == 1

    listed, shown = house.run("audits"), json.loads(house.run("audits", "completeness", "--json").stdout)

    assert "was rejected and not published" in listed.stdout.splitlines()[0]
    assert listed.stdout.splitlines()[1].startswith("  completeness                    error: ")
    assert shown["is_rejected"]
    assert {row["resource"] for row in shown["audits"][0]["rows"]} == {"order_payments"}
    assert "`leafhouse audits` shows the rows" in house.run("status").stdout
    assert_private(house.data)

    manifest.write_text(right)
    assert house.run("load").code == 0
    assert ", published (" in house.run("audits").stdout.splitlines()[0]
    assert not (house.data / "rejected.duckdb").exists()
    house.refuses("audits", "nope", code=2, says=("no such audit",))


def test_machines_get_one_json_document_and_nobody_else_gets_the_key_or_the_data(empty: House) -> None:
    outcomes = [empty.run(*command, "--json") for command in (["extract"], ["load"], ["run"], ["status"])]

    extracted, loaded, again, status = [json.loads(each.stdout) for each in outcomes]
    assert [each.code for each in outcomes] == [0, 0, 0, 0]
    assert loaded["runs"] == [extracted["run_id"]]
    assert again["load_id"] > loaded["load_id"]
    assert status["loaded_runs"] == 2
    assert_no_key(outcomes, empty.data)
    assert (empty.data / "kept").exists()
    assert_private(empty.data)


def test_a_wrong_key_is_3_and_machines_read_why(house: House) -> None:
    before = house.committed()

    failed = house.run("run", "--json", LEAFLINK_API_KEY="other-k3y")

    assert failed.code == 3
    assert json.loads(failed.stdout) == {"error": failed.stderr.splitlines()[-1], "exit_code": 3}
    assert "does not know the key" in failed.stderr.splitlines()[-1]
    assert "Check LEAFLINK_API_KEY" in failed.stderr.splitlines()[-1]
    assert "Traceback" not in failed.stderr
    assert "other-k3y" not in failed.stderr
    assert house.committed() == before


def counts(house: House) -> dict[str, int]:
    with duckdb.connect(house.warehouse, read_only=True) as con:
        tables = con.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw' ORDER BY 1"
        ).fetchall()
        return {
            name: con.execute(f"SELECT count(*) FROM raw.{name} WHERE _deleted_at IS NULL").fetchall()[0][0]
            for (name,) in tables
        }


def plant_short_read(house: House, resource: str) -> None:
    """Let the newest run say that the API stated a row more of a resource than came."""
    manifest = house.manifests[-1]
    document = json.loads(manifest.read_text())
    (read,) = (each for each in document["resources"] if each["resource"] == resource)
    for stated in (read, *read["windows"]):
        stated["stated"] += 1
    manifest.write_text(json.dumps(document))


def assert_no_key(outcomes: list[Outcome], folder: Path) -> None:
    assert not any(KEY in each.stdout + each.stderr for each in outcomes)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    parquet = [path for path in files if path.suffix == ".parquet"]
    assert parquet
    assert [path for path in parquet if KEY in str(pq.read_table(path, partitioning=None).to_pylist())] == []
