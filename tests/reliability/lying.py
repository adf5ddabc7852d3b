"""A listing that lies for a night, and the plain night after it."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from pipeline.errors import IncompleteError
from pipeline.resources import PerParent, all_resources
from pipeline.sandbox.trouble.lies import BareList, Empty, Lie, Third
from tests.acceptance.nights import House

LIES: tuple[Lie, ...] = (Empty(), Third(), BareList())
# Fewer rows than these may be believed gone for a night.
FEW = 5


def listings() -> dict[str, str]:
    """Return the key of each resource that has a listing of its own in the sandbox."""
    return {
        name: each.key
        for name, each in all_resources().items()
        if not isinstance(each.refresh, PerParent) and name != "listing_states"
    }


async def lie_for_a_night(house: House, lies: dict[str, Lie], resource: str, lie: Lie, *, is_full: bool) -> None:
    """Read the source while a listing lies: that is refused, or its rows are kept.

    Raises AssertionError where rows are gone.
    """
    held = house.raw(resource).num_rows
    lies[resource] = lie
    with suppress(IncompleteError):
        await house.read(full=is_full)
    lies.clear()
    assert house.raw(resource).num_rows == held or held <= FEW, (resource, lie)


def assert_equal_to_the_source(house: House, keys: dict[str, str], changes_wait: Collection[str] = ()) -> None:
    """Assert that raw holds what the source does, value for value; of `changes_wait` the same rows are enough."""
    differences = {
        name: found[:3]
        for name, key in keys.items()
        if (found := [each for each in house.differences(name, key) if name not in changes_wait or not _is_value(each)])
    }
    assert differences == {}, differences


def _is_value(difference: Any) -> bool:
    return isinstance(difference, tuple)
