"""The nightly ways of reading a resource: what changed, what may have changed without saying so, and what grew."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.extract.listing import Listing
from pipeline.extract.plan import Step
from pipeline.extract.reading import Reading
from pipeline.extract.tail import read_tail
from pipeline.extract.windows import Bound, IgnoredFilter, Window
from pipeline.landing import Scope
from pipeline.landing.held import HeldResource
from pipeline.resources import Changed

# Single rows cost a request each: beyond this many, and beyond what everything costs, everything is read.
_FEW_SINGLE_ROWS = 50


@dataclass
class Found:
    """What reading a resource brought, and what it says of rows that did not come (see `landing.ResourceRead`)."""

    reading: Reading
    scope: Scope
    complete_since: datetime | None = None
    gone: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)


async def read_changed(step: Step, listing: Listing, touched: Callable[[], Awaitable[set[str]]]) -> Found:
    """Read what changed since `step.since` and, with `step.recent_from`, what may have changed without saying so.

    `touched` gives the keys that other resources point at, once these have been read. Everything is read where a
    filter turns out to do nothing, or where that costs less.
    """
    refresh, everything = step.resource.refresh, Window(step.resource.params)
    assert isinstance(refresh, Changed)
    changed = everything.limited(Bound(refresh.modified_field, step.since))
    try:
        if step.recent_from is None:
            found = Found(await listing.read(changed), "changed")
            await read_quarantined(step.held, listing, found)
            return found
        older = Bound(refresh.created_field, None, step.recent_from)
        recent = everything.limited(Bound(refresh.created_field, step.recent_from))
        found = Found(await listing.read(recent), "changed", complete_since=step.recent_from)
        if refresh.open_flag is not None:
            open_rows = Window(step.resource.params, {refresh.open_flag: False}, (older,))
            found.reading.add(await listing.read(open_rows))
        found.reading.add(await listing.read(changed.limited(older)))
    except IgnoredFilter:
        return Found(await listing.read(everything), "all")
    single = (set(step.held.open_keys) | set(step.held.quarantined) | await touched()) - found.reading.keys
    if len(single) > max(_FEW_SINGLE_ROWS, step.held.rows // listing.page_size):
        return Found(await listing.read(everything), "all")
    await _read_single(single, listing, found)
    return found


async def read_appended(step: Step, listing: Listing) -> Found:
    """Read a list that grows at one end from there; all of it where that cannot be done."""
    tail = await read_tail(listing.fetch_listed, step.held.keys, step.held.parents, listing.page_size)
    if tail is None:
        return Found(await listing.read(Window(step.resource.params)), "all")
    reading = await listing.land([row.raw for row in tail.rows], "the tail, and what vanished before it")
    reading.links = {str(row.key): row.parent for row in tail.rows if row.parent is not None}
    found = Found(reading, "changed", gone={str(key) for key in tail.gone})
    await read_quarantined(step.held, listing, found)
    return found


async def read_quarantined(held: HeldResource, listing: Listing, found: Found) -> None:
    """Ask again for the rows that were set aside: they come home when the source has been mended."""
    await _read_single(set(held.quarantined) - found.reading.keys - found.gone, listing, found)


async def _read_single(keys: set[str], listing: Listing, found: Found) -> None:
    if keys:
        rows, gone = await listing.fetch_each(keys)
        found.gone |= set(gone)
        found.reading.add(await listing.land(rows, "one by one"))
