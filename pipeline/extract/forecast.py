"""What a run will ask for, foretold by what the source counts now: one request for each listing and window of the plan.

The windows are those that the run will read, cut by the same code, and a list that grows is searched as the run will do
it. What nobody can know before is left out: what is asked again because the source moves, fails or is in no order.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.errors import IncompleteError, RefusedError
from pipeline.extract.doubt import MOST_ASKED
from pipeline.extract.fresh import asked_since, is_too_many_single, made_before, most_pages
from pipeline.extract.pages import NotOffered, Pages
from pipeline.extract.parts import Parts
from pipeline.extract.plan import Plan, Step, Way
from pipeline.extract.progress import ResourceProgress
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Bound, IgnoredFilter, Window
from pipeline.instants import MICROSECOND, instant
from pipeline.landing import WindowRead
from pipeline.landing.loss import is_too_much
from pipeline.leaflink import Client
from pipeline.reading import Growth, Limits, Page, read_growth
from pipeline.reading.tasks import task_group
from pipeline.resources import Resource

# To see whose account it is.
ACCOUNT_REQUESTS = 1


@dataclass(frozen=True)
class Forecast:
    """A plan with the requests that it takes. `uncounted` are the resources judged by what is held, each with why."""

    plan: Plan
    uncounted: Mapping[str, str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many requests a run will make, about, without those that are made again."""
        return ACCOUNT_REQUESTS + self.plan.requests


async def foretell(plan: Plan, client: Client, limits: Limits) -> Forecast:
    """Ask the source how many rows there are of what a run would read, and return what it will cost.

    What the source does not answer for stays as the plan has it.
    """
    forecaster = _Forecaster(plan, client, limits)
    await forecaster.run()
    return Forecast(Plan({name: forecaster.steps.get(name, step) for name, step in plan.steps.items()}),
                    forecaster.uncounted)  # fmt: skip


class _CountedPages(Pages):
    """Pages that are not asked for: only how many rows their windows have, once each. `foreseen` counts the pages."""

    def __init__(self, client: Client, resource: Resource) -> None:
        super().__init__(client, resource, ResourceProgress())
        self.foreseen = 0
        self._counts: dict[str, int] = {}

    async def fetch(self, window: Window, offset: int, limit: int) -> Page:
        """Return a page without its rows."""
        self.foreseen += 1
        return Page(offset, limit, await self.rows_in(window), ())

    @property
    def counted(self) -> int:
        """How many rows the largest of the windows has that were counted."""
        return max(self._counts.values(), default=0)

    async def rows_in(self, window: Window) -> int:
        """Return how many rows the source counts in a window."""
        if window.label not in self._counts:
            self._counts[window.label] = (await self.look_at(window, 0, 1)).count
        return self._counts[window.label]

    async def look_at(self, window: Window, offset: int, limit: int) -> Page:
        """Return a page with its rows: one that the forecast itself needs."""
        return await super().fetch(window, offset, limit)


class _CountedListing(Parts):
    """A listing of which every window is counted, and none is read."""

    def __init__(self, pages: _CountedPages, limits: Limits) -> None:
        super().__init__(pages, limits)
        self._counted = pages

    async def read_whole(self, window: Window, first: Page | None) -> Reading:
        """Count a window, and the pages that it takes."""
        count = await self._counted.rows_in(window)
        self._counted.foreseen += self._limits.requests(count) - (first is not None)
        return Reading(windows=[WindowRead(window=window.label, stated=count, received=count, distinct=count)])

    def recall_window(self, window: Window) -> None:
        """Return nothing: what an interrupted run has read already is not known here."""


class _Forecaster:
    def __init__(self, plan: Plan, client: Client, limits: Limits) -> None:
        self.steps: dict[str, Step] = {}
        self.uncounted: dict[str, str] = {}
        self._plan, self._limits = plan, limits
        self._pages = {name: _CountedPages(client, step.resource) for name, step in plan.steps.items()}

    async def run(self) -> None:
        """Foretell each step; once more where the source gives fewer rows in a page than it is asked for."""
        await self._foretell_all()
        given = await self._rows_in_a_page()
        if given < self._limits.page_size:
            self._limits = Limits(given, self._limits.connections)
            await self._foretell_all()  # nothing is counted twice

    async def _foretell_all(self) -> None:
        async with task_group() as tasks:
            for step in self._plan.steps.values():
                tasks.start_soon(self._foretell, step)

    async def _rows_in_a_page(self) -> int:
        """Return how many rows the source gives in a page of those that it is asked for, as its longest list shows."""
        size = self._limits.page_size
        longest = max(self._pages.values(), key=lambda pages: pages.counted)
        if not longest.counted:
            return size
        try:
            page = await longest.look_at(Window(longest.resource.params), 0, size)
        except (RefusedError, NotOffered, IncompleteError):
            return size
        return len(page.rows) if 1 < len(page.rows) < page.count else size

    async def _foretell(self, step: Step) -> None:
        name = step.resource.name
        try:
            requests = await self._requests_of(step)
        except (RefusedError, NotOffered):
            requests = 1
        except IncompleteError as error:
            self.uncounted[name] = error.message
            return
        self.steps[name] = replace(step, requests=requests)

    async def _requests_of(self, step: Step) -> int:
        resource = step.resource
        parent = self._plan.steps.get(resource.parent or "")
        if step.way is Way.WITH_PARENT and parent is not None:
            # Where all parents are read, the list of their children is counted.
            return (parent.way is Way.EVERYTHING) + len(step.holding.quarantined)
        if resource.is_asked_per_parent and parent is not None:
            return await self._of_parents(step, parent)
        estimate = _Estimate(step, self._pages[resource.name], self._limits)
        match step.way:
            case Way.TAIL:
                return await estimate.tail()
            case Way.CHANGED | Way.FRESH:
                return await estimate.changed()
            case _:
                return await estimate.everything()

    async def _of_parents(self, step: Step, parent: Step) -> int:
        """Return a request for each parent, or for each that changed since the newest change that is held."""
        pages, window = self._pages[parent.resource.name], Window(parent.resource.params)
        if step.way is Way.EVERYTHING:
            return await pages.rows_in(window)
        newest = max((each for each in parent.holding.modified.values() if each is not None), default=None)
        if newest is None or parent.resource.change_field is None:
            return step.requests
        changed = window.limited(Bound(parent.resource.change_field, instant(newest) + MICROSECOND))
        return await pages.rows_in(changed) + len(step.holding.unasked)


