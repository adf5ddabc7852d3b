"""Reading a listing until it is covered: pages side by side, then its gaps, then its count."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.reading.cover import Cover, Gap
from pipeline.reading.narrowing import narrow
from pipeline.reading.order import Order
from pipeline.reading.page import EMPTY_ANSWERS, Ask, Page, PageError, Row, Sink, Unproved, Values, checked
from pipeline.reading.side_by_side import side_by_side
from pipeline.reading.standstill import read_still

# So many rounds over the gaps may pass without any gain before no order is believed in.
_IDLE_ROUNDS = 4
# Where a gap is looked for, in fifths of a page from where it should be.
_SHIFTS = (0, 0, 1, -1)
_PAGES_PER_ROUND = 64
# Gaps are looked for by one request for so many rows of a page at a time: their answers shift each other's gaps.
_ROWS_PER_CONNECTION = 8
# A listing is given up that takes so many times the pages of its first reading, and some more, to be covered.
_PAGES_PER_PAGE, _SPARE_PAGES = 3, 50
# With two rows of overlap a deletion between two pages opens no gap; below this size it would cost too much.
_SMALLEST_WIDE_OVERLAP = 10


@dataclass
class Limits:
    """Rows to ask for in a page, requests at the same time. `page_size` shrinks when the source clamps it."""

    page_size: int
    connections: int

    @property
    def step(self) -> int:
        """By how many rows pages are apart that overlap as they should."""
        return max(1, self.page_size - (2 if self.page_size >= _SMALLEST_WIDE_OVERLAP else 1))

    def offsets(self, count: int) -> range:
        """Return where the pages behind the first one begin. The last one is short, or there is another one."""
        return range(self.step, max(count - self.page_size + self.step, 0) + 1, self.step)

    def requests(self, count: int) -> int:
        """Return how many requests a listing of so many rows takes that is in an order and stands still."""
        return 1 + len(self.offsets(count)) if count else EMPTY_ANSWERS


@dataclass(frozen=True)
class Proof:
    """How a listing was proved to be complete.

    `stated` is the newest count. `values` are what each row that came may be ordered by, by identity; of these rows
    `holes` could not be shown, and the listing shows those in `doubled` twice. `movement` is by how many rows the count
    moved meanwhile. `order` is what the listing is in the order of; without one, it was one page, or stood still.
    """

    stated: int
    values: Mapping[Hashable, Values] = field(repr=False)
    holes: tuple[Hashable, ...]
    doubled: tuple[Hashable, ...]
    movement: int
    order: Order | None
    readings: int = 1

    @property
    def seen(self) -> int:
        """How many rows came, those that the listing shows twice counted twice."""
        return len(self.values) + len(self.doubled)

    @property
    def keyless(self) -> int:
        """How many of them have no key."""
        return sum(not isinstance(each, str) for each in self.values)


async def read_listing(ask: Ask, sink: Sink, limits: Limits, first: Page | None = None) -> Proof:
    """Read a listing into the sink until it is proved to be complete.

    `first` is its first page where that was asked for already. Raises Unproved when nothing proves it, PageError when
    the source fails for it.
    """
    reader = _Reader(ask, sink, limits)
    try:
        return await reader.read(first)
    except _NoOrder:
        return await reader.read_still()


class _NoOrder(Unproved):
    """The listing is in no order that its rows show."""


class _Reader:
    def __init__(self, ask: Ask, sink: Sink, limits: Limits) -> None:
        self.cover = Cover()
        self._ask, self._sink, self._limits = ask, sink, limits
        self._pages = 0

    async def read(self, first: Page | None) -> Proof:
        page = await checked(self._ask, first) if first is not None else await self.page(0)
        await self._take(page)
        if not self.cover.is_covered:
            offsets = self._offsets(len(page.rows), page.count)
            if not self.cover.has_order:
                raise _NoOrder(self._lacking())
            await self._take_all(offsets)
            await self._fill()
        await self._close()
        order = None if self.cover.is_one_page else self.cover.order
        return self._proof(self.cover.count, self.cover.known, self.cover.doubled, order=order)

    async def read_still(self) -> Proof:
        """Read until the listing stood still for all of a reading."""
        still, readings = await read_still(
            self.page, self._note, step=self._limits.step, connections=self._limits.connections
        )
        return self._proof(len(still.places), still.places, still.doubled, readings=1 + readings)

    def _proof(
        self, stated: int, identities: Iterable[Hashable], doubled: Collection[Hashable],
        *, order: Order | None = None, readings: int = 1,
    ) -> Proof:  # fmt: skip
        values = {each: self.cover.values[each] for each in identities}
        return Proof(
            stated=stated, values=values, holes=tuple(self.cover.holes & values.keys()), doubled=tuple(doubled),
            movement=self.cover.movement, order=order, readings=readings,
        )  # fmt: skip

    def _offsets(self, size: int, count: int) -> range:
        if 1 < size < self._limits.page_size and size < count:
            self._limits.page_size = size
        return self._limits.offsets(count)

    async def _take(self, page: Page) -> None:
        self._pages += 1
        await self._hand_on(self.cover.take(page))

    async def _note(self, page: Page) -> None:
        await self._hand_on(self.cover.note(page))

    async def _hand_on(self, news: list[Row]) -> None:
        if news:
            await self._sink.add([row.raw for row in news])

    async def _take_all(self, offsets: Iterable[int]) -> None:
        async def take(offset: int) -> None:
            await self._take(await self.page(offset))

        await side_by_side(offsets, take, self._limits.connections)

    async def page(self, offset: int) -> Page:
        """Ask for a page; one that fails is narrowed down to the row that is to blame."""
        limit = self._limits.page_size
        try:
            return await checked(self._ask, await self._ask(offset, limit))
        except PageError as error:
            return await narrow(self._ask, offset, limit, error)

    async def _fill(self) -> None:
        """Ask for the gaps until there is none, or no gain.

        Each is looked for where it stands when it is asked for. The fewer rows a page has, the fewer are asked for at
        a time: what changes between an asking and its answer must not shift a gap out of its page.
        """
        idle, seen = 0, None
        most_pages = self._pages + _PAGES_PER_PAGE * (self._pages + _SPARE_PAGES)
        while gaps := self.cover.gaps:
            state = [gap.values for gap in gaps]
            idle = idle + 1 if state == seen else 0
            if idle > _IDLE_ROUNDS or self._pages > most_pages:
                raise Unproved(self._lacking())
            seen = state
            wide = [gap for gap in gaps if self._is_wide(gap)]
            if wide and idle < _IDLE_ROUNDS // 2:
                offsets = sorted({offset for gap in wide for offset in self._wide_offsets(gap)})
                await self._take_all(offsets[:_PAGES_PER_ROUND])
                continue
            connections = min(self._limits.connections, max(1, self._limits.page_size // _ROWS_PER_CONNECTION))
            await side_by_side(gaps[:_PAGES_PER_ROUND], self._close_gap, connections)
        if not self.cover.is_covered:
            raise _NoOrder(self._lacking())

    def _is_wide(self, gap: Gap) -> bool:
        return gap.before is None or gap.behind is None or gap.width + 4 > self._limits.page_size

    def _wide_offsets(self, gap: Gap) -> Iterable[int]:
        """Return where the pages begin that cover a gap of more than a page, or the beginning or end."""
        size, step, count = self._limits.page_size, self._limits.step, self.cover.count
        if gap.before is None:
            return range(0, (gap.behind.offset if gap.behind is not None else 0) + 1, step)
        start = max(0, min(self.cover.offset_of(gap), count) - 1)
        if gap.behind is None:
            return range(start, max(count - size + step, start) + 1, step)
        return range(start, start + gap.width + 2, step)

    async def _close_gap(self, gap: Gap) -> None:
        """Ask for the page that has a gap in its middle; each answer that does not show it says better where it is."""
        size = self._limits.page_size
        for shift in _SHIFTS:
            start = self.cover.offset_of(gap) - (size - gap.width) // 2 + shift * size // 5
            await self._take(await self.page(max(0, min(start, self.cover.count - 2))))
            if gap.values not in [each.values for each in self.cover.gaps]:
                return

    async def _close(self) -> None:
        """Compare with the count, at the moment of the newest page of the end that grows."""
        if self.cover.total >= self.cover.count:
            return
        order = self.cover.order
        grows_first = order is not None and order.is_descending
        for at_first in (grows_first, not grows_first):
            offset = 0 if at_first else max(0, self.cover.count - self._limits.page_size // 2)
            await self._take(await self.page(offset))
            await self._fill()
            if self.cover.count - self.cover.total <= self.cover.movement:
                return
        raise Unproved(self._lacking())

    def _lacking(self) -> str:
        return f"{self.cover.total:,} of {self.cover.count:,} rows received"
