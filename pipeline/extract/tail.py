"""Reading a list that grows at one end from there, and finding what has vanished from the rest of it.

The list is in the order of its key. What we hold says where every row must stand; where one stands elsewhere, rows
before it have vanished (or turned up late), and the place is found by halving: a handful of pages instead of all.
What this cannot see is a row that was changed where it stands, far from the end: reading everything, weekly, does.
"""

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_ATTEMPTS = 3


class ListedRow(NamedTuple):
    """A row of a page: its key, the parent that it points to, and its raw text."""

    key: int
    parent: str | None
    raw: bytes


# Fetches so many rows from an offset on: the count that the API states, and the rows. None for rows without a whole
# number as their key.
Fetch = Callable[[int, int], Awaitable[tuple[int, list[ListedRow] | None]]]


@dataclass(frozen=True)
class Tail:
    """What was found: the rows that were read, the held keys that are gone, and the parents that either points at."""

    stated: int
    rows: list[ListedRow]
    gone: set[int]
    parents: set[str]


class _Moved(Exception):
    """The list is not in the order of its key, or it moved while it was read."""


async def read_tail(fetch: Fetch, keys: Sequence[int], parents: Sequence[str | None], page_size: int) -> Tail | None:
    """Read what is new, and find what is gone, since `keys` (ascending, with the parent of each) were held.

    Returns None where the list cannot be read so: it is in no order, or it moves too much.
    """
    for _ in range(_ATTEMPTS):
        try:
            return await _TailReader(fetch, keys, parents, page_size).read()
        except _Moved:
            continue
    return None


class _TailReader:
    def __init__(self, fetch: Fetch, keys: Sequence[int], parents: Sequence[str | None], page_size: int) -> None:
        self._fetch = fetch
        self._keys = keys
        self._parents = parents
        self._size = page_size
        self._seen: dict[int, ListedRow] = {}
        self._gone: set[int] = set()
        self._stated = -1
        self._is_descending = False

    async def read(self) -> Tail:
        first = await self._read(0, self._size)
        self._size = max(len(first), 1)  # a limit may be clamped
        self._is_descending = len(first) > 1 and first[0] > first[-1]
        held, position = await self._read_new()
        await self._compare(held, position)
        await self._at(max(0, self._stated - self._size), self._stated)  # the end has not moved meanwhile
        new = self._seen.keys() - set(self._keys)
        if len(self._keys) - len(self._gone) + len(new) != self._stated:
            raise _Moved
        known = dict(zip(self._keys, self._parents, strict=True))
        parents = {self._seen[key].parent for key in new} | {known[key] for key in self._gone}
        rows = [self._seen[key] for key in sorted(self._seen)]
        return Tail(self._stated, rows, self._gone, {parent for parent in parents if parent is not None})

    async def _read(self, offset: int, limit: int) -> list[int]:
        stated, rows = await self._fetch(offset, limit)
        if rows is None or self._stated not in (-1, stated):
            raise _Moved
        self._stated = stated
        keys = [row.key for row in rows]
        if keys not in (sorted(keys), sorted(keys, reverse=True)):
            raise _Moved
        self._seen.update((row.key, row) for row in rows)
        return keys

    async def _at(self, start: int, end: int) -> list[int]:
        """Return the keys at the places [start, end), counted from the smallest key on."""
        if start >= end:
            return []
        keys = await self._read(self._stated - end if self._is_descending else start, end - start)
        if len(keys) != end - start:
            raise _Moved
        return keys[::-1] if self._is_descending else keys

    async def _read_new(self) -> tuple[int, int]:
        """Read from the large end until a row is held; return its place in what is held, and in the list."""
        end = self._stated
        while end > 0:
            start = max(0, end - self._size)
            keys = await self._at(start, end)
            held = bisect_left(self._keys, keys[0])
            if held < len(self._keys) and self._keys[held] == keys[0]:
                self._gone |= set(self._keys[held:]) - self._seen.keys()
                return held, start
            end = start
        self._gone |= set(self._keys) - self._seen.keys()
        return 0, 0

    async def _compare(self, held: int, listed: int) -> None:
        """Compare the first `held` keys with the first `listed` places, by halves where they are not as many."""
        parts = [(0, held, 0, listed)]
        while parts:
            low, high, start, end = parts.pop()
            if high - low == end - start:
                continue
            if end - start <= self._size:
                self._gone |= set(self._keys[low:high]) - set(await self._at(start, end))
                continue
            middle = (start + end) // 2
            keys = await self._at(middle, min(middle + self._size, end))
            split = min(max(bisect_left(self._keys, keys[0]), low), high)
            parts += [(low, split, start, middle), (split, high, middle, end)]