class _Estimate:
    """What one listing will take."""

    def __init__(self, step: Step, pages: _CountedPages, limits: Limits) -> None:
        self._pages, self._listing = pages, _CountedListing(pages, limits)
        self._step, self._resource, self._holding = step, step.resource, step.holding
        self._limits = limits
        self._whole = Window(step.resource.params)
        pages.foreseen = 0

    async def everything(self) -> int:
        """Return what reading all of it takes, with the held rows that did not come."""
        await self._listing.read_window(self._whole)
        return self._pages.foreseen + self._by_key(await self._gone()) + await self._converging()

    async def changed(self) -> int:
        """Return what reading by changes takes; all of it where a filter does nothing, or where that costs less."""
        try:
            for window in self._windows_of_changes():
                await self._listing.read_window(window)
        except IgnoredFilter:
            self._pages.foreseen = 1  # the first page shows it
            return await self.everything()
        gone, single, is_fresh = await self._gone(), len(self._holding.quarantined), self._step.way is Way.FRESH
        if is_fresh:
            single += gone
            if is_too_many_single(single, self._holding, self._listing):
                return await self.everything()
        count = await self._pages.count(self._whole)  # it is compared with what is known
        if gone and not is_fresh:  # the first page, the end and halving find them
            halving = gone * math.ceil(math.log2(max(2, count / self._limits.page_size)))
            single += 2 + min(halving, most_pages(count, self._listing)) + self._by_key(gone)
        return self._pages.foreseen + single + await self._converging()

    def _windows_of_changes(self) -> list[Window]:
        """Return the windows that `fresh` reads."""
        step, held, whole = self._step, self._holding.values, self._whole
        by, changed = self._resource.window_field, self._resource.change_field
        assert step.since is not None and by is not None and changed is not None, "it is read by its changes"
        if step.recent_from is None:
            return [whole.limited(Bound(changed, asked_since(step.since, held)))]
        older, flag = whole.limited(Bound(by, None, step.recent_from)), self._resource.open_flag
        unsettled = [] if flag is None else [replace(older, flags={flag: False})]
        low = asked_since(step.since, made_before(step.recent_from, held))
        return [whole.limited(Bound(by, step.recent_from)), *unsettled, older.limited(Bound(changed, low))]

    async def tail(self) -> int:
        """Return what reading the end that grows takes, and finding what is gone; all of it where that is too much."""
        growth, requests = await self._search()
        if growth is None or not growth.is_settled:
            return requests + await self.everything()
        single = self._by_key(len(growth.absent)) + len(self._holding.quarantined)
        return requests + single + await self._converging()

    async def _search(self, *, only_end: bool = False) -> tuple[Growth | None, int]:
        """Search a list that grows as a run does, and return what was found with the requests that it took."""
        pages = list[Page]()

        async def ask(offset: int, limit: int) -> Page:
            pages.append(await self._pages.look_at(self._whole, offset, limit))
            return pages[-1]

        held, most = self._holding.values, most_pages(self._holding.rows, self._listing)
        growth = await read_growth(ask, _NoSink(), held, self._limits, most_pages=most, only_end=only_end)
        return growth, len(pages)

    async def _gone(self) -> int:
        """Return how many of the held rows are gone, about: the others are there, and those that were made since."""
        rows, count = self._holding.rows, await self._pages.rows_in(self._whole)
        if not rows:
            return 0
        if self._resource.grows_at_end:
            growth, _ = await self._search(only_end=True)
            return 0 if growth is None else max(0, rows + len(growth.new) - count)
        newest = max((each.created for each in self._holding.values.values() if each.created is not None), default=None)
        if self._resource.window_field is None or newest is None:
            return max(rows - count, self._step.gone)
        since = self._whole.limited(Bound(self._resource.window_field, instant(newest) + MICROSECOND))
        try:
            return max(0, rows + await self._pages.rows_in(since) - count)
        except IgnoredFilter:
            return max(rows - count, self._step.gone)

    def _by_key(self, gone: int) -> int:
        """Return how often rows that are gone are asked for by their key, and counted again where they are many."""
        return min(gone, MOST_ASKED) + is_too_much(gone, self._holding.rows)

    async def _converging(self) -> int:
        """Return what the short pass behind the main one takes."""
        return int(self._resource.can_converge and await self._pages.rows_in(self._whole) > 0)


class _NoSink:
    """Takes rows, and lets them go."""

    async def add(self, rows: list[bytes]) -> None:
        """Take rows."""
