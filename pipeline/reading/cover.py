"""What the pages of a listing prove together.

A page is a contiguous piece of the listing at one moment: no row stood strictly between its first and its last one
that it does not show. A row that stands throughout keeps its place in the listing's order. So when the spans of the
pages cover that order from its beginning to its end, every such row has been shown, whatever else came, went or
shifted meanwhile, and in whatever sequence the pages came.
"""

from bisect import bisect_left, insort
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.reading.order import Order, Orders
from pipeline.reading.page import Page, Row, Values, movement


@dataclass(frozen=True)
class Edge:
    """The first or last row of a span: its value, and the offset at which the page numbered `seen` showed it.

    `rows` are, in an order that is not strict, all rows at that value with the hash of their bytes.
    """

    value: Any
    offset: int
    seen: int
    rows: Mapping[Hashable, int]

    def meet(self, other: "Edge") -> "Edge":
        """Return the newer one of two edges at the same value, with the rows of both."""
        older, newer = (self, other) if self.seen < other.seen else (other, self)
        return replace(newer, rows={**older.rows, **newer.rows}) if newer.rows else newer


@dataclass(frozen=True)
class Span:
    """A stretch of an order without a gap.

    `begins` and `ends` are the numbers of the newest pages that showed that no row stands before or after it; 0 where
    none did.
    """

    low: Edge
    high: Edge
    begins: int
    ends: int

    def joins(self, other: "Span", *, is_strict: bool) -> bool:
        """Say whether `other`, which does not begin lower, goes on where this one ends, or before.

        At one value, a row that both show unchanged joins them: rows of one value keep their sequence. Where a newer
        page showed that nothing stands between them, what this one ends with, or the other begins with, has gone.
        """
        if other.begins > self.high.seen or self.ends > other.low.seen:
            return True
        if other.low.value != self.high.value:
            return bool(other.low.value < self.high.value)
        return is_strict or any(self.high.rows.get(key) == seen for key, seen in other.low.rows.items())

    def joined(self, other: "Span") -> "Span":
        """Return both as one.

        Where either begins the order, both do: a row below it did not stand at that moment.
        """
        low = self.low.meet(other.low) if self.low.value == other.low.value else self.low
        high = max(self.high, other.high, key=lambda edge: edge.value)
        if self.high.value == other.high.value:
            high = self.high.meet(other.high)
        return Span(low, high, max(self.begins, other.begins), max(self.ends, other.ends))


@dataclass(frozen=True)
class Gap:
    """A stretch that no page has shown: between the last row before and the first row behind, as offsets go up.

    Where one of them is None, the beginning or the end of the listing is not proved.
    """

    order: Order
    before: Edge | None
    behind: Edge | None

    @property
    def values(self) -> tuple[Any, Any]:
        """The values of its edges, None where there is none."""
        return (self.before and self.before.value, self.behind and self.behind.value)

    @property
    def width(self) -> int:
        """About how many rows stand in it, by the offsets seen last; 0 where it has no end yet."""
        if self.behind is None:
            return 0
        return max(0, self.behind.offset - (self.before.offset if self.before is not None else -1) - 1)


