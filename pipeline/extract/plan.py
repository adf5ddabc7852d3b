"""What a run asks of each resource: the cheapest way that is still complete, and what it will cost.

Nightly, a resource with a filter for changes is read by it. Where changes need not show there, the rows of the last
weeks, those not settled and those that other resources point at are read too. A list that grows at one end is read
from there. Everything is read on `--full`, when a week has passed since, and where it costs less.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from pipeline.extract.windows import midnight
from pipeline.landing import Manifest
from pipeline.landing.holdings import Holding, Holdings
from pipeline.resources import Resource

# Changes that were under way when the last run read the clock become visible later: look back that far.
OVERLAP = timedelta(hours=1)
FULL_EVERY = timedelta(days=7)
# A list of so few pages is read whole where its rows may be edited: nothing else shows a payment that was corrected.
_SHORT_LIST = 10
# What each resource that can be asked for its changes costs once the main pass is over.
_CONVERGING = 1


class Way(Enum):
    """How a resource is read."""

    EVERYTHING = "everything"
    CHANGED = "changed"
    FRESH = "changed, recent and open"
    TAIL = "tail"
    WITH_PARENT = "with its parent"
    BY_PARENT = "by changed parent"


@dataclass(frozen=True)
class Step:
    """How one resource is read.

    `since` and `recent_from` are instants of the source's clock; `requests` is an estimate from what is held, or a
    `forecast`. Rows made since `recent_from` are read again when an interrupted run goes on. `gone` counts the rows
    that were gone when it was read last.
    """

    resource: Resource
    way: Way
    reason: str
    requests: int
    since: datetime | None = None
    recent_from: datetime | None = None
    holding: Holding = field(default_factory=Holding)
    gone: int = 0

    def __str__(self) -> str:
        """Return the way in words."""
        since = "" if self.since is None else f" since {self.since:%Y-%m-%d %H:%M} UTC"
        return f"{self.way.value}{since}"


@dataclass(frozen=True)
class Plan:
    """The steps of a run by resource name."""

    steps: Mapping[str, Step]

    def __str__(self) -> str:
        """Return the plan in words: an interrupted run can be taken up by the same plan only."""
        return ", ".join(f"{name}: {step}" for name, step in self.steps.items())

    @property
    def is_incremental(self) -> bool:
        """Whether some resource is read by its changes."""
        return any(step.way in (Way.CHANGED, Way.FRESH, Way.TAIL) for step in self.steps.values())

    @property
    def requests(self) -> int:
        """How many requests it will take, about."""
        return sum(step.requests for step in self.steps.values())


@dataclass(frozen=True)
class Habits:
    """How rows are read every night: so many in a page, those of the last days again, personal data in one way.

    `personal` says what is done to personal data.
    """

    page_size: int
    trailing_days: int
    personal: str = "keep"


def make_plan(
    resources: Mapping[str, Resource], manifests: Iterable[Manifest], holdings: Holdings, now: datetime, habits: Habits,
    why_anew: str = "",
) -> Plan:  # fmt: skip
    """Plan how to read `resources` after the committed runs; `now` decides what is a week ago.

    With `why_anew`, a reason in words, everything is read. A resource is read whole, too, whose personal data were
    treated otherwise when it was last read.
    """
    history = _History(manifests)
    steps = {}
    for name, resource in resources.items():
        planner = _Planner(resource, history, holdings.of(name), now, habits)
        if resource.is_asked_per_parent and resource.parent is not None:
            steps[name] = planner.plan_by_parent(holdings.of(resource.parent).rows, why_anew)
            continue
        with_parent = resource.is_embedded and resource.parent in resources
        steps[name] = replace(planner.plan(why_anew, with_parent=with_parent), gone=history.gone.get(name, 0))
    return Plan(steps)


def recent_since(watermark: datetime, trailing_days: int) -> datetime:
    """Return from when on rows are recent: a whole day, so that a run that goes on asks for the same as before."""
    return midnight(watermark) - timedelta(days=trailing_days)


def newest_watermark(manifests: Iterable[Manifest]) -> datetime | None:
    """Return the source's time up to which the newest committed run covers changes."""
    for manifest in reversed(list(manifests)):
        found = [read.watermark for read in manifest.resources if read.watermark is not None]
        if found:
            return max(found)
    return None


