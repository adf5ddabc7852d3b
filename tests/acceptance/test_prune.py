"""`leafhouse prune`: what is not kept goes, after each load too; the landing still gives the same warehouse."""

import json

import pytest

from .commands import House

NOTHING = {"LEAFHOUSE_KEEP_WAREHOUSES": "0", "LEAFHOUSE_KEEP_LANDING_DAYS": "0"}


@pytest.fixture
def nights(house: House) -> House:
    """Return three runs that were loaded one after the other."""
    for command in ("load", "run"):
        assert house.run(command).code == 0
    return house


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
