"""Many pairs of nights of random companies, two in each: `python -m tests.long.pairs --pairs 100`.

What `diff`, `why`, marts.changes and marts.order_changes tell adds up to the cent, and is what plain Python calculates.
"""

from pathlib import Path

import pytest

from tests.long.driver import run_cases
from tests.models.nights import Nights
from tests.models.test_ledger import DAYS


async def case(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Load two companies on two nights, and check what changed."""
    Nights(folder, [2 * seed, 2 * seed + 1], DAYS[seed % len(DAYS)]).check()
    return "adds up"


if __name__ == "__main__":
    run_cases("pairs", 100, case)
