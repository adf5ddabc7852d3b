"""Every listing lies in every way, for a night and for a full read: `python -m tests.long.lies`."""

from pathlib import Path

import pytest

from pipeline.sandbox.trouble.lies import Lie
from tests.acceptance.nights import open_house
from tests.long.driver import run_cases
from tests.reliability.lying import LIES, assert_equal_to_the_source, lie_for_a_night, listings
from tests.reliability.quick import be_quick


async def case(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let one listing lie in one way; a plain night later everything is as at the source."""
    be_quick(monkeypatch)
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "20")
    names = sorted(listings())
    resource, lie, is_full = names[seed // 2 % len(names)], LIES[seed // 2 // len(names)], seed % 2 == 1
    lies: dict[str, Lie] = {}
    async with open_house(folder, monkeypatch, orders=40, lies=lies) as house:
        await house.read()
        await lie_for_a_night(house, lies, resource, lie, is_full=is_full)
        await house.read()
        assert_equal_to_the_source(house, listings())
    return type(lie).__name__


if __name__ == "__main__":
    run_cases("lies", 2 * len(LIES) * len(listings()), case)
