"""The pace: a token bucket that all extractors of a key share, and that the next run finds as this one left it."""

import copy
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from pipeline.leaflink.pacing_state import SavedBucket, read_saved, write_saved

# A second more than the minute that the promise is about: the server counts requests when they arrive, and one may be
# faster on its way than the one a minute before it.
_WINDOW_SECONDS = 61.0
_SHORTEST_WAIT_SECONDS = 0.001
SAVE_EVERY_SECONDS = 1.0


class Bucket:
    """A token bucket of `burst` tokens, refilled at `rate_per_minute`, that also never gives more than `burst` in 60 s.

    It knows no clock: every method is told the time, in seconds that only go forward.
    """

    def __init__(self, rate_per_minute: float, burst: int, now: float) -> None:
        self._rate_per_second = rate_per_minute / 60
        self._burst = burst
        self._tokens = float(burst)
        self._updated = now
        self._recent: deque[float] = deque(maxlen=burst)

    def wait_seconds(self, now: float) -> float:
        """Return how long the next request has to wait; 0 when it may go now."""
        self._refill(now)
        wait = 0.0
        if self._tokens < 1:
            wait = (1 - self._tokens) / self._rate_per_second
        if len(self._recent) == self._burst:
            wait = max(wait, self._recent[0] + _WINDOW_SECONDS - now)
        # A wait too small to move the clock would be waited for ever.
        return max(wait, _SHORTEST_WAIT_SECONDS) if wait > 0 else 0.0

    def take(self, now: float) -> None:
        """Count a request that goes now."""
        self._refill(now)
        self._tokens -= 1
        self._recent.append(now)

    def halve(self, now: float) -> None:
        """Give up half of the tokens: the server knows of requests that this bucket does not."""
        self._refill(now)
        self._tokens /= 2

    def saved(self, now: float, wall: float) -> SavedBucket:
        """Return the state in terms that outlive the process; `wall` is the wall clock's time."""
        self._refill(now)
        ages = [math.floor((now - at) * 1000) / 1000 for at in self._recent if now - at < _WINDOW_SECONDS]
        return SavedBucket(at=wall, tokens=self._tokens, ages=ages)

    def take_over(self, saved: SavedBucket, now: float, wall: float) -> None:
        """Continue from a saved state. What it says is never believed where it would allow more than a full bucket."""
        # A state from the future means that a clock was set back; then no time has passed as far as we know.
        elapsed = max(0.0, wall - saved.at)
        self._refill(now)
        tokens = max(0.0, saved.tokens) + elapsed * self._rate_per_second
        self._tokens = min(self._tokens, tokens)
        stamps = [now - max(0.0, age) - elapsed for age in saved.ages]
        self._recent = deque(sorted([*self._recent, *stamps]), maxlen=self._burst)

    def _refill(self, now: float) -> None:
        passed = max(0.0, now - self._updated)
        self._tokens = min(float(self._burst), self._tokens + passed * self._rate_per_second)
        self._updated = max(self._updated, now)


class Pacer:
    """The budget of one owner of keys, first come, first served.

    `rate_per_minute` 0 means no limit; `burst_per_minute` 0 means no more than the rate. `state_file` keeps the
    state between runs: a killed one leaves all but its last `save_every_seconds` to the next one, with 0 all. The
    clocks and `sleep` are for tests.
    """

    def __init__(
        self,
        rate_per_minute: float = 300,
        burst_per_minute: int = 1000,
        state_file: Path | None = None,
        save_every_seconds: float = SAVE_EVERY_SECONDS,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._clock, self._wall, self._sleep = clock, wall, sleep
        self._state_file = state_file
        self._save_every_seconds = save_every_seconds
        self._bucket: Bucket | None = None
        if rate_per_minute > 0:
            burst = burst_per_minute or math.ceil(rate_per_minute)
            self._bucket = Bucket(rate_per_minute, burst, clock())
        self._turn = anyio.Lock()
        self._paused_until = -math.inf
        self._fingerprints: set[str] = set()
        self._saved_at = -math.inf

    def attach(self, fingerprint: str) -> None:
        """Count the requests of a key, known by its fingerprint, against this budget, earlier runs included."""
        if fingerprint in self._fingerprints:
            return
        self._fingerprints.add(fingerprint)
        if self._bucket is not None and self._state_file is not None:
            saved = read_saved(self._state_file, fingerprint, self._wall())
            if saved is not None:
                self._bucket.take_over(saved, self._clock(), self._wall())

    async def acquire(self) -> None:
        """Return when the next request may go. Send it at once then."""
        # anyio's lock is given in the order of asking: nobody overtakes, nobody starves. A task that is cancelled while
        # it waits has taken nothing.
        async with self._turn:
            while (wait := self._wait_seconds()) > 0:
                await self._sleep(wait)
            if self._bucket is not None:
                self._bucket.take(self._clock())
                self._save_now_and_then()

    def seconds_for(self, requests: int) -> float:
        """Return how long so many requests take from now on where each is answered at once; nothing is taken."""
        if self._bucket is None:
            return 0.0
        bucket, began = copy.deepcopy(self._bucket), self._clock()
        now = max(began, self._paused_until)
        for _ in range(requests):
            now += bucket.wait_seconds(now)
            bucket.take(now)
        return now - began

    def pause(self, seconds: float) -> None:
        """Let no request go for so many seconds: the server has said that it is enough."""
        now = self._clock()
        if self._bucket is not None and now >= self._paused_until:  # once, however many answers say the same
            self._bucket.halve(now)
        self._paused_until = max(self._paused_until, now + seconds)

    def save(self) -> None:
        """Write the state for the next run."""
        if self._bucket is None or self._state_file is None or not self._fingerprints:
            return
        now, wall = self._clock(), self._wall()
        self._saved_at = now
        write_saved(self._state_file, self._fingerprints, self._bucket.saved(now, wall))

    def _wait_seconds(self) -> float:
        now = self._clock()
        wait = self._bucket.wait_seconds(now) if self._bucket is not None else 0.0
        return max(wait, self._paused_until - now)

    def _save_now_and_then(self) -> None:
        if self._clock() - self._saved_at >= self._save_every_seconds:
            self.save()
