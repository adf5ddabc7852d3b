"""Lies: what the listing of a resource says instead of the truth, for as long as a test wants it.

A lie concerns the resource's own listing, with filters or without. Rows by key, lists below another row's path and
children inside other rows stay true, unless the lie says otherwise.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.sandbox.store.filters import NOTHING, Condition
from pipeline.sandbox.store.store import Store, from_json, to_json
from pipeline.sandbox.store.table import Table
from pipeline.sandbox.trouble.bending import Span
from pipeline.sandbox.trouble.ordering import chance
from pipeline.sandbox.world.sandbox import Sandbox

Found = list[tuple[Any, bytes]]


class FailingError(Exception):
    """The answer is 500."""


@dataclass(frozen=True)
class Rows:
    """What a listing holds in truth: the rows of a table that meet the conditions, in an order."""

    store: Store
    table: Table
    conditions: list[Condition]
    order_by: str

    def count(self) -> int:
        """Return how many rows there are."""
        return self.store.count(self.table, self.conditions)

    def page(self, span: Span) -> Found:
        """Return keys and bodies of a page."""
        return self.store.page(self.table, self.conditions, *span, self.order_by)

    def of(self, key: object) -> Found:
        """Return key and body of one row, if it is among the rows."""
        return self.store.page(self.table, [*self.conditions, Condition("key = ?", (key,))], 1, 0)


class Lie:
    """What may be untrue about a listing. As it stands, nothing is."""

    def condition(self, table: Table) -> Condition:
        """Return which rows are listed at all."""
        return Condition("1")

    def count(self, rows: Rows) -> int:
        """Return how many rows are listed, by which pages follow one another."""
        return rows.count()

    def stated(self, count: int) -> int:
        """Return the `count` that pages state."""
        return count

    def page(self, rows: Rows, span: Span) -> Found:
        """Return keys and bodies of a page."""
        return rows.page(span)

    def results(self, table: Table, bodies: list[bytes]) -> list[bytes]:
        """Return the rows as a page shows them."""
        return bodies

    def body(self, head: dict[str, Any], results: list[bytes]) -> bytes:
        """Return the answer."""
        return to_json(head)[:-1] + b',"results":[' + b",".join(results) + b"]}"


@dataclass(frozen=True)
class Empty(Lie):
    """There are no rows, and the count says so."""

    def condition(self, table: Table) -> Condition:
        """Return that no row is listed."""
        return NOTHING


@dataclass(frozen=True)
class Third(Lie):
    """About a third of the rows is there, the same ones for every question, and the count agrees."""

    def condition(self, table: Table) -> Condition:
        """Return that the key decides."""
        return Condition(f"{chance(table)} % 3 = 0")


@dataclass(frozen=True)
class BareList(Lie):
    """A page is a list of its rows and nothing else."""

    def body(self, head: dict[str, Any], results: list[bytes]) -> bytes:
        """Return the rows without the head."""
        return b"[" + b",".join(results) + b"]"


@dataclass(frozen=True)
class CountOff(Lie):
    """The count is larger by so many rows than what is listed, or smaller if negative; never below 0."""

    by: int

    def stated(self, count: int) -> int:
        """Return the wrong count."""
        return max(0, count + self.by)


@dataclass(frozen=True)
class EmptyFrom(Lie):
    """Rows from that offset on are on no page; count and `next` speak as if they were."""

    offset: int

    def page(self, rows: Rows, span: Span) -> Found:
        """Return what lies before the offset."""
        left = self.offset - span.offset
        return rows.page(Span(min(span.limit, left), span.offset)) if left > 0 else []


@dataclass(frozen=True)
class FailingPages(Lie):
    """Every page answers 500. A row by key is still to be had."""

    def count(self, rows: Rows) -> int:
        """Raise FailingError."""
        raise FailingError


@dataclass(frozen=True)
class FailingRow(Lie):
    """Every page that would show the row answers 500, below another row's path too, and so does the row by key."""

    key: int | str

    def page(self, rows: Rows, span: Span) -> Found:
        """Return the page; raises FailingError when the row is on it."""
        found = rows.page(span)
        if any(str(key) == str(self.key) for key, _ in found):
            raise FailingError
        return found


@dataclass(frozen=True)
class Doubled(Lie):
    """The row is listed a second time at that offset, or last if there are fewer rows; the count counts it twice."""

    key: int | str
    offset: int

    def count(self, rows: Rows) -> int:
        """Return one more than there is, if the row is there."""
        return rows.count() + len(rows.of(self.key))

    def page(self, rows: Rows, span: Span) -> Found:
        """Return the page with the row once more, or moved on by it."""
        offset, again = min(self.offset, rows.count()), rows.of(self.key)
        if not again or span.end <= offset:
            return rows.page(span)
        if offset < span.offset:
            return rows.page(Span(span.limit, span.offset - 1))
        found, position = rows.page(Span(span.limit - 1, span.offset)), offset - span.offset
        return found[:position] + again + found[position:]


@dataclass(frozen=True)
class NullKeys(Lie):
    """The rows with those keys come with null for a key, on whatever page."""

    keys: Collection[int | str]

    def results(self, table: Table, bodies: list[bytes]) -> list[bytes]:
        """Return the rows, some without their key."""
        return [self._shown(table, body) for body in bodies]

    def _shown(self, table: Table, body: bytes) -> bytes:
        row = from_json(body)
        return to_json(row | {table.key: None}) if row.get(table.key) in self.keys else body


@dataclass(frozen=True)
class Stale(Lie):
    """The listing is answered from a cache: as everything stood then, with the Date of then.

    `since` is when the cache was filled; with `has_age` its answers say by `Age` how many seconds ago that was.
    """

    past: Store
    since: datetime
    has_age: bool = True

    @classmethod
    def of(cls, sandbox: Sandbox, since: datetime, *, has_age: bool = True) -> "Stale":
        """Return a cache filled with what the sandbox holds now."""
        return cls(sandbox.store.copy(), since, has_age)
