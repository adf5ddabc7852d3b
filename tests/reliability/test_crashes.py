"""Whenever a night is killed, the file opens, and the next one ends as if nothing had been (more: tests/long)."""

from pathlib import Path

import pytest

from ..marks import long_from
from .crashes import open_scene


@pytest.mark.parametrize("seeds", long_from(1, [range(1), range(1, 10)]), ids=["0", "1 to 9"])
async def test_a_killed_night_changes_nothing_and_the_next_one_ends_as_if_it_had_not_been(
    seeds: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_scene(tmp_path, monkeypatch, orders=25) as scene:
        for seed in seeds:
            await scene.kill(seed, monkeypatch)
