"""A source that answers badly: the warehouse equals it, or stays as it was (more: tests/long/faults.py)."""

import shutil
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.sandbox import Faults
from tests.leaflink.server import Server

from ..marks import long_from
from .schedules import KINDS, Schedule, good_night, play

SEEDS = range(20)


@pytest.fixture
async def folder(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of a good night, which is made once."""
    night = tmp_path_factory.getbasetemp() / "good-night"
    if not night.exists():
        await good_night(night, monkeypatch)
    return Path(shutil.copytree(night, tmp_path / "night"))


@pytest.mark.parametrize("seed", long_from(3, SEEDS))
async def test_faults_end_with_the_sources_rows_or_with_the_old_warehouse(
    seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await play(Schedule.of(seed), folder, monkeypatch)


def test_the_schedules_have_every_kind_of_fault() -> None:
    assert {name for seed in SEEDS for name in Schedule.of(seed).faults.rates} == set(KINDS)


async def test_an_order_with_a_line_that_is_no_unicode_is_not_taken_for_gone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await play(Schedule.of(24), folder, monkeypatch) == "equal"


async def test_a_source_that_does_not_get_well_ends_the_run_with_exit_4(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = Schedule(seed=0, is_full=True, page_size=5, connections=4, faults=Faults({"empty-page": 1.0}))

    assert await play(schedule, folder, monkeypatch) == "exit 4"


async def test_a_redirect_amid_good_answers_is_a_wrong_setting_and_nothing_is_asked_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Server() as other:
        faults = Faults({"redirect": 0.1}, elsewhere=f"http://{other.host}")
        schedule = Schedule(seed=0, is_full=True, page_size=5, connections=4, faults=faults)

        with pytest.raises(ConfigurationError, match=f"redirect .*{other.host}"):
            await play(schedule, folder, monkeypatch)

        assert other.seen == []
