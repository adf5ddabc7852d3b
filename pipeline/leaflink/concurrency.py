"""How many requests are in flight at a time: as many as the server takes well, found by trying."""

import time
from collections.abc import Callable
from types import TracebackType

import anyio

_START = 4


class AdaptiveLimiter:
    """Starts at 4 requests at a time, adds one per round of good answers, halves when the server is overloaded.

    It stays between 1 and `maximum`. Hold it as an async context manager, a request and a task at a time. `clock` is
    for tests.
    """

    def __init__(self, maximum: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._maximum = maximum
        self._clock = clock
        self._limit = float(min(_START, maximum))
        self._slots = anyio.CapacityLimiter(int(self._limit))
        self._cut_at = clock()

    @property
    def limit(self) -> int:
        """How many requests may be in flight now."""
        return int(self._limit + 1e-9)  # five fifths may add up to a little less than one

    async def __aenter__(self) -> None:
        await self._slots.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slots.release()

    def good(self) -> None:
        """Count a good answer. Call it while the slot is held."""
        # Answers that come while slots are free say nothing about more of them.
        if self._slots.borrowed_tokens >= self.limit:
            self._set(self._limit + 1 / self.limit)

    def overloaded(self, sent_at: float) -> None:
        """Halve, as the request that went out at `sent_at` met an overloaded server."""
        # Requests that went out before the last cut say what it already knew: they do not cut again.
        if sent_at >= self._cut_at:
            self._cut_at = self._clock()
            self._set(self._limit / 2)

    def _set(self, limit: float) -> None:
        self._limit = min(max(limit, 1.0), float(self._maximum))
        self._slots.total_tokens = self.limit
