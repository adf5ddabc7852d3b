"""Finding what is new at the end that grows, and what is gone from the rest, without reading the rest.

What is held says where every row of the listing must stand. Where the counts part, rows are gone (or came late), and
the place is found by halving. A row is absent when a page shows the rows around its place and not the row itself: that
is one moment of the source, and no shift of offsets can feign it.
"""

from bisect import bisect_left, insort
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.reading.order import Order, Orders
from pipeline.reading.page import Ask, Page, Row, Sink, Values, checked, movement
from pipeline.reading.reader import Limits


@dataclass(frozen=True)
class Growth:
    """What became of a listing since it was held.

    `new` are rows that were not held, `absent` held ones that are gone. `count` is the newest one, `order` what the
    listing is in the order of. `is_settled`: as many rows are known now as the listing states, within the movement that
    was seen.
    """

    new: tuple[Row, ...]
    absent: frozenset[Hashable]
    count: int
    order: Order
    is_settled: bool


async def read_growth(
    ask: Ask, sink: Sink, held: Mapping[Any, Values], limits: Limits, *, most_pages: int, order: Order | None = None,
    only_end: bool = False,
) -> Growth | None:  # fmt: skip
    """Read what is new at the end that grows, and find what is gone, with so many pages at most.

    `order` is what the listing was in the order of; without it, the first page shows it. With `only_end` nobody looks
    for what is gone. Returns None where nothing can be told: the listing is in no order that edits leave alone.
    """
    first = None
    if order is None:
        first = await checked(ask, await ask(0, limits.page_size))
        orders = Orders()
        orders.allow(first.rows)
        order = next((each for each in orders.deciding if each.is_fixed and _can_place(each, held)), None)
        if order is None and first.count:
            return None
    hunt = _Hunt(ask, sink, held, limits, order or Order("key", False), most_pages)
    if first is not None:
        await hunt.observe(first)
    await hunt.read_end()
    if not only_end:
        await hunt.halve()
    return hunt.growth if hunt.is_in_order else None


def _can_place(order: Order, held: Mapping[Any, Values]) -> bool:
    return all(order.value(values) is not None for values in held.values())


class _Hunt:
    def __init__(
        self, ask: Ask, sink: Sink, held: Mapping[Any, Values], limits: Limits, order: Order, most_pages: int
    ) -> None:
        self._ask, self._sink, self._limits, self._order = ask, sink, limits, order
        self._pages_left = most_pages
        self._held = set(held)
        self._places = sorted((order.value(values), str(key), key) for key, values in held.items())
        self._highest = self._places[-1][0] if self._places else None
        self._counts: list[int] = []
        self._new: dict[Hashable, Row] = {}
        self._seen: dict[Hashable, int] = {}
        self._absent: set[Hashable] = set()
        self._reaches_end = False
        self.is_in_order = True

    @property
    def growth(self) -> Growth:
        """What was found so far."""
        is_settled = abs(len(self._places) - self._counts[-1]) <= movement(self._counts)
        return Growth(tuple(self._new.values()), frozenset(self._absent), self._counts[-1], self._order, is_settled)

    async def observe(self, page: Page) -> tuple[Any, Any, bool]:
        """Take a page: its new rows, and the held ones that it proves absent.

        Returns its lowest and highest value (None without rows), and whether no row stood above it.
        """
        self._counts.append(page.count)
        await self._take_rows(page.rows)
        places = self._order.places(page.rows)
        self.is_in_order = self.is_in_order and places is not None
        if not places:
            return None, None, False
        low, high = places[0][0], places[-1][0]
        begins, ends = page.offset == 0, page.is_end
        if self._order.is_descending:
            begins, ends = ends, begins
        self._reaches_end = self._reaches_end or (ends and self._joins(low))
        start = 0 if begins else bisect_left(self._places, (low, chr(0x10FFFF)))
        end = len(self._places) if ends else bisect_left(self._places, (high, ""))
        shown = {row.identity for row in page.rows}
        absent = {key for _, _, key in self._places[start:end]} - shown
        if absent:
            self._absent |= absent
            self._places = [place for place in self._places if place[2] not in absent]
        return low, high, ends

    async def _take_rows(self, rows: Any) -> None:
        news = []
        for row in rows:
            is_held, seen = row.identity in self._held, hash(row.raw)
            if (not is_held or row.identity in self._absent) and row.identity not in self._new:
                value = self._order.value(row.values)
                if value is not None:
                    insort(self._places, (value, str(row.identity), row.identity))
                self._absent.discard(row.identity)
            if self._seen.get(row.identity) != seen:
                self._seen[row.identity] = seen
                news.append(row)
                if not is_held or row.identity in self._new:
                    self._new[row.identity] = row
        if news:
            await self._sink.add([row.raw for row in news])

    async def _page(self, start: int) -> Page:
        """Ask for the page that begins at a place, counted from the lowest value on."""
        self._pages_left -= 1
        size, count = self._limits.page_size, self._count
        offset = max(0, count - start - size) if self._order.is_descending else max(0, start)
        limit = size if not self._order.is_descending else min(size, max(1, count - start - offset))
        return await checked(self._ask, await self._ask(offset, limit))

    async def read_end(self) -> None:
        """Read from the highest value down until a held row shows, in pages that overlap."""
        size, step = self._limits.page_size, self._limits.step
        frontier, start = None, max(0, self._count - size + 1)
        while self._pages_left > 0 and not self._reaches_end:
            low, high, ends = await self.observe(await self._page(start))
            if low is None:
                if self._count == 0 or start == 0:
                    return
                start = max(0, self._count - size + 1)
            elif frontier is None and not ends:
                start += step
            elif frontier is not None and high < frontier:  # rows came or went: look a little higher
                start += max(1, size // 2)
            else:
                frontier = low
                if start == 0 or self._joins(low):
                    return
                start = max(0, start - step)

    @property
    def _count(self) -> int:
        return self._counts[-1] if self._counts else len(self._places)

    def _joins(self, low: Any) -> bool:
        return self._highest is not None and bool(low <= self._highest)

    async def halve(self) -> None:
        """Halve where what is held and what is listed part, and look into the halves."""
        parts: list[tuple[Any, Any, int, int]] = [(None, None, 0, self._counts[-1])]
        while parts and self._pages_left > 0:
            low, high, start, end = parts.pop()
            known = self._rank(high, len(self._places)) - self._rank(low, 0)
            if known == end - start:
                continue
            if end - start + 2 <= self._limits.page_size:
                middle = (start + end) // 2
                await self.observe(await self._page(max(0, middle - self._limits.page_size // 2)))
                continue
            page = await self._page((start + end) // 2)
            await self.observe(page)
            first = self._order.first_place(page)
            if first is None:
                return
            value, offset = first
            place = page.count - 1 - offset if self._order.is_descending else offset
            if not start < place < end:
                continue
            parts += [(low, value, start, place), (value, high, place, end)]

    def _rank(self, value: Any, otherwise: int) -> int:
        return otherwise if value is None else bisect_left(self._places, (value, ""))
