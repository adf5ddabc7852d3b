"""Reading one listing: its pages side by side, each window until it is proved complete.

A window of one page is one moment of the source. Longer ones are read in pages that overlap by a row: rows that
come or go before it shift that row, and where the seam does not match the window is read again. Distinct keys must
then equal the count that the API states last. What cannot be read in peace is cut in halves by creation.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from pipeline.errors import IncompleteError, LeafhouseError
from pipeline.extract.attempt import Attempt
from pipeline.extract.batches import Collector, Decoders, Workshop
from pipeline.extract.heads import Head, HeadReader
from pipeline.extract.journal import Entry, JournalFile
from pipeline.extract.progress import ResourceProgress
from pipeline.extract.reading import Reading
from pipeline.extract.tail import ListedRow
from pipeline.extract.tasks import task_group
from pipeline.extract.windows import Bound, IgnoredFilter, Window, midnight
from pipeline.landing import Batch, WindowRead
from pipeline.leaflink import Client, NotFoundError, ReadTimes
from pipeline.leaflink.paging import BrokenPage, Page, parse_page
from pipeline.resources import Appended, Changed, Resource

READINGS = 5
# A window that can be cut in halves is not fought for longer than this.
_READINGS_BEFORE_CUT = 2
_BROKEN_PAGES = 3
# Scans of some thousand rows have been seen to end early: windows keep offsets below that.
LARGEST_WINDOW = 2_000
_GOOD_WINDOW = 1_400
_FIRST_SPAN = timedelta(days=30)


class NotOffered(LeafhouseError):
    """LeafLink answered 404 for a listing before anything of it came: this API has none of that name."""


class UnstableWindow(IncompleteError):
    """Rows shifted, or are missing, in every reading of a window."""


class Listing:
    """The listing of one resource at the API. `on_landed` is called with each batch once its window is complete."""

    def __init__(
        self, client: Client, resource: Resource, decoders: Decoders, workshop: Workshop, journal: JournalFile,
        progress: ResourceProgress, *, page_size: int, connections: int, on_landed: Callable[[Batch], None],
    ) -> None:  # fmt: skip
        self.resource = resource
        self.times = ReadTimes(client.clock)
        self.requests = 0
        self._client = client
        self._decoders = decoders
        self._workshop = workshop
        self._journal = journal
        self._progress = progress
        self._page_size = max(page_size, 2)  # pages overlap by a row
        self._connections = connections
        self._on_landed = on_landed
        refresh = resource.refresh
        self._cut_by = refresh.created_field if isinstance(refresh, Changed) else None
        self._link = refresh.parent_key if isinstance(refresh, Appended) else None
        self._heads = HeadReader(resource.key, _head_fields(resource))

    @property
    def server_time(self) -> datetime | None:
        """The source's time up to which the rows that have come are known; None while there are none."""
        return self.times.reached

    @property
    def page_size(self) -> int:
        """Rows to ask for in a page."""
        return self._page_size

    async def count(self, window: Window) -> int:
        """Return how many rows the API states for `window`, asking for a single one. Raises NotOffered."""
        return (await self._fetch(window, 0, 1)).count

    async def read(self, window: Window) -> Reading:
        """Read all of `window`, in parts by creation where it is long.

        Raises UnstableWindow when rows shift in every reading, IgnoredFilter when a filter does nothing, NotOffered
        when there is no such listing.
        """
        done = self.recall(window.query())
        if done is not None:
            return done
        first = await self._fetch(window, 0, self._page_size)
        if self._cut_by is None:
            return await self._read_whole(window, first, READINGS)
        if first.count <= LARGEST_WINDOW:
            try:
                return await self._read_whole(window, first, _READINGS_BEFORE_CUT)
            except UnstableWindow:
                self._progress.rows = 0
        try:
            reading = await self._read_parts(window, self._cut_by, first.count)
            if await self._parts_hold_everything(window, self._cut_by):
                return reading
        except IgnoredFilter:
            pass
        # Creation does not filter here, or rows have none: only one window over everything is left.
        self._progress.rows = 0
        return await self._read_whole(window, None, READINGS)

    async def _read_parts(self, window: Window, by: str, total: int) -> Reading:
        """Read a window newest first, in parts that are sized by how dense the one before was."""
        assert self.server_time is not None
        whole = window.bound_of(by)
        reading, high, span = Reading(), whole.high, _FIRST_SPAN
        low = (high or midnight(self.server_time)) - span
        while total - reading.distinct > LARGEST_WINDOW and (whole.low is None or low > whole.low):
            part = await self._read_part(window.limited(Bound(by, low, high)), by)
            reading.add(part)
            wanted = span * (_GOOD_WINDOW / max(part.distinct, 1))
            span = timedelta(days=max(1, min(wanted, span * 8) // timedelta(days=1)))
            low, high = low - span, low
        reading.add(await self._read_part(window.limited(Bound(by, whole.low, high)), by))
        return reading

    async def _read_part(self, window: Window, by: str) -> Reading:
        done = self.recall(window.query())
        if done is not None:
            return done
        first = await self._fetch(window, 0, self._page_size)
        assert self.server_time is not None
        parts = window.split(by, self.server_time)
        if first.count <= LARGEST_WINDOW or parts is None:
            before = self._progress.rows
            try:
                return await self._read_whole(window, first, READINGS if parts is None else _READINGS_BEFORE_CUT)
            except UnstableWindow:
                if parts is None or first.count <= 1:
                    raise
                self._progress.rows = before
        reading = Reading()
        for part in parts:
            reading.add(await self._read_part(part, by))
        return reading

    async def _parts_hold_everything(self, window: Window, by: str) -> bool:
        """Whether the listing has no row outside of its parts, such as one without a creation date."""
        assert self.server_time is not None
        halves = window.split(by, self.server_time)
        assert halves is not None, "a window that was read in parts can be cut"
        for _ in range(READINGS):
            if await self.count(halves[0]) + await self.count(halves[1]) == await self.count(window):
                return True
        return False

    async def fetch_listed(self, offset: int, limit: int) -> tuple[int, list[ListedRow] | None]:
        """Return the count and the rows at `offset` of the whole listing, as `tail.read_tail` wants them."""
        page = await self._fetch(Window(self.resource.params), offset, limit)
        rows = []
        for row, head in zip(page.rows, self._heads.read(page.rows), strict=True):
            if head.key is None or not head.key.isdigit():
                return page.count, None
            rows.append(ListedRow(int(head.key), self._linked(head), row))
        return page.count, rows

    async def fetch_each(self, keys: Iterable[str]) -> tuple[list[bytes], list[str]]:
        """Ask for single rows by key; return those that are there, and the keys of those that are not."""
        rows, gone = list[bytes](), list[str]()

        async def fetch(key: str) -> None:
            row = await self._fetch_row(key)
            if row is None:
                gone.append(key)
            else:
                rows.append(row)

        await self.side_by_side(sorted(keys), fetch)
        return rows, gone

    async def side_by_side(self, keys: Iterable[str], fetch: Callable[[str], Awaitable[None]]) -> None:
        """Call `fetch` with each of the keys, with as many at a time as there are connections."""
        waiting = iter(keys)

        async def fetch_some() -> None:
            for key in waiting:
                await fetch(key)

        async with task_group() as fetchers:
            for _ in range(self._connections):
                fetchers.start_soon(fetch_some)

    async def _fetch_row(self, key: str) -> bytes | None:
        try:
            row = await self.ask(f"{self.resource.path}{key}/", self.resource.params)
        except NotFoundError:
            return None
        (head,) = self._heads.read([row])
        if head.key != key:
            raise IncompleteError(
                f"{self.resource.name}: asked for {key}, LeafLink answered with {head.key}. "
                "The last warehouse stays in place. Run again later, it is safe."
            )
        return row

    async def land(self, rows: list[bytes], label: str) -> Reading:
        """Land rows that were not read as a window; `label` says how they were found."""
        async with task_group() as tasks:
            collector = Collector(self._decoders, self._workshop, tasks)
            await collector.add(rows)
            reading = await collector.finish()
        heads = self._heads.read(rows)
        reading.keys = {head.key for head in heads if head.key is not None}
        reading.windows.append(WindowRead(window=label, stated=len(rows), received=len(rows), distinct=len(rows)))
        self._progress.rows += len(rows)
        self._hand_on(reading)
        return reading

    def _linked(self, head: Head) -> str | None:
        value = None if self._link is None else head.values.get(self._link)
        return value if isinstance(value, str) else None

    def recall(self, query: Mapping[str, str]) -> Reading | None:
        """Return what an interrupted run read under `query`, if it did."""
        entry = self._journal.find(self.resource.name, query)
        if entry is None:
            return None
        self.times.recall(entry.server_time)
        self._progress.rows += entry.reading.received
        self._hand_on(entry.reading)
        return entry.reading

    def keep(self, query: Mapping[str, str], reading: Reading) -> None:
        """Keep what was read under `query` for the run that goes on if this one is cut off."""
        assert self.server_time is not None
        self._journal.add(self.resource.name, query, Entry(self.server_time, reading))

    def _hand_on(self, reading: Reading) -> None:
        for batch in reading.batches:
            self._on_landed(batch)

    async def _read_whole(self, window: Window, first: Page | None, readings: int) -> Reading:
        """Read a window until it is complete; `first` is its first page if it is known already."""
        before = self._progress.rows
        for rereads in range(readings):
            attempt, reading = await self._read_once(window, first)
            if attempt.is_complete:
                proof = WindowRead(
                    window=window.label, stated=attempt.stated, received=attempt.received,
                    distinct=attempt.distinct, rereads=rereads,
                )  # fmt: skip
                reading.windows.append(proof)
                reading.keyless, reading.keys, reading.links = attempt.keyless, attempt.keys, attempt.links
                self.keep(window.query(), reading)
                self._hand_on(reading)
                return reading
            first, self._progress.rows = None, before
        raise UnstableWindow(
            f"{self.resource.name} ({window.label}): {attempt.distinct:,} of {attempt.stated:,} rows received "
            f"after {readings} readings. The last warehouse stays in place. Run again later, it is safe."
        )

    async def _read_once(self, window: Window, first: Page | None) -> tuple[Attempt, Reading]:
        attempt = Attempt()
        async with task_group() as tasks:
            collector = Collector(self._decoders, self._workshop, tasks)
            page = first or await self._fetch(window, 0, self._page_size)
            await self._take(window, 0, page, attempt, collector)
            size, read = len(page.rows), 0
            # Once more when rows came in meanwhile: what was last has moved back. Single rows cannot overlap.
            while size > 1 and read < attempt.stated:
                read, start = attempt.stated, read
                offsets = range(max(size - 1, start - 1), read - 1, size - 1)
                await self._read_pages(window, iter(offsets), size, attempt, collector)
            return attempt, await collector.finish()

    async def _read_pages(
        self, window: Window, offsets: Iterator[int], size: int, attempt: Attempt, collector: Collector
    ) -> None:
        async def read_some() -> None:
            for offset in offsets:
                position, end = offset, min(offset + size, attempt.stated)
                while position < end:
                    page = await self._fetch(window, position, min(size, end - position))
                    await self._take(window, position, page, attempt, collector)
                    # A limit may be clamped: go on by what came, not by what was asked, and overlap again.
                    if position + len(page.rows) >= end or len(page.rows) < 2:
                        break
                    position += len(page.rows) - 1

        async with task_group() as readers:
            for _ in range(self._connections):
                readers.start_soon(read_some)

    async def _take(self, window: Window, offset: int, page: Page, attempt: Attempt, collector: Collector) -> None:
        heads = self._heads.read(page.rows)
        window.check(heads)
        new = attempt.take(offset, page, heads, [self._linked(head) for head in heads])
        self._progress.rows += len(new)
        self._progress.total = max(self._progress.total or 0, page.count)
        await collector.add(new)

    async def _fetch(self, window: Window, offset: int, limit: int) -> Page:
        query = window.query() | {"limit": str(limit), "offset": str(offset)}
        for attempt in range(_BROKEN_PAGES):
            try:
                return parse_page(await self.ask(self.resource.path, query))
            except NotFoundError as error:
                if self.server_time is None:
                    raise NotOffered(f"{self.resource.path}: not offered (404)") from error
                raise
            except BrokenPage as error:
                if attempt == _BROKEN_PAGES - 1:
                    raise IncompleteError(
                        f"{self.resource.name}: {error}, {_BROKEN_PAGES} times at offset {offset:,}. "
                        "The last warehouse stays in place. Run again later, it is safe."
                    ) from error
        raise AssertionError("unreachable")

    async def ask(self, path: str, query: Mapping[str, str], *, may_be_empty: bool = False) -> bytes:
        """Return what LeafLink answers with. Raises NotFoundError for what is not there, or empty where it may be."""
        try:
            response = await self._client.get(path, query, may_be_empty=may_be_empty)
        finally:
            self.requests += 1
            self._progress.pages += 1
        self.times.note(response.stamp)
        return response.body


def _head_fields(resource: Resource) -> tuple[str, ...]:
    """Return the fields that windows are checked by, or that link a row to its parent."""
    refresh = resource.refresh
    if isinstance(refresh, Changed):
        return (refresh.created_field, refresh.modified_field, *filter(None, (refresh.open_flag,)))
    return (refresh.parent_key,) if isinstance(refresh, Appended) and refresh.parent_key is not None else ()
