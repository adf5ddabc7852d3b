"""Doubting what a listing does not show any more: rows that are held and did not come are asked for one by one.

A deleted row is not there by its key either. A row that is there contradicts the listing.
"""

from pipeline.extract.listing import Listing
from pipeline.extract.pages import ListingError, OtherRowError
from pipeline.extract.reading import Reading
from pipeline.extract.windows import Window
from pipeline.landing.loss import is_too_much
from pipeline.leaflink import ForbiddenError, RejectedError

# So many of the missing rows are asked for by their key.
MOST_ASKED = 10


async def find_gone(
    missing: set[str], held: int, listing: Listing, *, window: Window, count: int, most_asked: int = MOST_ASKED
) -> Reading:
    """Return the rows that a listing lacks as a reading: those that are there by their key, landed, and the `gone`.

    `held` is how many rows there were, `count` how many `window` showed. Up to `most_asked` are asked for all, of more
    some. Raises ListingError when rows are there of which the listing lacks many, or when the window counts many more a
    second time.
    """
    asked = _spread(sorted(missing), most_asked)
    reading = await _fetch(asked, listing)
    there = set(asked) - reading.gone
    if not there or len(asked) == len(missing):
        if is_too_much(len(missing), held):
            await _count_again(len(missing), held, listing, window, count)
        reading.gone = missing - there
        return reading
    raise ListingError(
        f"{listing.resource.name}: the listing lacks {len(missing):,} of {held:,} rows, but {len(there)} of "
        f"{len(asked)} that were asked for by their key are there."
    )


async def _fetch(keys: list[str], listing: Listing) -> Reading:
    try:
        return await listing.fetch_each(keys)
    except (ForbiddenError, RejectedError, OtherRowError):  # there is no asking by key
        return Reading(gone=set(keys))


async def _count_again(missing: int, held: int, listing: Listing, window: Window, counted: int) -> None:
    count = await listing.pages.count(window)
    if is_too_much(count - counted, count):
        raise ListingError(
            f"{listing.resource.name}: the listing lacked {missing:,} of {held:,} rows and had {counted:,}. Asked "
            f"again, it counts {count:,}."
        )


def _spread(keys: list[str], most: int) -> list[str]:
    """Return at most so many of the keys, from all over them."""
    return keys if len(keys) <= most else [keys[index * len(keys) // most] for index in range(most)]
