"""The orders that a listing may be in, as its pages show it: nothing is assumed.

Each order maps the rows of a page to values that go up. An order that goes down is looked at from behind.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import total_ordering
from itertools import pairwise
from typing import Any, Literal

from pipeline.reading.page import Page, Row, Values

# One row in so many may stand elsewhere than the order says. In 2,000 shuffled pages of 20 rows the longest rising run
# had 11 rows at most, in such of 100 rows 22: neither comes near.
_ROWS_PER_STRAY = 20
# So many ties that all follow the key show that the key decides ties.
_TIES_SHOWN = 20


@total_ordering
class _Down:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and self.value == other.value

    def __lt__(self, other: "_Down") -> bool:
        return bool(other.value < self.value)

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True)
class Order:
    """By one of a row's `Values`, up or down.

    `ties` tells how rows of one value are ordered: by no rule that is known (0), by their key in the direction in
    which the values are looked at (1), or against it (-1).
    """

    field: Literal["key", "created", "modified"]
    is_descending: bool
    ties: int = 0

    @property
    def is_strict(self) -> bool:
        """Whether no two rows may stand at the same place."""
        return self.field == "key" or self.ties != 0

    @property
    def is_fixed(self) -> bool:
        """Whether no edit moves a row."""
        return self.field != "modified"

    def __str__(self) -> str:
        """Return the order in words."""
        return f"{self.field} {'down' if self.is_descending else 'up'}"

    def rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows as the order goes up."""
        return rows[::-1] if self.is_descending else rows

    def value(self, values: Values) -> Any:
        """Return where a row with these values stands, None where it cannot be read."""
        value, key = getattr(values, self.field), values.key
        if value is None or not self.ties:
            return value
        if key is None:
            return None
        return (value, key) if self.ties > 0 else (value, _Down(key))

    def places(self, rows: Sequence[Row]) -> list[tuple[Any, Row]] | None:
        """Return the rows of a page that stand in the order, rising, each with its value; None where it is not kept.

        A few rows may stand elsewhere, or have no value: they lie where their neighbours say.
        """
        valued = [(value, row) for row in self.rows(rows) if (value := self.value(row.values)) is not None]
        if len(rows) - len(valued) > len(rows) // 2:
            return None
        try:
            if all(a <= b for (a, _), (b, _) in pairwise(valued)):
                return _without_repeats(valued) if self.is_strict else valued
            kept = _longest_rise([value for value, _ in valued], is_strict=self.is_strict)
        except TypeError:  # numbers beside texts
            return None
        if len(valued) - len(kept) > len(rows) // _ROWS_PER_STRAY:
            return None
        return [valued[index] for index in kept]

    def first_place(self, page: Page) -> tuple[Any, int] | None:
        """Return the lowest value of a page, and the offset of its row; None where no row stands in the order."""
        places = self.places(page.rows)
        if not places:
            return None
        value, first = places[0]
        return value, page.offset + next(index for index, row in enumerate(page.rows) if row is first)


def _without_repeats(valued: list[tuple[Any, Row]]) -> list[tuple[Any, Row]]:
    return [each for index, each in enumerate(valued) if not index or each[0] != valued[index - 1][0]]


def _longest_rise(values: Sequence[Any], *, is_strict: bool) -> list[int]:
    """Return the indexes of a longest rising part of `values`."""
    tails: list[Any] = []
    ends: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        key = value if is_strict else (value, index)
        place = bisect_left(tails, key)
        tails[place : place + 1] = [key]
        ends[place : place + 1] = [index]
        before.append(ends[place - 1] if place else -1)
    kept = []
    index = ends[-1] if ends else -1
    while index >= 0:
        kept.append(index)
        index = before[index]
    return kept[::-1]


_CANDIDATES = (
    Order("key", False),
    Order("key", True),
    *(
        Order(field, is_descending, ties)
        for field in ("created", "modified")
        for is_descending in (False, True)
        for ties in (0, 1, -1)
    ),
)


class Orders:
    """The orders that every page so far allows."""

    def __init__(self) -> None:
        self._alive = dict.fromkeys(_CANDIDATES, 0)  # with the ties that each has explained

    def allow(self, rows: Sequence[Row]) -> dict[Order, list[tuple[Any, Row]]]:
        """Give up the orders that a page is not in; return where its rows stand in the others."""
        found = {order: places for order in self._alive if (places := order.places(rows)) is not None}
        self._alive = {order: self._alive[order] + _ties(order, places) for order, places in found.items()}
        return found

    @property
    def deciding(self) -> list[Order]:
        """The orders that count: where the key decides ties, the one that says so; else the plain one."""
        shown = {(o.field, o.is_descending) for o, ties in self._alive.items() if o.ties and ties >= _TIES_SHOWN}
        return [
            order
            for order, ties in self._alive.items()
            if order.field == "key"
            or (ties >= _TIES_SHOWN if order.ties else (order.field, order.is_descending) not in shown)
        ]


def _ties(order: Order, places: list[tuple[Any, Row]]) -> int:
    return sum(a[0] == b[0] for (a, _), (b, _) in pairwise(places)) if order.ties else 0  # each value is (value, key)
