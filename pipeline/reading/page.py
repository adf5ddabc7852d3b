"""A page of a listing: one answer, and so one moment of the source."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from pipeline.errors import IncompleteError


class Values(NamedTuple):
    """What a listing may be ordered by; None where a row has none that can be read.

    `key` is a number or a text, `created` and `modified` are microseconds since 1970. Edits move `modified` only.
    """

    key: Any = None
    created: int | None = None
    modified: int | None = None


class Row(NamedTuple):
    """A row of a page.

    `identity` is what it is known by: its key as text, or its bytes where it has none. `raw` is the row as it came:
    other bytes in a later answer show that it was edited in between. A row that the source cannot show (`is_hole`) is
    known by the row before it.
    """

    identity: Hashable
    values: Values
    raw: bytes
    is_hole: bool = False


@dataclass(frozen=True)
class Page:
    """The rows from `offset` on, at most `limit`, and how many rows the listing had at that moment (`count`)."""

    offset: int
    limit: int
    count: int
    rows: Sequence[Row]

    @property
    def end(self) -> int:
        """The offset behind its last row."""
        return self.offset + len(self.rows)

    @property
    def expected(self) -> int:
        """How many rows it must hold by its own count."""
        return max(0, min(self.limit, self.count - self.offset))

    @property
    def is_end(self) -> bool:
        """Whether no row stood behind its last one.

        A full page does not say so: the count may be older than the rows by a moment.
        """
        return len(self.rows) < self.limit and self.end >= self.count


# Asks for so many rows from an offset on. Raises PageError when the source never answers for that page.
Ask = Callable[[int, int], Awaitable[Page]]


class Sink(Protocol):
    """Takes the rows of a listing as they come; a row that comes again is newer than before."""

    async def add(self, rows: list[bytes]) -> None:
        """Take rows."""


class PageError(IncompleteError):
    """The source fails for one page again and again, while it answers for others. Another error tells of it."""

    ending = ""


class Unproved(IncompleteError):
    """A listing was read, and nothing proves that all of it came. Another error tells of it."""

    ending = ""


def movement(counts: Sequence[int]) -> int:
    """Return by how many rows, at least, a listing grew and shrank between the counts of its pages."""
    return sum(abs(after - before) for before, after in pairwise(counts))


# A listing without rows is believed after so many equal answers only.
EMPTY_ANSWERS = 3
# So often a page that is not as long as its own count says is asked for again, in search of two equal answers.
_ASKED_AGAIN = 3


async def checked(ask: Ask, page: Page) -> Page:
    """Return `page`, or a later answer: one that is as long as its own count says, or equally long in two answers.

    A limit may be clamped, a page cut short once. Of a listing without rows there must be `EMPTY_ANSWERS`.
    """
    answers = [page]
    while len(answers) <= _ASKED_AGAIN:
        if len(page.rows) == page.expected and page.count:
            break
        equal = sum(len(each.rows) == len(page.rows) and each.count == page.count for each in answers)
        if equal >= (2 if page.count else EMPTY_ANSWERS):
            break
        page = await ask(page.offset, page.limit)
        answers.append(page)
    return page
