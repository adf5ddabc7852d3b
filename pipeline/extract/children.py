"""Rows that come inside their parents, such as the lines of orders: each parent brings its whole set in one answer.

The list of the children is a witness. Where it counts otherwise, the parents of that stretch of creation are read
again. What a parent carried is never dropped because the list lacks it.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from pipeline.extract.listing import Listing
from pipeline.extract.reading import ChildRead, Reading
from pipeline.extract.windows import Bound, Window
from pipeline.landing import WindowRead
from pipeline.landing.loss import is_too_much
from pipeline.resources import Resource, WithParent

# Fewer parents than this are read again rather than asked about once more: about a page of them.
_FEW_PARENTS = 90
# The search may take so much of the requests that reading the parents takes.
_SEARCH_SHARE = 0.05
_FEWEST_REQUESTS = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Witness:
    """The list of the children of a resource, held against what its rows carried (`parents`).

    `listing` is that of the children, `parent_listing` that of their parents. Rows that the search brings are added to
    `parents`; `doubts` says in words where the two still part.
    """

    def __init__(self, child: Resource, listing: Listing, parent_listing: Listing, parents: Reading) -> None:
        assert isinstance(child.refresh, WithParent)
        self.doubts: list[str] = []
        self._child, self._listing, self._parent_listing, self._parents = child, listing, parent_listing, parents
        self._filter = f"{child.refresh.parent_key}__{parent_listing.resource.created_field}"
        pages = len(parents.values) / parent_listing.page_size
        self._requests_left = max(_FEWEST_REQUESTS, int(pages * _SEARCH_SHARE))

    async def compare(self) -> None:
        """Compare the counts, and mend where they part."""
        stated, carried = await self._count(), self._sizes.total()
        if stated == carried:
            return
        if stated < carried and is_too_much(carried - stated, carried):
            self.doubts.append(
                f"{self._child.name}: its list counts {stated:,} rows, {self._parent_listing.resource.name} carry "
                f"{carried:,}; these were taken"
            )
            return
        if self._filter + "__gte" in self._child.filters and await self._search():
            return
        if stated > self._sizes.total():
            self._parents.add_changes(_as_children(self._child, await self._listing.read(Window(self._child.params))))

    @property
    def _sizes(self) -> "_Sizes":
        return _Sizes(self._parents, self._child.name)

    async def _count(self, low: int | None = None, high: int | None = None) -> int:
        """Return how many children the list counts, of parents made within both instants (microseconds)."""
        self._requests_left -= 1
        return await self._listing.count(self._window(low, high))

    def _window(self, low: int | None, high: int | None) -> Window:
        bounds = {f"{self._filter}__gte": low, f"{self._filter}__lte": high}
        texts = {name: _text(instant) for name, instant in bounds.items() if instant is not None}
        return Window({**self._child.params, **texts})

    async def _search(self) -> bool:
        """Halve by the creation of the parents where the counts part; say whether that explained it."""
        sizes = self._sizes
        parts = [(0, len(sizes.created))]
        while parts and self._requests_left > 0:
            start, end = parts.pop()
            low, high = (sizes.created[start], sizes.created[end - 1]) if start < end else (None, None)
            stated = await self._count(low, high)
            if stated == sizes.between(start, end):
                continue
            if end - start <= _FEW_PARENTS:
                await self._read_again(low, high, stated)
            else:
                middle = (start + end) // 2
                parts += [(start, middle), (middle, end)]
        return not parts

    async def _read_again(self, low: int | None, high: int | None, stated: int) -> None:
        """Read the parents of a stretch again, and the children that none of them carries."""
        if low is None or high is None:
            return
        field = self._parent_listing.resource.created_field
        assert field is not None
        bound = Bound(field, _instant(low), _instant(high) + _MICROSECOND)
        window = Window(self._parent_listing.resource.params).limited(bound)
        self._parents.add_changes(await self._parent_listing.read(window, keep=False))
        sizes = self._sizes
        carried = sizes.between(bisect_left(sizes.created, low), bisect_left(sizes.created, high + 1))
        if stated > carried:
            rows = await self._listing.read(self._window(low, high), keep=False)
            self._parents.add_changes(_as_children(self._child, rows))
        elif stated < carried:
            self.doubts.append(
                f"{self._child.name}: its list counts {stated:,} rows of {self._parent_listing.resource.name} made "
                f"between {_text(low)} and {_text(high)}, which carry {carried:,}; these were taken"
            )


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
    found = parents.children.get(child.name, ChildRead())
    count = sum(size for key, size in found.sizes.items() if key in parents.values)
    proof = WindowRead(window="inside their parents", stated=count, received=found.received, distinct=count)
    return Reading(
        windows=[proof], batches=parents.batches, rejected=parents.rejected, keyless=found.keyless,
        fields=parents.fields,
    )  # fmt: skip


def _as_children(child: Resource, reading: Reading) -> Reading:
    """Return rows of the list of children as what came with their parents."""
    return Reading(
        batches=reading.batches, rejected=reading.rejected, fields=reading.fields,
        children={child.name: ChildRead(received=reading.received, keyless=reading.keyless)},
    )  # fmt: skip


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _text(microseconds: int) -> str:
    return _instant(microseconds).isoformat().replace("+00:00", "Z")
