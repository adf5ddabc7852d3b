"""Reading the listing of one resource, in windows where it is long, and landing what comes."""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from pipeline.decoding.oddities import RejectedRow
from pipeline.extract.batches import Collector, Decoders, Workshop
from pipeline.extract.journal import Entry, JournalFile
from pipeline.extract.pages import ListingError, Pages
from pipeline.extract.progress import ResourceProgress
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Bound, IgnoredFilter, Window, day_before
from pipeline.landing import Batch, WindowRead
from pipeline.leaflink import FailingError
from pipeline.reading import (
    Growth,
    Limits,
    Order,
    Page,
    PageError,
    Proof,
    Unproved,
    Values,
    read_growth,
    read_listing,
)
from pipeline.reading.side_by_side import side_by_side
from pipeline.reading.tasks import task_group

# Scans of some thousand rows have been seen to end early: windows keep offsets below that.
LARGEST_WINDOW = 2_000
_GOOD_WINDOW = 1_400
_FIRST_DAYS = 32
# The counts of two halves of a listing and of the whole are of different moments: so often they are compared.
_COMPARISONS = 5


class Listing:
    """The listing of one resource at the API, asked for through its `pages`.

    `on_landed` is called with each batch once its window is complete. Windows of what was made before `recent_from` are
    kept for a run that goes on.
    """

    def __init__(
        self, pages: Pages, decoders: Decoders, workshop: Workshop, journal: JournalFile, limits: Limits,
        on_landed: Callable[[Batch], None], recent_from: datetime | None = None,
    ) -> None:  # fmt: skip
        self.pages = pages
        self.resource = pages.resource
        self.was_recalled = False  # whether a part of it is of the interrupted run that this one goes on with
        self._recent_from = recent_from
        self._keeps = True
        self._order: Order | None = None  # what the whole listing was in the order of when it was read last
        self._decoders = decoders
        self._workshop = workshop
        self._journal = journal
        self._progress = pages.progress
        self._limits = Limits(max(limits.page_size, 2), limits.connections)  # its own; pages overlap by a row
        self._on_landed = on_landed

    @property
    def page_size(self) -> int:
        """Rows to ask for in a page."""
        return self._limits.page_size

    async def read(self, window: Window, *, keep: bool = True) -> Reading:
        """Read all of `window`, in parts by creation where it is long; what is to `keep` goes into the journal.

        Raises ListingError when nothing proves that all came, IgnoredFilter when a filter does nothing, NotOffered when
        there is no such listing.
        """
        self._keeps = keep
        done = self._recall_window(window)
        if done is not None:
            return done
        first = await self._first(window)
        by = self.resource.window_field
        if by is None:
            return await self._read_whole(window, first)
        if first.count <= LARGEST_WINDOW:
            before = self._progress.rows
            try:
                return await self._read_whole(window, first)
            except ListingError:
                if first.count <= 1:
                    raise
                self._progress.rows = before
        try:
            reading = await self._read_parts(window, by, first.count)
            if await self._parts_hold_everything(window, by):
                return reading
        except IgnoredFilter:
            pass
        # Creation does not filter here, or rows have none: only one window over everything is left.
        self._progress.rows = 0
        return await self._read_whole(window, None)

    async def _first(self, window: Window) -> Page:
        """Return the first page; of one row where it fails, which says as much of the count."""
        try:
            return await self.pages.fetch(window, 0, self.page_size)
        except PageError:
            return await self._first_row(window)

    async def _first_row(self, window: Window) -> Page:
        try:
            return await self.pages.fetch(window, 0, 1)
        except PageError:
            pass
        try:
            return await self.pages.fetch(window, 1, 1)
        except PageError as error:
            raise ListingError(f"{self.resource.name}: {error}.") from error

    async def _read_parts(self, window: Window, by: str, total: int) -> Reading:
        """Read a window newest first, in parts that are sized by how dense the one before was."""
        assert self.pages.server_time is not None
        whole = window.bound_of(by)
        reading, high, days = Reading(), whole.high, _FIRST_DAYS
        low = day_before(high or self.pages.server_time, days)
        while total - reading.distinct > LARGEST_WINDOW and (whole.low is None or low > whole.low):
            part = await self._read_part(window.limited(Bound(by, low, high)), by)
            reading.add(part)
            wanted = min(days * _GOOD_WINDOW / max(part.distinct, 1), days * 8)
            # Powers of two, so that a run which goes on finds the same parts although some rows have come since.
            days = 2 ** max(0, math.floor(math.log2(wanted)))
            low, high = day_before(low, days), low
        reading.add(await self._read_part(window.limited(Bound(by, whole.low, high)), by))
        return reading

    async def _read_part(self, window: Window, by: str) -> Reading:
        done = self._recall_window(window)
        if done is not None:
            return done
        first = await self._first(window)
        assert self.pages.server_time is not None
        parts = window.split(by, self.pages.server_time)
        if first.count <= LARGEST_WINDOW or parts is None:
            before = self._progress.rows
            try:
                return await self._read_whole(window, first)
            except ListingError:
                if parts is None or first.count <= 1:
                    raise
                self._progress.rows = before
        reading = Reading()
        for part in parts:
            reading.add(await self._read_part(part, by))
        return reading

    async def _parts_hold_everything(self, window: Window, by: str) -> bool:
        """Whether the listing has no row outside of its parts, such as one without a creation date.

        Rows that come or go between the counts make the whole now larger, now smaller than its halves; rows outside
        make it larger each time.
        """
        assert self.pages.server_time is not None
        halves = window.split(by, self.pages.server_time)
        assert halves is not None, "a window that was read in parts can be cut"
        for _ in range(_COMPARISONS):
            if await self.pages.count(halves[0]) + await self.pages.count(halves[1]) >= await self.pages.count(window):
                return True
        return False

    async def read_growth(
        self, held: Mapping[str, Values], *, most_pages: int, only_end: bool = False
    ) -> tuple[Growth, Reading] | None:
        """Read what is new in the whole listing at its end that grows, and find what is gone of what is held.

        With `only_end` nobody looks for what is gone. Returns it with the rows that were met, landed; None where it
        cannot be told, see `reading.read_growth`. Raises NotOffered.
        """
        ask = self.pages.of(Window(self.resource.params))
        async with task_group() as tasks:
            collector = Collector(self._decoders, self._workshop, tasks)
            try:
                growth = await read_growth(
                    ask, collector, held, self._limits, most_pages=most_pages, order=self._order, only_end=only_end
                )
            except PageError:
                growth = None
            reading = await collector.finish()
        self._order = None if growth is None else growth.order
        if growth is None:
            return None
        values = {row.identity: row.values for row in growth.new if isinstance(row.identity, str)}
        self._add_proof(reading, "the end that grows, and what is gone before it", values)
        return growth, reading

    async def fetch_each(self, keys: Iterable[str]) -> Reading:
        """Ask for single rows by key, and land those that are there; the others are `gone`.

        A row that LeafLink cannot show is set aside.
        """
        rows, gone, failing = list[bytes](), set[str](), list[RejectedRow]()

        async def fetch(key: str) -> None:
            try:
                row = await self.pages.fetch_row(key)
            except FailingError as error:
                failing.append(RejectedRow(key, "", f"LeafLink fails for it ({error.reason})", b""))
                return
            if row is None:
                gone.add(key)
            else:
                rows.append(row)

        await side_by_side(sorted(keys), fetch, self._limits.connections)
        reading = await self.land(rows, "one by one")
        reading.rejected += failing
        reading.values |= {each.key: Values() for each in failing if each.key is not None}
        reading.gone = gone
        return reading

    async def side_by_side(self, keys: Iterable[str], fetch: Callable[[str], Any]) -> None:
        """Call `fetch` with each of the keys, with as many at a time as there are connections."""
        await side_by_side(keys, fetch, self._limits.connections)

    async def land(self, rows: list[bytes], label: str) -> Reading:
        """Land rows that were not read as a window; `label` says how they were found."""
        async with task_group() as tasks:
            collector = Collector(self._decoders, self._workshop, tasks)
            await collector.add(rows)
            reading = await collector.finish()
        values = {row.identity: row.values for row in self.pages.rows(rows) if isinstance(row.identity, str)}
        self._add_proof(reading, label, values)
        return reading

    def _add_proof(self, reading: Reading, label: str, values: Mapping[Any, Values]) -> None:
        count = len(values)
        reading.values = dict(values)
        reading.links = self.pages.links_of(values)
        reading.windows.append(WindowRead(window=label, stated=count, received=count, distinct=count))
        self._progress.rows += count
        self._hand_on(reading)

    def _recall_window(self, window: Window) -> Reading | None:
        reading = self.recall(window.query()) if self._keeps and self._is_lasting(window) else None
        self.was_recalled = self.was_recalled or reading is not None
        return reading

    def _is_lasting(self, window: Window) -> bool:
        """Whether a window is still good when an interrupted run goes on: its later changes are found by themselves.

        That holds for lists whose rows are never edited, and for the old ones of those that are read every night by
        their changes and by not being settled. All others are read anew.
        """
        by = self.resource.window_field
        if by is None or not self.resource.is_trailing or self._recent_from is None:
            return self.resource.is_final
        high = window.bound_of(by).high
        return high is not None and high <= self._recent_from

    def recall(self, query: Mapping[str, str]) -> Reading | None:
        """Return what an interrupted run read under `query`, if it did."""
        entry = self._journal.find(self.resource.name, query)
        if entry is None:
            return None
        self.pages.times.recall(entry.server_time)
        self._progress.rows += entry.reading.received
        self._hand_on(entry.reading)
        return entry.reading

    def keep(self, query: Mapping[str, str], reading: Reading) -> None:
        """Keep what was read under `query` for the run that goes on if this one is cut off."""
        assert self.pages.server_time is not None
        self._journal.add(self.resource.name, query, Entry(self.pages.server_time, reading))

    def _hand_on(self, reading: Reading) -> None:
        for batch in reading.files():
            self._on_landed(batch)

    async def _read_whole(self, window: Window, first: Page | None) -> Reading:
        """Read a window until it is proved complete; `first` is its first page if it is known already."""
        async with task_group() as tasks:
            collector = Collector(self._decoders, self._workshop, tasks)
            sink = _CountingSink(collector, self._progress)
            if first is not None and first.limit < self.page_size:
                first = None
            try:
                proof = await read_listing(self.pages.of(window), sink, self._limits, first)
            except (Unproved, PageError) as error:
                raise ListingError(f"{self.resource.name} ({window.label}): {error}.") from error
            reading = await collector.finish()
        self._describe(reading, window, proof)
        if not window.bounds and not window.flags and proof.order is not None and proof.order.is_fixed:
            self._order = proof.order
        if self._keeps and self._is_lasting(window):
            self.keep(window.query(), reading)
        self._hand_on(reading)
        return reading

    def _describe(self, reading: Reading, window: Window, proof: Proof) -> None:
        """Write into the reading of a window how it was proved, and which rows it has."""
        reading.values = {key: values for key, values in proof.values.items() if isinstance(key, str)}
        reading.links = self.pages.links_of(reading.values)
        reading.keyless = proof.keyless
        reading.rejected += map(_hole, proof.holes)
        reading.windows.append(
            WindowRead(
                window=window.label, stated=proof.stated, received=proof.seen, distinct=len(proof.values),
                rereads=proof.readings - 1, doubled=len(proof.doubled), moved=proof.movement,
                order="" if proof.order is None else str(proof.order),
            )
        )  # fmt: skip


class _CountingSink:
    """Hands rows on to be landed, and counts them for whoever watches."""

    def __init__(self, collector: Collector, progress: ResourceProgress) -> None:
        self._collector, self._progress = collector, progress

    async def add(self, rows: list[bytes]) -> None:
        """Take rows."""
        self._progress.rows += len(rows)
        await self._collector.add(rows)


def _hole(identity: Any) -> RejectedRow:
    """Return what is known of a row that LeafLink cannot show: the row before it."""
    before = identity[1]
    place = "the first row" if before is None else f"the row listed after {before}"
    return RejectedRow(None, "", f"LeafLink fails for {place}, in every page and alone", b"")
