"""Reading a listing that is in no order: only where it stands still do its pages prove anything of each other."""

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from itertools import pairwise

from pipeline.reading.page import Page, Unproved
from pipeline.reading.side_by_side import side_by_side

_READINGS = 5


@dataclass(frozen=True)
class Stillness:
    """What a listing held while it stood still: the row at each offset."""

    places: tuple[Hashable, ...]

    @property
    def doubled(self) -> frozenset[Hashable]:
        """The rows that it shows more than once."""
        return frozenset(row for row, times in Counter(self.places).items() if times > 1)


async def read_still(
    ask: Callable[[int], Awaitable[Page]], take: Callable[[Page], Awaitable[None]], *, step: int, connections: int
) -> tuple[Stillness, int]:
    """Read a listing over and over until it stood still for all of a reading; return what it held, and the readings.

    Each page is handed to `take`. Pages overlap by a row. A row that is listed twice is believed when two readings are
    equal. Raises Unproved when the listing moves in every reading.
    """
    before: Stillness | None = None
    for readings in range(1, _READINGS + 1):
        pages = await _read_once(ask, step, connections)
        for page in pages:
            await take(page)
        still = _stillness(pages)
        if still is not None and (not still.doubled or still == before):
            return still, readings
        before = still
    raise Unproved(f"it is in no order, and its {pages[-1].count:,} rows moved in each of {_READINGS} readings")


async def _read_once(ask: Callable[[int], Awaitable[Page]], step: int, connections: int) -> list[Page]:
    pages = [await ask(0)]

    async def read(offset: int) -> None:
        pages.append(await ask(offset))

    await side_by_side(range(step, max(pages[0].count - 1, 1), step), read, connections)
    return sorted(pages, key=lambda page: page.offset)


def _stillness(pages: list[Page]) -> Stillness | None:
    """Return what the pages show if they can be of one moment: one count, and the same rows where they overlap."""
    count = pages[0].count
    places: dict[int, Hashable] = {}
    for page in pages:
        for offset, row in enumerate(page.rows, page.offset):
            if places.setdefault(offset, row.identity) != row.identity:
                return None
    overlapping = all(a.end > b.offset for a, b in pairwise(pages))
    if any(page.count != count for page in pages) or not overlapping or len(places) != count:
        return None
    return Stillness(tuple(places[offset] for offset in range(count)))
