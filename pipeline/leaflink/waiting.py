"""How long to wait before a request is tried again, and when to stop trying."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, wait_random_exponential

from pipeline import clock
from pipeline.leaflink.errors import Hiccup

# LeafLink counts requests over a minute: a server that asks for much more is asked again all the same.
_LONGEST_ASKED_SECONDS = 120.0
_LONGEST_BACKOFF_SECONDS = 30.0
# Above this a reset is an instant (seconds since 1970), below it a number of seconds.
_FIRST_EPOCH_SECONDS = 1_000_000_000

_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


def http_date(text: str | None) -> datetime | None:
    """Return the instant (UTC) of an HTTP date; None when there is none, or none that can be read."""
    if not text:
        return None
    try:
        instant = parsedate_to_datetime(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def asked_wait(headers: Mapping[str, str], *, throttled: bool) -> float | None:
    """Return for how many seconds the server asks to be left alone; None when it says nothing that makes sense.

    `throttled`: the answer is a 429. Only then do the headers on the rate count: others carry them as well, just to
    inform. Instants are compared with the server's own `Date`, since its clock need not be ours.
    """
    now = http_date(headers.get("Date")) or clock.now()
    names = ("Retry-After", "RateLimit-Reset", "X-RateLimit-Reset") if throttled else ("Retry-After",)
    for name in names:
        seconds = _seconds_until(headers.get(name, "").strip(), now)
        if seconds is not None and seconds > 0:
            return min(seconds, _LONGEST_ASKED_SECONDS)
    return None


def _seconds_until(text: str, now: datetime) -> float | None:
    if _NUMBER.fullmatch(text):
        seconds = float(text)
        return seconds - now.timestamp() if seconds >= _FIRST_EPOCH_SECONDS else seconds
    instant = http_date(text)
    return None if instant is None else (instant - now).total_seconds()


@dataclass(frozen=True)
class Waits:
    """For how many seconds a client waits, and for what.

    `give_up` without one good answer end the run; `unreachable` do when the host never was there. `backoff` is where
    the waits between tries begin. `connect` is for a connection, `read` for each read, `total` for a request with its
    body.
    """

    give_up: float = 300.0
    unreachable: float = 15.0
    backoff: float = 1.0
    connect: float = 10.0
    read: float = 60.0
    total: float = 300.0


class Patience:
    """How long the client goes on without a good answer, and how it waits in between.

    The clock is the client's, not a request's: while any request succeeds, all others go on trying. A host that has
    never answered and that cannot be found or refuses to connect is given `waits.unreachable` seconds only.
    """

    def __init__(self, waits: Waits, clock: Callable[[], float] = time.monotonic) -> None:
        self._give_up_seconds = waits.give_up
        self._unreachable_seconds = min(waits.unreachable, waits.give_up)
        # Full jitter: anything from nothing to twice as much as the time before.
        self._backoff = wait_random_exponential(multiplier=waits.backoff, max=_LONGEST_BACKOFF_SECONDS)
        self._clock = clock
        self._good_at: float | None = None

    def good(self) -> None:
        """Note a good answer."""
        self._good_at = self._clock()

    def silent_seconds(self, asked_at: float) -> float:
        """Return for how long there was no good answer, from the point of view of a request first sent at `asked_at`.

        Time before that does not count: nobody may have asked for anything.
        """
        return self._clock() - (asked_at if self._good_at is None else max(asked_at, self._good_at))

    def is_over(self, asked_at: float, hiccup: Hiccup) -> bool:
        """Say whether a request first sent at `asked_at` is to be given up."""
        return self._left_seconds(asked_at, hiccup) <= 0

    def wait_seconds(self, asked_at: float, hiccup: Hiccup, state: RetryCallState) -> float:
        """Return how long to wait: what the server asked for, else back off; at most to the end of the patience."""
        wait = hiccup.wait_seconds if hiccup.wait_seconds is not None else self._backoff(state)
        return max(0.0, min(wait, self._left_seconds(asked_at, hiccup)))

    def _left_seconds(self, asked_at: float, hiccup: Hiccup) -> float:
        never_there = hiccup.unreachable and self._good_at is None
        limit = self._unreachable_seconds if never_there else self._give_up_seconds
        return limit - self.silent_seconds(asked_at)
