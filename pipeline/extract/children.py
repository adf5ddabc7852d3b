"""Rows that come inside their parents, such as the lines of orders: each parent brings its whole set in one answer.

The list of the children is a witness. Where it counts otherwise, the parents of that stretch of creation are read
again. What a parent carried is never dropped because the list lacks it.
"""

from collections.abc import Awaitable, Callable
from itertools import accumulate

from pipeline.extract.listing import Listing
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Bound, Window
from pipeline.instants import MICROSECOND, instant, text_of
from pipeline.landing import WindowRead
from pipeline.landing.loss import is_too_much
from pipeline.resources import Resource

# Fewer parents than this are read again rather than asked about once more: about a page of them.
_FEW_PARENTS = 90
# The search may take so much of the requests that reading the parents takes.
_SEARCH_SHARE = 0.05
_FEWEST_REQUESTS = 6
# So often the two are compared before they are said to part: the source may move between one count and the other.
_COMPARISONS = 3


class Witness:
    """The list of the children of a resource, held against what its rows carried (`parents`).

    `listing` is that of the children, `parent_listing` that of their parents; `catch_up` reads the parents that changed
    since it was called last into `parents`, as the search does with those it looks at again, and `find_ghosts` takes
    those out that are gone. `doubts` says in words where the two still part.
    """

    def __init__(
        self, child: Resource, listing: Listing, parent_listing: Listing, parents: Reading,
        catch_up: Callable[[], Awaitable[None]], find_ghosts: Callable[[], Awaitable[None]],
    ) -> None:  # fmt: skip
        self.doubts: list[str] = []
        self._child, self._listing, self._parent_listing, self._parents = child, listing, parent_listing, parents
        self._catch_up, self._find_ghosts = catch_up, find_ghosts
        self._filter = f"{child.parent_key}__{parent_listing.resource.created_field}"
        pages = len(parents.values) / parent_listing.page_size
        self._requests_left = max(_FEWEST_REQUESTS, int(pages * _SEARCH_SHARE))

    async def compare(self) -> None:
        """Compare the counts, and mend where they part for longer than the source moves."""
        stated, carried = await self._count(), self._sizes.total()
        if stated < carried and is_too_much(carried - stated, carried):
            self._doubt(stated, carried)
            return
        if not await self._part(stated - carried):
            return
        if f"{self._filter}__gte" in self._child.filters:
            await self._search()
        stated, carried = await self._count(), self._sizes.total()
        if stated > carried:  # children that no parent carries
            self._parents.add_changes(_as_children(self._child, await self._listing.read(Window(self._child.params))))
        elif stated < carried:
            self._doubt(stated, carried)

    async def _part(self, difference: int) -> bool:
        """Say whether the counts part, and not only by what comes and goes between one count and the other."""
        differences = [difference]
        if difference < 0:
            await self._find_ghosts()
        while differences[-1] and len(differences) < _COMPARISONS:
            await self._catch_up()
            differences.append(await self._count() - self._sizes.total())
        return max(differences) - min(differences) < min(map(abs, differences))

    def _doubt(self, stated: int, carried: int) -> None:
        self.doubts.append(
            f"{self._child.name}: its list counts {stated:,} rows, {self._parent_listing.resource.name} carry "
            f"{carried:,}; these were taken"
        )

    @property
    def _sizes(self) -> "_Sizes":
        return _Sizes(self._parents, self._child.name)

    async def _count(self, low: int | None = None, high: int | None = None) -> int:
        """Return how many children the list counts, of parents made within both instants (microseconds)."""
        self._requests_left -= 1
        return await self._listing.pages.count(self._window(low, high))

    def _window(self, low: int | None, high: int | None) -> Window:
        bounds = {f"{self._filter}__gte": low, f"{self._filter}__lte": high}
        texts = {name: text_of(instant(at)) for name, at in bounds.items() if at is not None}
        return Window({**self._child.params, **texts})

    async def _search(self) -> None:
        """Halve by the creation of the parents where the counts part, and read the parents there again."""
        sizes = self._sizes
        parts = [(0, len(sizes.created))] if sizes.created else []
        while parts and self._requests_left > 0:
            start, end = parts.pop()
            low, high = sizes.created[start], sizes.created[end - 1]
            if await self._count(low, high) == sizes.between(start, end):
                continue
            if end - start > _FEW_PARENTS:
                middle = (start + end) // 2
                parts += [(start, middle), (middle, end)]
                continue
            field = self._parent_listing.resource.created_field
            assert field is not None
            bound = Bound(field, instant(low), instant(high) + MICROSECOND)
            window = Window(self._parent_listing.resource.params).limited(bound)
            self._parents.add_changes(await self._parent_listing.read(window, keep=False))


class _Sizes:
    """How many children each parent carried, by the creation of the parent."""

    def __init__(self, parents: Reading, child: str) -> None:
        sizes = parents.children[child].sizes if child in parents.children else {}
        made = sorted(
            (values.created, sizes.get(key, 0)) for key, values in parents.values.items() if values.created is not None
        )
        self.created = [created for created, _ in made]
        self._sums = [0, *accumulate(size for _, size in made)]
        self._undated = sum(size for key, size in sizes.items() if key in parents.values) - self._sums[-1]

    def total(self) -> int:
        """Return the number of all children."""
        return self._sums[-1] + self._undated

    def between(self, start: int, end: int) -> int:
        """Return the number of children of the parents from one place up to another, in the sequence of creation."""
        return self._sums[end] - self._sums[start]


def embedded_reading(child: Resource, parents: Reading) -> Reading:
    """Return what was read of `child` inside the rows of its parent; each set is complete with its parent."""
    found = parents.children.get(child.name, Reading())
    count = sum(size for key, size in found.sizes.items() if key in parents.values)
    received = sum(batch.rows for batch in found.batches) + len(found.rejected)
    proof = WindowRead(window="inside their parents", stated=count, received=received, distinct=count)
    reading = Reading(windows=[proof], scope="all" if parents.scope == "all" else "sets")
    reading.add(found)
    return reading


def _as_children(child: Resource, reading: Reading) -> Reading:
    """Return rows of the list of children as what came with their parents."""
    inside = Reading(batches=reading.batches, rejected=reading.rejected, fields=reading.fields, keyless=reading.keyless)
    return Reading(children={child.name: inside})
