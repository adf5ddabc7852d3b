"""Windows: the part of a listing that is read, proved complete, and read again as one.

Windows by `created_on` keep offsets small (long scans have been seen to end early), and no edit can move a
row from one into another.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from pipeline.decoding.heads import Head
from pipeline.errors import IncompleteError
from pipeline.instants import EPOCH, text_of

_PAST = timedelta(days=3650)
_BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)


class IgnoredFilter(IncompleteError):
    """LeafLink returned rows that the filter should have kept out: unknown parameters are ignored in silence."""


@dataclass(frozen=True)
class Bound:
    """The instants of a field from `low` up to, but without, `high`; an open end where one is None."""

    field: str
    low: datetime | None = None
    high: datetime | None = None

    def query(self) -> dict[str, str]:
        """Return the query parameters that ask for it."""
        query = {}
        if self.low is not None:
            query[f"{self.field}__gte"] = text_of(self.low)
        if self.high is not None:
            query[f"{self.field}__lt"] = text_of(self.high)
        return query

    def holds(self, moment: datetime) -> bool:
        """Whether an instant lies inside."""
        return (self.low is None or moment >= self.low) and (self.high is None or moment < self.high)


@dataclass(frozen=True)
class Window:
    """A part of a listing.

    `params` are sent with each request; `flags` are fields that must be true or false; `bounds` are the instants
    that it is limited to. What rows should have been kept out by `flags` and `bounds` is checked.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    bounds: tuple[Bound, ...] = ()

    def query(self) -> dict[str, str]:
        """Return the query parameters that ask for this window."""
        query = dict(self.params) | {name: str(value).lower() for name, value in self.flags.items()}
        for bound in self.bounds:
            query |= bound.query()
        return query

    @property
    def label(self) -> str:
        """Return the window in words: its filters, or `everything`."""
        return (
            urlencode({name: value for name, value in self.query().items() if name not in self.params}) or "everything"
        )

    def check(self, heads: Iterable[Head]) -> None:
        """Raise IgnoredFilter when a row lies outside: the only sign that a filter did nothing."""
        if not self.bounds and not self.flags:
            return
        for head in heads:
            for bound in self.bounds:
                moment = head.moment(bound.field)
                if moment is not None and not bound.holds(moment):
                    raise IgnoredFilter(f"the filter {urlencode(bound.query())} let {moment} through.")
            for name, wanted in self.flags.items():
                if head.flag(name) is (not wanted):
                    raise IgnoredFilter(
                        f"the filter {name}={str(wanted).lower()} let {str(not wanted).lower()} through."
                    )

    def bound_of(self, name: str) -> Bound:
        """Return what a field is limited to; both ends are open where it is not."""
        return next((each for each in self.bounds if each.field == name), Bound(name))

    def limited(self, bound: Bound) -> "Window":
        """Return the window with a bound on one more field, or a narrower one in place of that field's."""
        return replace(self, bounds=(*(each for each in self.bounds if each.field != bound.field), bound))

    def split(self, by: str, now: datetime) -> tuple["Window", "Window"] | None:
        """Return the two halves by a field, or None when it is too short to cut.

        An open end is cut towards `now`, or the past.
        """
        bound = self.bound_of(by)
        high = bound.high or max(now, bound.low or now)
        low = bound.low or high - _PAST
        if high - low < timedelta(seconds=2) or high < _BEGINNING:
            return None
        middle = (low + (high - low) / 2).replace(microsecond=0)
        return self.limited(Bound(by, bound.low, middle)), self.limited(Bound(by, middle, bound.high))


def midnight(moment: datetime) -> datetime:
    """Return the beginning of the day in UTC: edges that a run which goes on finds again."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def day_before(moment: datetime, step: int) -> datetime:
    """Return the last beginning of a day before `moment`, of those that are a multiple of `step` days after 1970."""
    days = math.ceil((moment - EPOCH) / timedelta(days=1))
    return EPOCH + timedelta(days=(days - 1) // step * step)
