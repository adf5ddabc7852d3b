"""Many random histories of a moving source: `python -m tests.long.moving --histories 1000`."""

from pathlib import Path

import pytest

from tests.long.driver import run_cases
from tests.reliability.histories import History, play


async def case(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Play the history of a seed."""
    return await play(History.of(seed), folder, monkeypatch)


if __name__ == "__main__":
    run_cases("histories", 1000, case)
