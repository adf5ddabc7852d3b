"""`leafhouse prune`: what is not kept goes, after each load too; the landing still gives the same warehouse."""

import json
import shutil
from pathlib import Path

import pytest

from tests.few_marts import few_marts

from .commands import House

NOTHING = {"LEAFHOUSE_KEEP_WAREHOUSES": "0", "LEAFHOUSE_KEEP_LANDING_DAYS": "0"}


@pytest.fixture(scope="module")
def three_nights(second_night: Path, base_url: str, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return three runs that were loaded one after the other."""
    folder = tmp_path_factory.mktemp("three") / "night"
    house = House(Path(shutil.copytree(second_night, folder, symlinks=True)), base_url)
    with few_marts():
        for command in ("load", "run"):
            assert house.run(command).code == 0
    return house


@pytest.fixture
def nights(three_nights: House, tmp_path: Path) -> House:
    """Return a copy of the three nights, to be pruned."""
    return House(Path(shutil.copytree(three_nights.folder, tmp_path / "night", symlinks=True)), three_nights.base_url)


def test_a_dry_run_says_what_would_go_and_pruning_frees_it(nights: House) -> None:
    would = nights.run("prune", "--dry-run", **NOTHING)
    foretold = json.loads(nights.run("prune", "--dry-run", "--json", **NOTHING).stdout)
    files = nights.manifests

    done = nights.run("prune", **NOTHING)
    again = nights.run("prune", **NOTHING)

    assert "Would free " in would.stdout and "2 of earlier loads" in would.stdout and "2 runs" in would.stdout
    assert foretold["dry_run"] and foretold["runs"] == [path.stem for path in files[:2]]
    assert "Freed " in done.stdout and "_base.duckdb" in done.stdout
    assert nights.manifests == files[2:]
    assert again.stdout == "Nothing to let go of.\n"
    assert (would.code, done.code, again.code) == (0, 0, 0)


def test_a_load_lets_go_of_what_is_not_kept(nights: House) -> None:
    loaded = json.loads(nights.run("load", "--json", LEAFHOUSE_KEEP_WAREHOUSES="1").stdout)

    listed = json.loads(nights.run("rollback", "--json").stdout)

    assert len(loaded["pruned"]["warehouses"]) == 2
    assert [each["is_published"] for each in listed] == [True, False]


def test_the_landing_alone_gives_the_same_numbers(nights: House) -> None:
    ask = ("query", "--csv", "select sum(open_balance), count(*) from ar_aging")
    before = nights.run(*ask).stdout
    assert nights.run("prune", **NOTHING).code == 0
    for path in (nights.warehouse, *(nights.data / "kept").iterdir()):
        path.unlink()

    assert nights.run("load").code == 0
    assert nights.run(*ask).stdout == before
