"""The nightly ways of reading a resource: what changed, what may have changed without saying so, and what grew."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from pipeline.extract.doubt import MOST_ASKED, find_gone
from pipeline.extract.listing import Listing
from pipeline.extract.pages import ListingError
from pipeline.extract.parts import Parts
from pipeline.extract.plan import Step
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Bound, IgnoredFilter, Window
from pipeline.instants import instant, microseconds
from pipeline.landing.holdings import Holding
from pipeline.reading import Values

# Single rows cost a request each: beyond this many, and beyond what everything costs, everything is read.
_FEW_SINGLE_ROWS = 50
# What changed is asked for from so far back that some held rows must come again: an answer without them is doubted.
_WITNESSES = 20
# The search for what is new and gone in a list may take so much of the pages that reading it whole takes.
_SEARCH_SHARE = 0.25
_FEWEST_PAGES = 8


async def read_everything(step: Step, listing: Listing) -> Reading:
    """Read all of a listing, and ask for what is held and did not come."""
    reading = await listing.read(Window(step.resource.params))
    reading.scope = "all"
    if listing.was_recalled:
        await _read_unsettled(step, listing, reading)
    await confirm_missing(reading, step.holding, listing)
    return reading


async def read_changed(step: Step, listing: Listing, touched: Callable[[], Awaitable[set[str]]]) -> Reading:
    """Read what changed since `step.since` and, with `step.recent_from`, what may have changed without saying so.

    `touched` gives the keys that other resources point at, once these have been read. Everything is read where a
    filter turns out to do nothing, or where that costs less.
    """
    everything = Window(step.resource.params)
    assert step.since is not None
    try:
        if step.recent_from is None:
            reading = await read_since(everything, step.since, step.holding.values, listing)
            await read_quarantined(step.holding, listing, reading)
        else:
            reading = await _read_fresh(step, step.since, step.recent_from, listing)
    except IgnoredFilter:
        return await read_everything(step, listing)
    if step.recent_from is not None:
        single = (set(step.holding.open_keys) | set(step.holding.quarantined) | await touched()) - reading.keys
        if is_too_many_single(len(single), step.holding, listing):
            return await read_everything(step, listing)
        await read_single(single, listing, reading)
        await confirm_missing(reading, step.holding, listing)
    await compare_count(reading, step.holding, listing)
    return reading


def is_too_many_single(rows: int, holding: Holding, listing: Parts) -> bool:
    """Say whether asking for so many rows one by one costs more than reading everything."""
    return rows > max(_FEW_SINGLE_ROWS, holding.rows // listing.page_size)


async def _read_unsettled(step: Step, listing: Listing, reading: Reading) -> None:
    """Read again what is not settled of the rows that an interrupted run read: it changes without saying so."""
    by, open_flag, recent_from = step.resource.window_field, step.resource.open_flag, step.recent_from
    if by is not None and open_flag is not None and recent_from is not None:
        unsettled = Window(step.resource.params, {open_flag: False}, (Bound(by, None, recent_from),))
        reading.add_changes(await listing.read(unsettled, keep=False))


async def _read_fresh(step: Step, since: datetime, recent_from: datetime, listing: Listing) -> Reading:
    """Read what was created since `recent_from`, and of the older rows those not settled and those that changed."""
    by, open_flag, params = step.resource.window_field, step.resource.open_flag, step.resource.params
    assert by is not None, "what is read by its changes can be cut by creation"
    older = Bound(by, None, recent_from)
    recent = Window(params).limited(Bound(by, recent_from))
    reading = await listing.read(recent, keep=False)
    reading.complete_since = recent_from
    if open_flag is not None:
        reading.add(await listing.read(Window(params, {open_flag: False}, (older,)), keep=False))
    held = made_before(recent_from, step.holding.values)
    reading.add(await read_since(Window(params).limited(older), since, held, listing))
    return reading


def made_before(moment: datetime, held: Mapping[str, Values]) -> dict[str, Values]:
    """Return the held rows that were made before a moment."""
    limit = microseconds(moment)
    return {key: each for key, each in held.items() if each.created is not None and each.created < limit}


async def read_since(window: Window, since: datetime, held: Mapping[str, Values], listing: Listing) -> Reading:
    """Read what of `window` changed since an instant, of which the rows in `held` are known.

    It is asked for from further back where few held rows changed since: those that must come again are witnesses.
    Raises ListingError when two answers lack rows that are there by their key.
    """
    field = listing.resource.modified_field
    assert field is not None
    low = asked_since(since, held)
    witnesses = {key for key, each in held.items() if each.modified is not None and each.modified >= microseconds(low)}
    changed = window.limited(Bound(field, low))
    for _ in range(2):
        reading = await listing.read(changed, keep=False)
        missing = witnesses - reading.keys
        if not missing:
            return reading
        there = await find_gone(missing, len(witnesses), listing, window=changed, count=len(reading.keys))
        if not there.keys:
            reading.gone = there.gone
            return reading
    raise ListingError(
        f"{listing.resource.name}: the list of what changed since {low:%Y-%m-%d %H:%M} UTC lacks, twice, "
        f"{len(there.keys)} rows that are there by their key."
    )


def asked_since(since: datetime, held: Mapping[str, Values]) -> datetime:
    """Return the last change of one of the rows that changed last: since when some of them did; at most `since`."""
    changes = sorted((each.modified for each in held.values() if each.modified is not None), reverse=True)
    return min(since, instant(changes[: _WITNESSES + 1][-1])) if changes else since


async def read_appended(step: Step, listing: Listing) -> Reading:
    """Read a list that grows at one end from there, and find what is gone; all of it where that cannot be done."""
    result = await listing.read_growth(step.holding.values, most_pages=most_pages(step.holding.rows, listing))
    if result is None or not result[0].is_settled:
        return await read_everything(step, listing)
    growth, reading = result
    absent, everything = {str(key) for key in growth.absent}, Window(step.resource.params)
    if absent:
        reading.add_changes(await find_gone(absent, step.holding.rows, listing, window=everything, count=growth.count))
    await read_quarantined(step.holding, listing, reading)
    return reading


async def read_quarantined(holding: Holding, listing: Listing, reading: Reading) -> None:
    """Ask again for the rows that were set aside: they come home when the source has been mended."""
    await read_single(set(holding.quarantined) - reading.keys - reading.gone, listing, reading)


async def read_single(keys: set[str], listing: Listing, reading: Reading) -> None:
    """Ask for rows by their keys; what is not there is gone."""
    if keys:
        reading.add_changes(await listing.fetch_each(keys))


async def confirm_missing(reading: Reading, holding: Holding, listing: Listing) -> None:
    """Ask for held rows that did not come; a row without a readable key may be any of them, then nothing is gone."""
    missing = reading.missing(holding)
    holes = [each for each in reading.rejected if not each.raw and each.key is None]
    if not missing or reading.keyless > len(holes):
        return
    everything, known = Window(listing.resource.params), len(reading.known(holding))
    there = await find_gone(missing, holding.rows, listing, window=everything, count=known)
    reading.add_changes(there)
    shown = [each for each in there.rejected if not each.raw]
    if holes and len(shown) >= len(holes):  # the rows that could not be shown are these
        reading.rejected = [each for each in reading.rejected if each not in holes]
        reading.keyless -= len(holes)


async def compare_count(
    reading: Reading, holding: Holding, listing: Listing, *, pages: int | None = None, most_asked: int = MOST_ASKED
) -> None:
    """Find rows that are gone, or came late, where the count of everything is not that of what is known.

    It takes so many `pages` at most, those that are usual for the length of the list without it.
    """
    if holding.quarantined or holding.has_keyless or reading.keyless:
        return
    known, everything = reading.known(holding), Window(listing.resource.params)
    if await listing.pages.count(everything) == len(known):
        return
    pages = most_pages(len(known), listing) if pages is None else pages
    result = await listing.read_growth(known, most_pages=pages)
    if result is None or not result[0].is_settled:
        return  # the next read of everything tells
    growth, grown = result
    reading.add_changes(grown)
    absent = {str(key) for key in growth.absent}
    if absent:
        there = await find_gone(
            absent, len(known), listing, window=everything, count=growth.count, most_asked=most_asked
        )
        reading.lose(there.gone)
        reading.add_changes(there)


def most_pages(rows: int, listing: Parts) -> int:
    """Return how many pages a search in a list of so many rows may take before reading it whole is better."""
    return max(_FEWEST_PAGES, int(rows / listing.page_size * _SEARCH_SHARE))
