"""A source that answers badly: the warehouse equals it, or stays as it was (more: tests/long/faults.py)."""

from pathlib import Path

import pytest

from .schedules import KINDS, Schedule, play

SEEDS = range(30)


@pytest.mark.parametrize("seed", SEEDS)
async def test_faults_end_with_the_sources_rows_or_with_the_old_warehouse(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await play(Schedule.of(seed), tmp_path, monkeypatch)


def test_the_schedules_have_every_kind_of_fault() -> None:
    assert {name for seed in SEEDS for name in Schedule.of(seed).faults.rates} == set(KINDS)
