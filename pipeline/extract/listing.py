"""Reading the listing of one resource, in windows where it is long, and landing what comes."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from pipeline.decoding.oddities import RejectedRow
from pipeline.extract.batches import Collector, Decoders, Workshop
from pipeline.extract.journal import Entry, JournalFile
from pipeline.extract.pages import ListingError, Pages
from pipeline.extract.parts import Parts
from pipeline.extract.progress import ResourceProgress
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Window
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


class Listing(Parts):
    """The listing of one resource at the API, asked for through its `pages`, in windows where it is long.

    `on_landed` is called with each batch once its window is complete. Windows of what was made before `recent_from` are
    kept for a run that goes on.
    """

    def __init__(
        self, pages: Pages, decoders: Decoders, workshop: Workshop, journal: JournalFile, limits: Limits,
        on_landed: Callable[[Batch], None], recent_from: datetime | None = None,
    ) -> None:  # fmt: skip
        super().__init__(pages, limits)
        self.was_recalled = False  # whether a part of it is of the interrupted run that this one goes on with
        self._recent_from = recent_from
        self._keeps = True
        self._order: Order | None = None  # what the whole listing was in the order of when it was read last
        self._decoders = decoders
        self._workshop = workshop
        self._journal = journal
        self._on_landed = on_landed

    async def read(self, window: Window, *, keep: bool = True) -> Reading:
        """Read all of `window`, see `Parts.read_window`; what is to `keep` goes into the journal."""
        self._keeps = keep
        return await self.read_window(window)

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

    def recall_window(self, window: Window) -> Reading | None:
        """Return what an interrupted run read of a window, where that is still good."""
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

    async def read_whole(self, window: Window, first: Page | None) -> Reading:
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