class Cover:
    """The spans that the pages of one listing prove, in every order that all of them allow.

    `known` holds every row seen, by identity, with a hash of its bytes when it was seen last; `values` what it may be
    ordered by.
    """

    def __init__(self) -> None:
        self.known: dict[Hashable, int] = {}
        self.holes: set[Hashable] = set()
        self.counts: list[int] = []  # as the pages stated them, one after the other
        self.doubled: set[Hashable] = set()
        self._placed: dict[Hashable, int] = {}  # offsets of rows in their place, and of others
        self._strays: dict[Hashable, int] = {}
        self._orders = Orders()
        self._spans: dict[Order, list[Span]] = {}
        self._sorted: dict[Order, list[Any]] = {}  # sorted, of the orders in which ranks were asked for
        self.values: dict[Hashable, Values] = {}
        self._newest: Page | None = None
        self._is_whole = False

    @property
    def count(self) -> int:
        """The count that the newest page stated."""
        return self.counts[-1]

    @property
    def total(self) -> int:
        """How many rows were seen, those that the listing shows twice counted twice."""
        return len(self.known) + len(self.doubled)

    @property
    def movement(self) -> int:
        """By how many rows, at least, the listing grew and shrank between the pages."""
        return movement(self.counts)

    @property
    def has_order(self) -> bool:
        """Whether some order is left that every page allows."""
        return bool(self._orders.deciding)

    @property
    def order(self) -> Order | None:
        """The first of the orders that count; None when there is none."""
        return next(iter(self._orders.deciding), None)

    def take(self, page: Page) -> list[Row]:
        """Take a page; return those of its rows that are new, or differ from when they were seen last."""
        self.counts.append(page.count)
        self._newest = page
        self._is_whole = self._is_whole or (page.offset == 0 and page.is_end and len(page.rows) >= page.count)
        found = self._orders.allow(page.rows)
        self._note_doubles(page, found)
        offsets = {id(row): page.offset + index for index, row in enumerate(page.rows)}
        spans = {}
        for order, places in found.items():
            spans[order] = self._spans.get(order, [])
            if places:
                new = _span(order, places, page, len(self.counts), offsets)
                spans[order] = _merged(spans[order], new, is_strict=order.is_strict)
        self._spans = spans
        return self.note(page)

    def note(self, page: Page) -> list[Row]:
        """Note the rows of a page; return those that are new, or differ from when they were seen last."""
        news = []
        for row in page.rows:
            seen = hash(row.raw)
            if self.known.get(row.identity) != seen:
                self.known[row.identity] = seen
                self.values[row.identity] = row.values
                for order, values in self._sorted.items():
                    if (value := order.value(row.values)) is not None:
                        insort(values, value)
                if row.is_hole:
                    self.holes.add(row.identity)
                else:
                    news.append(row)
        return news

    def _note_doubles(self, page: Page, found: Mapping[Order, list[tuple[Any, Row]]]) -> None:
        """Note rows that one page shows twice, and rows that stand in their place and elsewhere too."""
        seen = set()
        for row in page.rows:
            if row.identity in seen:
                self.doubled.add(row.identity)
            seen.add(row.identity)
        places = next(iter(found.values()), None)
        if places is None:
            return
        placed = {id(row) for _, row in places}
        for offset, row in enumerate(page.rows, page.offset):
            here, there = (self._placed, self._strays) if id(row) in placed else (self._strays, self._placed)
            here[row.identity] = offset
            elsewhere = there.get(row.identity)
            if elsewhere is not None and abs(elsewhere - offset) > self.movement:
                self.doubled.add(row.identity)

    @property
    def is_one_page(self) -> bool:
        """Whether a single page showed all of it: one moment needs no order."""
        return self._is_whole

    @property
    def is_covered(self) -> bool:
        """Whether nothing that stood throughout can have been missed."""
        return self._is_whole or (self.has_order and not self.gaps)

    @property
    def gaps(self) -> list[Gap]:
        """The gaps in the first order that has any; none when the listing is covered.

        An order that later pages are not in leaves gaps of its own only until then.
        """
        if self._is_whole:
            return []
        for order in self._orders.deciding:
            gaps = list(_gaps(order, self._spans[order]))
            if gaps:
                return gaps
        return []

    def offset_of(self, gap: Gap) -> int:
        """Return where the row before a gap stands now, reckoned from the newest page.

        It is that page's offset and the number of known rows in between.
        """
        assert self._newest is not None
        if gap.before is None:
            return -1
        place = gap.order.first_place(self._newest)
        if place is None:
            return gap.before.offset
        value, offset = place
        between = self._rank(gap.order, gap.before.value) - self._rank(gap.order, value)
        reckoned = offset + (-between if gap.order.is_descending else between)
        return reckoned - gap.width if reckoned < offset else reckoned

    def _rank(self, order: Order, value: Any) -> int:
        if order not in self._sorted:
            self._sorted[order] = sorted(
                found for each in self.values.values() if (found := order.value(each)) is not None
            )
        return bisect_left(self._sorted[order], value)


def _span(order: Order, places: list[tuple[Any, Row]], page: Page, seen: int, offsets: Mapping[int, int]) -> Span:
    """Return what a page proves in an order in which its rows have those places."""

    def edge(value: Any, row: Row) -> Edge:
        rows = {} if order.is_strict else {each.identity: hash(each.raw) for at, each in places if at == value}
        return Edge(value, offsets[id(row)], seen, rows)

    begins, ends = seen * (page.offset == 0), seen * page.is_end
    if order.is_descending:
        begins, ends = ends, begins
    return Span(edge(*places[0]), edge(*places[-1]), begins, ends)


def _merged(spans: list[Span], new: Span, *, is_strict: bool) -> list[Span]:
    """Return the spans with one more, all that it joins made one; in the sequence of their lower edges."""
    apart = []
    for span in spans:
        below, above = (span, new) if _begins_lower(span, new) else (new, span)
        if below.joins(above, is_strict=is_strict):
            new = below.joined(above)
        else:
            apart.append(span)
    if len(apart) < len(spans):
        return _merged(apart, new, is_strict=is_strict)
    return sorted([*spans, new], key=lambda span: (span.low.value, span.high.value))


def _begins_lower(span: Span, other: Span) -> bool:
    if span.low.value != other.low.value:
        return bool(span.low.value < other.low.value)
    return bool(span.high.value <= other.high.value)


def _gaps(order: Order, spans: list[Span]) -> Iterator[Gap]:
    """Yield the gaps of an order, as offsets go up."""
    if not spans:
        yield Gap(order, None, None)
        return
    listed = spans[::-1] if order.is_descending else spans
    firsts = [span.high if order.is_descending else span.low for span in listed]
    lasts = [span.low if order.is_descending else span.high for span in listed]
    if not (spans[-1].ends if order.is_descending else spans[0].begins):
        yield Gap(order, None, firsts[0])
    for last, first in zip(lasts, firsts[1:], strict=False):
        yield Gap(order, last, first)
    if not (spans[0].begins if order.is_descending else spans[-1].ends):
        yield Gap(order, lasts[-1], None)
