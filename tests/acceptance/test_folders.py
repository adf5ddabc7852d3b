"""Odd data folders: a night works in one, or is refused with the setting that names it."""

import errno
import os
import sys
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest

from pipeline import cli
from tests.forked import run_forked

from ..marks import long_from
from .commands import House

# Each looks like something else to a program that opens files in it: a partition, a home, an option, a quote.
WORKING = ["_company=acme/year=2026/_run_id=1", "it's", 'a"b', " spaced ", "ü/é", "-rf", "%d;b", "100%", "a\nb"]
REFUSED = [
    ("what?", "as a pattern"),
    ("[ab]", "as a pattern"),
    ("all*", "as a pattern"),
    ("back\\slash", "as a pattern"),
    ("s3://bucket/data", "begins like an address"),
    ("md:data", "begins like an address"),
    (os.fsdecode(b"no\xfftext"), "not UTF-8"),
]


@pytest.mark.parametrize("name", long_from(1, WORKING))
def test_a_night_works_in_a_folder_of_an_odd_name(empty: House, name: str) -> None:
    for command in ("extract", "load", "status"):
        done = empty.run(command, LEAFHOUSE_DATA_DIR=name)
        assert done.code == 0, done

    with duckdb.connect(empty.folder / name / "warehouse.duckdb", read_only=True) as con:
        companies = con.execute("SELECT DISTINCT _company FROM raw.orders_received").fetchall()
        runs = con.execute("SELECT DISTINCT _run_id FROM raw.line_items WHERE _run_id LIKE '2%Z-%'").fetchall()
    assert companies == [("default",)]
    assert runs


@pytest.mark.parametrize(("name", "says"), REFUSED)
def test_a_folder_that_duckdb_would_take_for_another_is_refused(empty: House, name: str, says: str) -> None:
    empty.refuses("run", code=3, says=("LEAFHOUSE_DATA_DIR: ", says), LEAFHOUSE_DATA_DIR=name)
    assert list(empty.folder.iterdir()) == []


def test_the_home_folder_is_found_in_the_env_file(empty: House) -> None:
    (empty.folder / ".env").write_text("LEAFHOUSE_DATA_DIR=~/leaf\n")
    home = empty.folder / "home"

    assert empty.run("extract", HOME=str(home)).code == 0
    assert (home / "leaf" / "landing").is_dir()


def test_without_a_home_a_night_works_and_only_a_folder_of_it_is_refused(empty: House) -> None:
    assert empty.run("run", HOME=None).code == 0
    says = ("LEAFHOUSE_DATA_DIR: ~ stands for no folder",)
    empty.refuses("run", code=3, says=says, LEAFHOUSE_DATA_DIR="~no-such-user/x")


def without(refusal: int, what: str) -> None:
    """Run a night on a file system that cannot lock files, or sync folders."""

    def sync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(refusal, os.strerror(refusal))
        real(descriptor)

    real = os.fsync
    refused = OSError(refusal, os.strerror(refusal))
    patched = patch("os.fsync", sync) if what == "sync" else patch("fcntl.flock", side_effect=refused)
    sys.argv = ["leafhouse", "run"]
    with patched:
        cli.main()


def test_a_file_system_that_cannot_sync_folders_is_used_all_the_same(empty: House) -> None:
    code, _, errors = run_forked(without, errno.EINVAL, "sync", folder=empty.folder, environment=empty.environment())

    assert code == 0, errors
    assert empty.warehouse.exists()


def test_a_file_system_that_cannot_lock_files_is_refused(empty: House) -> None:
    code, _, errors = run_forked(without, errno.ENOLCK, "lock", folder=empty.folder, environment=empty.environment())

    assert code == 3
    assert "cannot lock files" in errors
    assert "LEAFHOUSE_DATA_DIR" in errors
    assert not empty.warehouse.exists()
