"""Reading one listing: its pages side by side, each window until it is proved complete."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.errors import IncompleteError
from pipeline.extract.batches import Collector, Decoders, Landed, Workshop
from pipeline.extract.progress import ResourceProgress
from pipeline.extract.tasks import task_group
from pipeline.extract.windows import HeadReader, IgnoredFilter, Window, first_windows
from pipeline.leaflink import Client
from pipeline.leaflink.paging import BrokenPage, Page, parse_page
from pipeline.resources import Changed, Resource

READINGS = 5
_BROKEN_PAGES = 3
# Scans of some thousand rows have been seen to end early: windows keep offsets below that.
LARGEST_WINDOW = 2_000


@dataclass
class Reading:
    """One reading of one or more windows: what came, against the API's own count."""

    stated: int = 0
    received: int = 0
    keyless: int = 0
    rereads: int = 0
    keys: set[str] = field(default_factory=set)
    landed: list[Landed] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether the distinct rows are as many as the API stated."""
        return len(self.keys) + self.keyless == self.stated

    def add(self, other: "Reading") -> None:
        """Take in the reading of a further window."""
        self.stated += other.stated
        self.received += other.received
        self.keyless += other.keyless
        self.rereads += other.rereads
        self.keys |= other.keys
        self.landed += other.landed


class Listing:
    """The listing of one resource at the API."""

    def __init__(
        self, client: Client, resource: Resource, decoders: Decoders, workshop: Workshop, progress: ResourceProgress,
        *, page_size: int, connections: int,
    ) -> None:  # fmt: skip
        self.resource = resource
        self.server_time: datetime | None = None
        self.requests = 0
        self._client = client
        self._decoders = decoders
        self._workshop = workshop
        self._progress = progress
        self._page_size = page_size
        self._connections = connections
        refresh = resource.refresh
        fields = (refresh.created_field, refresh.modified_field) if isinstance(refresh, Changed) else ()
        self._heads = HeadReader(resource.key, fields)

    async def count(self, window: Window) -> int:
        """Return how many rows the API states for `window`, asking for a single one."""
        return (await self._fetch(window, 0, 1)).count

    async def read_all(self) -> Reading:
        """Read the whole listing, in windows when it is long and can be cut by creation."""
        whole = Window(self.resource.params)
        first = await self._fetch(whole, 0, self._page_size)
        refresh = self.resource.refresh
        if first.count <= LARGEST_WINDOW or not isinstance(refresh, Changed):
            return await self.read(whole, first)
        assert self.server_time is not None
        self._progress.total = first.count
        reading = Reading()
        try:
            for window in first_windows(self.resource.params, refresh.created_field, self.server_time):
                reading.add(await self._read_in_parts(window))
            reading.stated = await self.count(whole)
        except IgnoredFilter:
            reading.stated = -1
        if reading.is_complete:
            return reading
        # The filter does nothing, rows lack the field, or the source moved: one window over everything decides.
        self._progress.rows = 0
        again = await self.read(whole)
        again.rereads += 1
        return again

    async def _read_in_parts(self, window: Window) -> Reading:
        first = await self._fetch(window, 0, self._page_size)
        assert self.server_time is not None
        parts = window.split(self.server_time) if first.count > LARGEST_WINDOW else None
        if parts is None:
            return await self.read(window, first)
        reading = Reading()
        for part in parts:
            reading.add(await self._read_in_parts(part))
        return reading

    async def read(self, window: Window, first: Page | None = None) -> Reading:
        """Read a window until it is complete; `first` is its first page if it is known already.

        Raises IncompleteError after a bounded number of readings, IgnoredFilter when the filter does nothing.
        """
        for rereads in range(READINGS):
            before = self._progress.rows
            reading = await self._read_once(window, first)
            reading.rereads = rereads
            if reading.is_complete:
                return reading
            first, self._progress.rows = None, before
        raise IncompleteError(
            f"{self.resource.name}: {len(reading.keys) + reading.keyless:,} of {reading.stated:,} rows received "
            f"after {READINGS} readings. The last warehouse stays in place. Run again later, it is safe."
        )

    async def _read_once(self, window: Window, first: Page | None) -> Reading:
        reading = Reading()
        async with task_group() as tasks:
            collector = Collector(self._decoders, self._workshop, tasks)
            page = first or await self._fetch(window, 0, self._page_size)
            step, total = len(page.rows), page.count
            await self._take(window, page, reading, collector)
            if step:
                await self._read_pages(window, iter(range(step, total, step)), step, reading, collector)
                if reading.stated > total:  # rows came in at the front meanwhile: what was last has moved back
                    moved = iter(range(total, reading.stated, step))
                    await self._read_pages(window, moved, step, reading, collector)
            reading.landed.append(await collector.finish())
        return reading

    async def _read_pages(
        self, window: Window, offsets: Iterator[int], step: int, reading: Reading, collector: Collector
    ) -> None:
        async def read_some() -> None:
            for offset in offsets:
                position, end = offset, offset + step
                while position < min(end, reading.stated):
                    page = await self._fetch(window, position, end - position)
                    await self._take(window, page, reading, collector)
                    if not page.rows:
                        break
                    position += len(page.rows)  # a limit may be clamped: go on by what came, not by what was asked

        async with task_group() as readers:
            for _ in range(self._connections):
                readers.start_soon(read_some)

    async def _take(self, window: Window, page: Page, reading: Reading, collector: Collector) -> None:
        heads = self._heads.read(page.rows)
        if window.field is not None:
            window.check(self._heads.moments(heads, window.field))
        reading.stated = page.count
        reading.received += len(page.rows)
        reading.keys.update(head.key for head in heads if head.key is not None)
        reading.keyless += sum(head.key is None for head in heads)
        self._progress.rows += len(page.rows)
        self._progress.total = max(self._progress.total or 0, page.count)
        await collector.add(page.rows)

    async def _fetch(self, window: Window, offset: int, limit: int) -> Page:
        query = window.query() | {"limit": str(limit), "offset": str(offset)}
        for attempt in range(_BROKEN_PAGES):
            response = await self._client.get(self.resource.path, query)
            self.requests += 1
            self._progress.pages += 1
            self.server_time = self.server_time or response.server_time
            try:
                return parse_page(response.body)
            except BrokenPage as error:
                if attempt == _BROKEN_PAGES - 1:
                    raise IncompleteError(
                        f"{self.resource.name}: {error}, {_BROKEN_PAGES} times at offset {offset:,}. "
                        "The last warehouse stays in place. Run again later, it is safe."
                    ) from error
        raise AssertionError("unreachable")
