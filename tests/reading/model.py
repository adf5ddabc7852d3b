"""A listing that moves while it is read: a Python list that changes between any two answers, and may lie."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import anyio

from pipeline.reading import Page, PageError, Row, Values

ORDERS = ("key up", "key down", "created up", "created down", "modified up", "modified down", "hidden")


@dataclass
class Item:
    """A row: its key, and the places that it may be ordered by; `version` goes up with each edit."""

    key: int
    created: int
    modified: int
    hidden: float
    version: int = 0

    @property
    def row(self) -> Row:
        """Return the row as a page shows it."""
        raw = f"{self.key} {self.version} {self.modified}".encode()
        return Row(str(self.key), Values(self.key, self.created, self.modified), raw)


@dataclass
class MovingListing:
    """A listing of `size` rows in one of ORDERS; after each answer `moves` changes happen on average.

    `ties` is how many rows share an instant. `late` answers are held back, so that pages come in any sequence. `lie`
    may replace an answer.
    """

    rng: Random
    size: int
    order: str
    moves: float = 0.0
    ties: int = 1
    clamp: int = 1000
    edits: bool = True
    lie: Callable[["MovingListing", Page], Page] | None = None
    failing: int | None = None  # key of a row that makes its page fail
    asked: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    handed_on: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = self.size * 10
        self.next_key = 1
        for place in range(self.size):
            self._insert(place * 10)
        self.stood = set(self.items)

    def _insert(self, at: int) -> None:
        at -= at % (10 * self.ties)
        item = Item(self.next_key, at, at + self.rng.choice((0, 0, 10, 500)), self.rng.random())
        self.items[item.key] = item
        self.next_key += self.rng.choice((1, 1, 1, 3))

    def listed(self) -> list[Item]:
        """Return the rows as they are listed now; ties stand as they came."""
        field, _, direction = self.order.partition(" ")
        return sorted(self.items.values(), key=lambda each: getattr(each, field), reverse=direction == "down")

    def move(self) -> None:
        """Make one change: a row comes at the end, or late; goes; is edited, which moves it where edits do."""
        self.clock += 10
        chance = self.rng.random()
        if chance < 0.35 or len(self.items) < 2:
            self._insert(self.clock)
        elif chance < 0.45:
            self._insert(self.rng.randrange(self.clock))
        elif chance < 0.65:
            key = self.rng.choice(list(self.items))
            del self.items[key]
            self.stood.discard(key)
        elif self.edits:
            item = self.items[self.rng.choice(list(self.items))]
            item.version += 1
            item.modified = self.clock
            if self.order.startswith("modified"):
                self.stood.discard(item.key)  # it did not keep its place

    async def ask(self, offset: int, limit: int) -> Page:
        """Answer with a page of one moment, after a while."""
        for _ in range(self.rng.randrange(4)):
            await anyio.lowlevel.checkpoint()
        self.asked += 1
        listed = self.listed()
        shown = listed[offset : offset + min(limit, self.clamp)]
        page = Page(offset, limit, len(listed), [each.row for each in shown])
        if self.failing is not None and any(each.key == self.failing for each in shown):
            raise PageError("500")
        if self.lie is not None:
            page = self.lie(self, page)
        for _ in range(int(self.moves) + (self.rng.random() < self.moves % 1)):
            self.move()
        for _ in range(self.rng.randrange(3)):
            await anyio.lowlevel.checkpoint()
        return page

    async def add(self, rows: list[bytes]) -> None:
        """Take rows, as their sink."""
        for raw in rows:
            self.handed_on[raw.split()[0].decode()] = raw
