"""Asking for many things with a bounded number of requests at a time."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from pipeline.reading.tasks import task_group

Item = TypeVar("Item")


async def side_by_side(items: Iterable[Item], take: Callable[[Item], Awaitable[None]], connections: int) -> None:
    """Call `take` with each of the items, with at most so many at a time; the first error ends them all."""
    waiting = iter(items)

    async def take_some() -> None:
        for item in waiting:
            await take(item)

    async with task_group() as takers:
        for _ in range(connections):
            takers.start_soon(take_some)
