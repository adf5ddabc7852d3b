"""What is printed, or cannot be, changes neither what a command does nor its exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import duckdb
import pytest

from pipeline import cli
from tests.forked import run_forked

from .commands import House


def nobody_reads(number: int) -> None:
    reader, writer = os.pipe()
    os.dup2(writer, number)
    os.close(reader)
    os.close(writer)


def disk_is_full(number: int) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, number)
    os.close(full)


def run_with(spoil: Callable[[int], None], *arguments: str) -> None:
    for number in (1, 2):
        spoil(number)
    sys.argv = ["leafhouse", *arguments]
    cli.main()


def shell(house: House, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $LEAFHOUSE is the command."""
    environment = house.environment() | {"LEAFHOUSE": f"{sys.executable} -m pipeline.cli"}
    return subprocess.run(
        ["bash", "-c", line], cwd=house.folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def loads(house: House) -> int:
    with duckdb.connect(house.warehouse, read_only=True) as con:
        return con.execute("SELECT count(*) FROM meta.loads").fetchall()[0][0]


@pytest.mark.parametrize(
    ("spoil", "arguments"),
    [(nobody_reads, ["run", "-v"]), (disk_is_full, ["run", "--json"]), (os.close, ["load"])],
)
def test_a_night_is_done_where_nothing_can_be_printed(
    house: House, spoil: Callable[[int], None], arguments: list[str]
) -> None:
    before = loads(house)

    code, *_ = run_forked(run_with, spoil, *arguments, folder=house.folder, environment=house.environment())

    assert code == 0
    assert loads(house) == before + 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_none_that_another_file_takes(house: House, closed: str) -> None:
    before = house.committed()

    done = shell(house, f"$LEAFHOUSE status {closed}")

    assert (done.returncode, done.stderr) == (0, "")
    assert ("published" in done.stdout) == (">&-" not in closed.replace("2>&-", ""))
    assert house.committed() == before


def test_who_stops_to_read_ends_no_command(house: House) -> None:
    done = shell(house, "$LEAFHOUSE status | head -1; echo ${PIPESTATUS[@]}")

    assert done.stderr == ""
    assert "published" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 0"


def test_a_failure_keeps_its_code_and_is_one_document(empty: House) -> None:
    for arguments in (("load", "--json"), ("status", "--no-such-option", "--json")):
        failed = empty.run(*arguments)
        unseen, *_ = run_forked(
            run_with, disk_is_full, *arguments, folder=empty.folder, environment=empty.environment()
        )
        document = json.loads(failed.stdout)

        assert (failed.code, document["exit_code"], unseen) == (2, 2, 2), failed
        assert document["error"]


def test_letters_that_a_terminal_does_not_have_are_shown_as_question_marks(empty: House) -> None:
    status = shell(empty, "PYTHONIOENCODING=ascii LEAFHOUSE_DATA_DIR=größe $LEAFHOUSE status")

    assert status.returncode == 2
    assert "gr??e" in status.stderr
