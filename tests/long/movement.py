"""A source that changes after every so many answers, in four orders of its lists: `python -m tests.long.movement`.

The last five have 20,000 orders and take some minutes each; the last is read at LeafLink's 300 requests a minute.
"""

from pathlib import Path

import pytest

from tests.long.driver import run_cases
from tests.reliability.movements import Movement, play

ORDERS = ("key", "-key", "-created", "modified")
MOVEMENTS = [Movement(600, every, order) for order in ORDERS for every in (1, 2, 5, 20)] + [
    Movement(20_000, 50, order) for order in ORDERS
]
MOVEMENTS.append(Movement(20_000, 10, "key", rate_per_minute=300))  # a change every two seconds


async def case(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Play one of the movements, and print what it took."""
    took = await play(MOVEMENTS[seed], folder, monkeypatch)
    print(took, flush=True)
    return f"{MOVEMENTS[seed].orders} orders"


if __name__ == "__main__":
    run_cases("movements", len(MOVEMENTS), case)
