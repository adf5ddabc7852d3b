"""Many random histories of a moving source: `python -m tests.long.moving --histories 1000`.

In half of them lines and payments do not show in `modified`: there a quiet night has to keep its promise, before the
quiet full run that brings everything.
"""

from pathlib import Path

import pytest

from tests.long.driver import run_cases
from tests.reliability.histories import History, play


async def case(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Play the history of a seed; print why its disturbed run could not be completed, if so."""
    ending = await play(History.of(seed), folder, monkeypatch)
    if not ending.startswith("complete"):
        print(f"seed {seed}: {ending}", flush=True)
    return ending


if __name__ == "__main__":
    run_cases("histories", 1000, case)
