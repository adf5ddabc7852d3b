"""Cutting a long listing into windows by creation, however each of them is read."""

import math
from abc import ABC, abstractmethod

from pipeline.extract.pages import ListingError, Pages
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Bound, IgnoredFilter, Window, day_before
from pipeline.reading import Limits, Page, PageError

# Scans of some thousand rows have been seen to end early: windows keep offsets below that.
LARGEST_WINDOW = 2_000
_GOOD_WINDOW = 1_400
_FIRST_DAYS = 32
# The counts of two halves of a listing and of the whole are of different moments: so often they are compared.
_COMPARISONS = 5


class Parts(ABC):
    """A listing at the API, asked for through its `pages`: whole where it is short, else in windows by creation."""

    def __init__(self, pages: Pages, limits: Limits) -> None:
        self.pages = pages
        self.resource = pages.resource
        self._progress = pages.progress
        self._limits = Limits(max(limits.page_size, 2), limits.connections)  # its own; pages overlap by a row

    @property
    def page_size(self) -> int:
        """Rows to ask for in a page."""
        return self._limits.page_size

    @abstractmethod
    async def read_whole(self, window: Window, first: Page | None) -> Reading:
        """Read a window as one; `first` is its first page if it is known already. Raises ListingError."""

    @abstractmethod
    def recall_window(self, window: Window) -> Reading | None:
        """Return a window that need not be read any more."""

    async def read_window(self, window: Window) -> Reading:
        """Read all of `window`, in parts by creation where it is long.

        Raises ListingError when nothing proves that all came, IgnoredFilter when a filter does nothing, NotOffered when
        there is no such listing.
        """
        done = self.recall_window(window)
        if done is not None:
            return done
        first = await self._first(window)
        by = self.resource.window_field
        if by is None:
            return await self.read_whole(window, first)
        if first.count <= LARGEST_WINDOW:
            before = self._progress.rows
            try:
                return await self.read_whole(window, first)
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
        return await self.read_whole(window, None)

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
        done = self.recall_window(window)
        if done is not None:
            return done
        first = await self._first(window)
        assert self.pages.server_time is not None
        parts = window.split(by, self.pages.server_time)
        if first.count <= LARGEST_WINDOW or parts is None:
            before = self._progress.rows
            try:
                return await self.read_whole(window, first)
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
