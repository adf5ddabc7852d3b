"""A task group that ends with one error, the most telling one, instead of a group of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

from pipeline.errors import LeafhouseError


@asynccontextmanager
async def task_group() -> AsyncIterator[TaskGroup]:
    """Run tasks side by side; when one fails the others are cancelled and its error is raised as it is."""
    try:
        async with anyio.create_task_group() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        raise _most_telling(group) from None


def _most_telling(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what nobody expected, else of our own errors the one with the smallest exit code."""
    errors: list[BaseException] = []
    for error in group.exceptions:
        errors.append(_most_telling(error) if isinstance(error, BaseExceptionGroup) else error)
    unexpected = [error for error in errors if not isinstance(error, LeafhouseError)]
    ours = [error for error in errors if isinstance(error, LeafhouseError)]
    return unexpected[0] if unexpected else min(ours, key=lambda error: error.exit_code)
