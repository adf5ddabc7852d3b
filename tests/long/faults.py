"""Many seeded schedules of faults: `python -m tests.long.faults --schedules 300`."""

from pathlib import Path

import pytest

from tests.long.driver import run_cases
from tests.reliability.schedules import Schedule, good_night, play


async def case(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run through the schedule of a seed."""
    await good_night(folder, monkeypatch)
    return await play(Schedule.of(seed), folder, monkeypatch)


if __name__ == "__main__":
    run_cases("schedules", 300, case)
