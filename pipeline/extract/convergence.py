"""Converging: short passes over what changed since the main pass began, until one is short.

The parts of a main pass are minutes apart. Each pass asks for what changed since the one before began, for the new rows
of lists that grow at one end, and one by one for the rows that these point at. After the last one, all resources that
can be asked so stand within its seconds.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.extract.fresh import compare_count, most_pages, read_single
from pipeline.extract.listing import Listing
from pipeline.extract.pages import ListingError
from pipeline.extract.plan import Step
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Bound, IgnoredFilter, Window
from pipeline.instants import instant
from pipeline.reading.tasks import task_group

_MOST_PASSES = 4
# A pass of so few requests takes five seconds at 300 a minute: another one would bring what changed in these.
_SHORT = 25
# What was under way when the pass before read the clock becomes visible later.
_OVERLAP = timedelta(minutes=1)
_MOST_SINGLE_ROWS = 50
# The search for rows that went after they had been read may take so much of the requests: the next night finds them.
_SEARCH_SHARE = 0.05
_FEWEST_PAGES = 4
_ASKED_BY_KEY = 2


@dataclass
class ReadState:
    """A resource of a run: its step, its listing, and its reading so far."""

    step: Step
    listing: Listing
    reading: Reading

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.step.resource.name


class Convergence:
    """Brings what was read of several resources to one moment.

    `skew_seconds` is how long the last of the `passes` took.
    """

    def __init__(self, states: Mapping[str, ReadState]) -> None:
        self._all = states
        self._states = {name: state for name, state in states.items() if state.step.resource.can_converge}
        self._unfiltered: set[str] = set()
        self._began: dict[str, datetime | None] = {}  # when what the last pass follows began
        self._counts: dict[str, int] = {}  # of lists that grow at one end, as of the last pass
        self._pages_left = 0  # of the search for what went
        self.skew_seconds = 0.0
        self.passes = 0

    async def run(self) -> None:
        """Make passes until one is short, or no shorter than the one before."""
        before = self._requests
        while self.passes < _MOST_PASSES and self._states:
            started, requests = time.monotonic(), self._requests
            await self._pass(self._begin_pass())
            self.passes += 1
            self.skew_seconds = time.monotonic() - started
            took = self._requests - requests
            if took <= _SHORT or took >= before:
                break
            before = took
        self._pages_left = max(_FEWEST_PAGES, int(self._requests * _SEARCH_SHARE))

    def _begin_pass(self) -> dict[str, datetime | None]:
        """Return since when changes are to be read: what was under way when the pass before began shows by now."""
        since = {name: state.listing.pages.times.began or self._began.get(name) for name, state in self._states.items()}
        for state in self._states.values():
            state.listing.pages.begin_pass()
        self._began = since
        return since

    async def catch_up(self, name: str) -> None:
        """Read what changed of one resource since it was read last."""
        if name in self._states and name not in self._unfiltered:
            state = self._states[name]
            await self._read_changed(state, state.listing.pages.times.began or self._began.get(name), {})

    async def find_ghosts(self) -> None:
        """Find rows that went after they had been read, where more are known than the source counts."""
        states = sorted(self._all.values(), key=lambda state: not state.step.resource.is_vital)
        for state in states:
            reading = state.reading
            came = len(reading.known(state.step.holding)) if state.name in self._counts else reading.distinct
            if reading.scope == "all" and came > self._counts.get(state.name, reading.stated):
                await self.find_ghosts_of(state.name)

    async def find_ghosts_of(self, name: str) -> None:
        """Find rows of one resource that went after they had been read, as far as the search may still go.

        What it contradicts itself about is left to the next night: these rows did come.
        """
        state, requests = self._all[name], self._requests
        if self._pages_left > 0:
            with suppress(ListingError):
                await compare_count(
                    state.reading, state.step.holding, state.listing, pages=self._pages_left, most_asked=_ASKED_BY_KEY
                )
        self._pages_left -= self._requests - requests

    @property
    def _requests(self) -> int:
        return sum(state.listing.pages.requests for state in self._all.values())

    async def _pass(self, since: Mapping[str, datetime | None]) -> None:
        """Read what grew, then what changed, then what the new rows point at."""
        touched: dict[str, set[str]] = {}
        async with task_group() as tasks:
            for state in self._states.values():
                if state.step.resource.grows_at_end:
                    tasks.start_soon(self._read_grown, state, touched)
        brought: dict[str, set[str]] = {}
        async with task_group() as tasks:
            for name, state in self._states.items():
                if state.step.resource.change_field is not None and name not in self._unfiltered:
                    tasks.start_soon(self._read_changed, state, since[name], brought)
        for name, keys in touched.items():
            if name in self._states:
                state = self._states[name]
                single = sorted(keys - brought.get(name, set()) - state.reading.gone)
                await read_single(set(single[:_MOST_SINGLE_ROWS]), state.listing, state.reading)

    async def _read_grown(self, state: ReadState, touched: dict[str, set[str]]) -> None:
        """Read the end that grows of a list."""
        parent, reading = state.step.resource.parent, state.reading
        known = reading.known(state.step.holding)
        if not known:
            return
        pages = most_pages(len(known), state.listing)
        result = await state.listing.read_growth(known, most_pages=pages, only_end=True)
        if result is None:
            return
        growth, grown = result
        self._counts[state.name] = growth.count
        absent = {str(key) for key in growth.absent} if growth.is_settled else set()
        parents = set(grown.links.values())
        parents |= {link for key in absent if (link := reading.links.get(key)) is not None}
        parents |= {link for key in absent if (link := state.step.holding.parents.get(key)) is not None}
        reading.lose(absent)
        reading.add_changes(grown)
        if parent is not None:
            touched.setdefault(parent, set()).update(parents)

    async def _read_changed(self, state: ReadState, since: datetime | None, brought: dict[str, set[str]]) -> None:
        """Read what changed, from the newest row known on: an answer without any row would prove nothing."""
        field = state.step.resource.modified_field
        known = [
            values.modified
            for values in state.reading.known(state.step.holding).values()
            if values.modified is not None
        ]
        if since is None or not known or field is None:
            return
        low = min(since - _OVERLAP, instant(max(known)))
        try:
            changed = await state.listing.read(
                Window(state.step.resource.params).limited(Bound(field, low)), keep=False
            )
        except IgnoredFilter:
            self._unfiltered.add(state.name)
            return
        brought[state.name] = set(changed.keys)
        state.reading.gone -= changed.keys
        state.reading.add_changes(changed)
