"""Somebody has the published warehouse open for writing, as the DuckDB shell opens it: no command needs its lock."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

import pipeline

from .commands import House

SHELL = """
import sys, duckdb
con = duckdb.connect(sys.argv[1])
print("open", flush=True)
for line in sys.stdin:
    con.execute(line)
    print("done", flush=True)
con.close()
"""


class Shell:
    """A session of its own process, with the file open for writing until it ends."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self._told() == "open\n"

    def execute(self, statement: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(statement + "\n")
        self._process.stdin.flush()
        assert self._told() == "done\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _told(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def shell_on(path: Path) -> Iterator[Shell]:
    """Open a warehouse for writing; on leaving, the session ends as one that is closed by its user."""
    with subprocess.Popen(
        [sys.executable, "-c", SHELL, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Shell(process)


def orders(house: House) -> int:
    with duckdb.connect(house.warehouse, read_only=True) as con:
        ((count,),) = con.execute("SELECT count(*) FROM raw.orders_received").fetchall()
    return int(count)


def loaded(house: House) -> dict[str, object]:
    outcome = house.run("load", "--json")
    assert outcome.code == 0, outcome
    document: dict[str, object] = json.loads(outcome.stdout)
    return document


def test_no_command_needs_the_lock_of_an_open_shell(house: House) -> None:
    with shell_on(house.warehouse):
        for command in ("status", "doctor", "plan", "extract", "rollback"):
            outcome = house.run(command)
            assert outcome.code == 0, (command, outcome)
            assert "Traceback" not in outcome.stderr
        (note,) = loaded(house)["notes"]  # type: ignore[misc]
        assert "another program has the last warehouse open for writing" in note
        assert "what it writes is not in the new one" in note
        again = house.run("run", "--json")
        assert again.code == 0
        assert json.loads(again.stdout)["notes"] == []  # the shell is on the one before
    assert not list(house.data.glob(".reading-*"))


def test_what_a_shell_writes_after_a_publish_stays_beside_the_warehouse_that_it_opened(house: House) -> None:
    rows = orders(house)
    with shell_on(house.warehouse) as shell:
        loaded(house)
        shell.execute("DELETE FROM raw.orders_received")
        assert orders(house) == rows
        shell.kill()

    assert orders(house) == rows
    for command in ("status", "run"):
        assert house.run(command).code == 0
    assert orders(house) >= rows


def test_a_log_that_a_killed_shell_left_is_not_read_and_changes_no_later_load(house: House) -> None:
    rows = orders(house)
    with shell_on(house.warehouse) as shell:
        shell.execute("DELETE FROM raw.orders_received")
        shell.kill()
    assert list((house.data / "kept").glob("*.wal"))

    with pipeline.connect(house.warehouse) as con:
        assert con.execute("SELECT count(*) FROM raw.orders_received").fetchall() == [(rows,)]
    assert house.run("run").code == 0
    assert orders(house) >= rows


@pytest.mark.parametrize("is_first", [False, True])
def test_what_a_shell_changed_is_left_out_of_the_next_load(house: House, is_first: bool) -> None:
    if not is_first:
        loaded(house)
    rows, changed = orders(house), house.warehouse.resolve()
    with shell_on(house.warehouse) as shell:
        shell.execute("DELETE FROM raw.orders_received")
        shell.execute("CREATE TABLE main.mine AS SELECT 1 AS one")
    assert orders(house) == 0

    (note,) = loaded(house)["notes"]  # type: ignore[misc]

    assert f"another program has written to it since load {changed.stem}" in note
    how = "built anew from what has landed" if is_first else "is taken instead, with the runs that landed since"
    assert how in note
    assert orders(house) == rows
    with duckdb.connect(house.warehouse, read_only=True) as con:
        assert con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'mine'").fetchall() == []
    with duckdb.connect(changed, read_only=True) as con:
        assert con.execute("SELECT one FROM mine").fetchall() == [(1,)]
    assert loaded(house)["notes"] == []


def test_a_link_that_no_load_made_is_refused(house: House) -> None:
    elsewhere = house.folder / "elsewhere.duckdb"
    house.warehouse.resolve().rename(elsewhere)
    house.warehouse.unlink()
    house.warehouse.symlink_to(elsewhere)

    house.refuses("load", code=3, says=("data/warehouse.duckdb: a link to", "which no load made", "LEAFHOUSE_DATA_DIR"))
    assert house.warehouse.readlink() == elsewhere


def test_status_and_doctor_tell_that_another_program_has_written_to_the_warehouse(house: House) -> None:
    with duckdb.connect(house.warehouse) as con:
        con.execute("DELETE FROM raw.orders_received")

    status, doctor = house.run("status"), house.run("doctor", "--json")

    assert "another program has written to it since load" in status.stdout + status.stderr
    assert any("another program has written to it" in advice for advice in json.loads(doctor.stdout)["fixes"])
    assert loaded(house)["notes"]
    assert "another program" not in house.run("status").stdout