class _History:
    """The last watermark and full read, the last size of a nightly read (rows or parents) and what was gone then."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        self.watermarks: dict[str, datetime] = {}
        self.full_reads: dict[str, datetime] = {}
        self.last_changed: dict[str, int] = {}
        self.personal: dict[str, str] = {}
        self.gone: dict[str, int] = {}
        for manifest in manifests:
            for read in manifest.resources:
                if read.was_read:
                    self.personal[read.resource] = manifest.personal
                    self.gone[read.resource] = len(read.gone)
                if read.watermark is not None:
                    self.watermarks[read.resource] = read.watermark
                if read.was_read and read.scope == "all":
                    self.full_reads[read.resource] = manifest.started_at
                if read.was_read and read.scope == "changed":
                    self.last_changed[read.resource] = read.distinct
                if read.was_read and read.scope == "sets":
                    self.last_changed[read.resource] = len(read.asked)


@dataclass(frozen=True)
class _Planner:
    resource: Resource
    history: _History
    holding: Holding
    now: datetime
    habits: Habits

    def plan(self, why_anew: str, *, with_parent: bool) -> Step:
        if with_parent:
            reason = "as a set"
            return Step(self.resource, Way.WITH_PARENT, reason, 1 + len(self.holding.quarantined), holding=self.holding)
        why, pages = self._why_everything(why_anew), self._pages(self.holding.rows)
        pages += _CONVERGING * self.resource.can_converge
        everything = Step(
            self.resource, Way.EVERYTHING, why, pages, holding=self.holding,
            recent_from=recent_since(self.now, self.habits.trailing_days),
        )  # fmt: skip
        if everything.reason:
            return everything
        nightly = self._nightly()
        if nightly is None:
            why = "short" if self.resource.grows_at_end else "no filter for changes"
            return replace(everything, reason=why)
        if nightly.requests >= everything.requests and everything.requests > 1:
            return replace(everything, reason=f"no dearer than changes ({nightly.requests})")
        return nightly

    def plan_by_parent(self, parents: int, why_anew: str) -> Step:
        """Plan what takes a request for each of the rows of its parent, of which so many are held."""
        why = self._why_anew(why_anew)
        if why:
            why = f"{why.partition(';')[0]}: a request for each parent"
            return Step(self.resource, Way.EVERYTHING, why, max(1, parents), holding=self.holding)
        requests = self.history.last_changed.get(self.resource.name, parents // 100) + len(self.holding.unasked)
        reason = "a request for each parent that is new or changed"
        return Step(self.resource, Way.BY_PARENT, reason, requests, holding=self.holding)

    def _why_anew(self, wanted: str) -> str:
        if wanted:
            return wanted
        if self.resource.name not in self.history.full_reads:
            return "the first read"
        if self.history.personal[self.resource.name] != self.habits.personal:
            return "personal data were treated in another way when it was last read"
        return ""

    def _why_everything(self, why_anew: str) -> str:
        why = self._why_anew(why_anew)
        if why:
            return why
        last = self.history.full_reads[self.resource.name]
        if self.holding.has_keyless:
            return "rows without a readable key are in quarantine, and can only be asked for with all others"
        # A last read that lies ahead was dated by a clock that was wrong: nobody knows how old it is.
        return f"last read whole {last:%Y-%m-%d}" if abs(self.now - last) >= FULL_EVERY else ""

    def _nightly(self) -> Step | None:
        resource, name = self.resource, self.resource.name
        if resource.grows_at_end and not resource.is_final and self._pages(self.holding.rows) <= _SHORT_LIST:
            return None
        if resource.grows_at_end and self.holding.values:
            return Step(resource, Way.TAIL, "grows at one end", 3, holding=self.holding)
        watermark = self.history.watermarks.get(name)
        if resource.change_field is None or watermark is None:
            return None
        changed = self._pages(self.history.last_changed.get(name, self.holding.rows // 100))
        counting = 1
        step = Step(
            resource, Way.CHANGED, "changes show in modified", changed + counting + _CONVERGING,
            watermark - OVERLAP, holding=self.holding,
        )  # fmt: skip
        if not resource.is_trailing:
            return step
        recent_from = recent_since(watermark, self.habits.trailing_days)
        requests = self._pages(self.holding.recent) + self._pages(len(self.holding.open_keys)) + 1
        requests += counting + _CONVERGING
        reason = f"changes need not show in modified; created since {recent_from:%Y-%m-%d}, or not {resource.open_flag}"
        return replace(step, way=Way.FRESH, reason=reason, requests=requests, recent_from=recent_from)

    def _pages(self, rows: int) -> int:
        return max(1, math.ceil(rows / max(self.habits.page_size - 1, 1)))
