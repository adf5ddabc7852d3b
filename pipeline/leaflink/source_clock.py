"""The source's clock: what most of its answers agree on, however wrong the `Date` of some of them is."""

import re
import time
from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.leaflink.waiting import http_date

# Answers are on their way for a moment, servers behind one address are seconds apart, and a `Date` has no fractions.
_CLOSE = timedelta(minutes=1)
_AGE = re.compile(r"[0-9]{1,9}")  # up to 31 years
_YEARS = range(1970, 9999)  # what is reckoned from others could not be written down


@dataclass(frozen=True, slots=True)
class Stamp:
    """When an answer says that it was made: its `Date` (UTC), and for how long it has lain in caches since.

    `received_at` is our monotonic clock at the moment when it came.
    """

    date: datetime
    age_seconds: float
    received_at: float


class SourceClock:
    """The time at the source, told by its answers: each has a vote, and the one in the middle counts.

    What a minority of the answers says does not move it, whether that comes from a cache or from a server whose clock
    is wrong. It goes with our monotonic clock, which nobody sets.
    """

    def __init__(self) -> None:
        self._offsets: list[float] = []  # in order: seconds since 1970 less our monotonic clock, an answer each

    @property
    def is_known(self) -> bool:
        """Whether any answer has said what time it is."""
        return bool(self._offsets)

    def hear(self, headers: Mapping[str, str], received_at: float) -> Stamp | None:
        """Take the vote of an answer that came at `received_at` (monotonic seconds), and return its stamp.

        Without a readable `Date` it has no vote and counts as made when it came; None while no other answer had one.
        """
        date, age = http_date(headers.get("Date")), headers.get("Age", "").strip()
        age_seconds = float(age) if _AGE.fullmatch(age) else 0.0
        if date is None or date.year not in _YEARS:
            return Stamp(self.at(received_at), age_seconds, received_at) if self.is_known else None
        # The `Date` is that of the origin, and a cache says how many seconds ago it was (RFC 9111, section 5.1).
        insort(self._offsets, date.timestamp() + age_seconds - received_at)
        return Stamp(date, age_seconds, received_at)

    def at(self, monotonic: float) -> datetime:
        """Return the agreed time (UTC) at a moment of our monotonic clock. Some answer must have been heard."""
        middle = self._offsets[(len(self._offsets) - 1) // 2]
        return datetime.fromtimestamp(middle + monotonic, UTC)

    def now(self) -> datetime:
        """Return the agreed time (UTC) of the present. Some answer must have been heard."""
        return self.at(time.monotonic())

    def behind(self, stamp: Stamp) -> timedelta:
        """Return how old an answer was when it came: by its age, or by its `Date` where a cache gives no age."""
        by_date = self.at(stamp.received_at) - stamp.date
        behind = max(by_date, timedelta(seconds=stamp.age_seconds))
        return behind if behind > _CLOSE else timedelta()

    def came_at(self, stamp: Stamp) -> datetime:
        """Return the agreed time when an answer came."""
        return _more_exact(stamp, self.at(stamp.received_at))

    def made_at(self, stamp: Stamp) -> datetime:
        """Return when an answer was made, by the agreed time."""
        return _more_exact(stamp, self.at(stamp.received_at) - self.behind(stamp))


def _more_exact(stamp: Stamp, agreed: datetime) -> datetime:
    """Return the answer's own `Date` where it is close to what was agreed: it knows nothing of the way here."""
    return stamp.date if abs(stamp.date - agreed) <= _CLOSE else agreed


class ReadTimes:
    """When the answers to one read were made, by the agreed time at the source. Ask at the end: most votes are in then.

    `note` takes the stamp of each answer, `recall` the time of what an interrupted run had read already.
    """

    def __init__(self, clock: SourceClock) -> None:
        self._clock = clock
        self._telling: list[Stamp] = []  # the first one, the one farthest behind by its date, and the one of most age
        self.recalled: datetime | None = None

    def note(self, stamp: Stamp) -> None:
        """Note one more answer."""
        stamps = [*self._telling, stamp]
        farthest = max(stamps, key=lambda each: each.received_at - each.date.timestamp())
        self._telling = [stamps[0], farthest, max(stamps, key=lambda each: each.age_seconds)]

    def recall(self, server_time: datetime) -> None:
        """Note that a part is taken from a run that was cut off, and which began to read it at `server_time`."""
        self.recalled = min(self.recalled or server_time, server_time)

    @property
    def behind(self) -> timedelta:
        """How old the oldest answer was when it came: more than nothing means a cache, or a server's wrong clock."""
        return max(map(self._clock.behind, self._telling), default=timedelta())

    @property
    def began(self) -> datetime | None:
        """When the read began; None when nothing has come yet."""
        return self._earliest(map(self._clock.came_at, self._telling[:1]))

    @property
    def reached(self) -> datetime | None:
        """Up to when the rows are known: the moment of the oldest answer; None when nothing has come yet."""
        return self._earliest(map(self._clock.made_at, self._telling))

    def _earliest(self, moments: Iterable[datetime]) -> datetime | None:
        return min([*moments, *filter(None, (self.recalled,))], default=None)
