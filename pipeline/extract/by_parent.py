"""Reading what LeafLink gives for one parent at a time, such as the comments of an order: a request for each.

Whether these changed shows in the parent's last change alone. Parents are asked for some hundreds at a time: what came
of them is landed and kept in the journal together, under what the parents looked like.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec
import pyarrow.parquet as pq

from pipeline.decoding.heads import HeadReader
from pipeline.errors import IncompleteError
from pipeline.extract.listing import Listing
from pipeline.extract.pages import NotOffered
from pipeline.extract.plan import Step, Way
from pipeline.extract.reading import Reading
from pipeline.landing import Batch, Landing
from pipeline.leaflink import NotFoundError
from pipeline.leaflink.paging import BrokenPage, parse_set
from pipeline.resources import Resource

# So many requests are lost, at most, when a run is cut off; and tell, the first time, that there is nothing to read.
AT_ONCE = 250

# The keys of parents, each with its last change in microseconds since 1970.
Moments = Mapping[str, int | None]


async def read_by_parent(step: Step, parent: Step, of: Reading, listing: Listing, landing: Landing) -> Reading:
    """Read what belongs to the rows of `parent` that are new or changed in `of`, or to all of them.

    Raises NotOffered when nothing at all is there of the first ones of all of them.
    """
    held, seen = parent.holding.modified, _moments(landing, parent.resource, of.batches)
    everything = step.way is Way.EVERYTHING
    asked = _known(held, of) if everything else _changed(held, seen) | set(step.holding.unasked)
    reader = _Reader(listing, step.resource)
    reading = Reading(scope="all") if everything else Reading(scope="sets", asked=asked)
    for some in _in_parts(sorted(asked)):
        reading.add(await reader.read({key: seen.get(key, held.get(key)) for key in some}))
        if everything and listing.pages.server_time is None:
            raise NotOffered(f"{step.resource.path}: not offered (404)")
    return reading


def _moments(landing: Landing, resource: Resource, batches: Iterable[Batch]) -> dict[str, int | None]:
    """Return the rows that landed of `resource`, by key, with the last change of each."""
    assert resource.change_field is not None, "what is asked for per parent has a parent that shows its changes"
    names, found = [resource.key, resource.change_field], dict[str, int | None]()
    with landing.fetched(batches) as files:
        for file in files:
            keys, moments = pq.read_table(file, columns=names, partitioning=None).select(names).columns
            found.update(zip(keys.to_pylist(), moments.cast("int64").to_pylist(), strict=True))
    return found


def _known(held: Moments, of: Reading) -> set[str]:
    """Return all parents that there are, those that are in quarantine or cannot be told by their key among them."""
    is_complete = of.scope == "all" and not of.keyless
    return set(of.keys if is_complete else of.keys | held.keys()) - of.gone


def _changed(held: Moments, seen: Moments) -> set[str]:
    """Return the parents that are new, and those whose last change is another one or not known."""
    return {key for key, moment in seen.items() if moment is None or held.get(key) != moment}


def _in_parts(keys: list[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while part := list(islice(rest, AT_ONCE)):
        yield part


class _Reader:
    def __init__(self, listing: Listing, resource: Resource) -> None:
        assert resource.parent_key is not None, "what is asked for per parent names it"
        self._listing = listing
        self._resource = resource
        self._parent_key = resource.parent_key
        self._parents = HeadReader(resource.parent_key, ())

    async def read(self, parents: Moments) -> Reading:
        """Read what belongs to some parents, or recall it from a run that was cut off and saw them as they are now."""
        query = {"parents": hashlib.sha256(msgspec.json.encode(parents)).hexdigest()}
        reading = self._listing.recall(query)
        if reading is None:
            rows = list[bytes]()

            async def fetch(parent: str) -> None:
                rows.extend(await self._fetch(parent))

            await self._listing.side_by_side(parents, fetch)
            reading = await self._listing.land(rows, f"of {len(parents):,} rows of {self._resource.parent}, one by one")
            if self._listing.pages.server_time is not None:  # else nothing was there
                self._listing.keep(query, reading)
        return reading

    async def _fetch(self, parent: str) -> list[bytes]:
        """Return the rows of one parent; none when it, or what is asked of it, is not there."""
        path, whole_as = self._resource.path_of(parent), self._resource.whole_as
        try:
            body = await self._listing.pages.ask(path, self._resource.params, may_be_empty=whole_as is not None)
        except NotFoundError:
            return []
        if whole_as is not None:
            return [msgspec.json.encode({self._parent_key: parent, whole_as: msgspec.Raw(body)})]
        try:
            count, rows = parse_set(body)
        except BrokenPage:
            raise self._unusable(path, "what is no list") from None
        if count != len(rows):
            raise self._unusable(path, f"{len(rows):,} of {count:,} rows")
        if not all(head.key in (parent, None) for head in self._parents.read(rows)):
            raise self._unusable(path, f"rows whose {self._parent_key} is another one")
        return rows

    def _unusable(self, path: str, seen: str) -> IncompleteError:
        return IncompleteError(f"{self._resource.name}: {path} was answered with {seen}.")
