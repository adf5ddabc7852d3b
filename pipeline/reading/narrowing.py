"""Narrowing a page that fails down to the row that is to blame."""

from pipeline.reading.page import Ask, Page, PageError, Row, Values

_TRIES = 3


async def narrow(ask: Ask, offset: int, limit: int, error: PageError) -> Page:
    """Return the page at `offset` with a hole in place of the row that makes it fail.

    Raises PageError when that is more than one row in a row, or the listing moves too much to tell.
    """
    for _ in range(_TRIES):
        shown, before = 0, None  # so many rows can be shown, and one more cannot
        failing = limit
        while failing - shown > 1:
            middle = (shown + failing) // 2
            try:
                before, shown = await ask(offset, middle), middle
            except PageError:
                failing = middle
        if shown == 0 and offset > 0:  # a hole is known by the row before it
            offset, limit = offset - 1, limit + 1
            continue
        behind = await _behind(ask, offset + shown + 1, limit - shown - 1, error)
        if behind is None or (before is not None and (len(before.rows) < shown or before.count != behind.count)):
            continue
        rows = list(before.rows) if before is not None else []
        hole = Row(("hole", rows[-1].identity if rows else None), Values(), b"", is_hole=True)
        return Page(offset, limit, behind.count, [*rows, hole, *behind.rows])
    raise error


async def _behind(ask: Ask, offset: int, limit: int, error: PageError) -> Page | None:
    """Return the page behind a hole; the row next to a hole is not taken for another one."""
    if limit == 0:
        limit = 1
    try:
        return await ask(offset, limit)
    except PageError:
        pass
    try:
        await ask(offset, 1)
    except PageError:
        raise error from None
    return await narrow(ask, offset, limit, error)
