"""Pages that are not what was asked for: which rows a fault reads, and what it says about them."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline.sandbox.trouble.faults import Turn

_PHANTOM_ROWS = 7


class Span(NamedTuple):
    """The rows of a page: how many at most, after how many."""

    limit: int
    offset: int

    @property
    def end(self) -> int:
        """Where the next page begins."""
        return self.offset + self.limit


def bent_span(fault: str | None, asked: Span) -> tuple[Span, Span]:
    """Return the span that the page says it has, and the one that its rows are read from."""
    if fault == "clamp":
        asked = Span(max(1, asked.limit // 2), asked.offset)
    if fault == "same-page":
        return asked, Span(asked.limit, max(0, asked.offset - asked.limit))
    if fault == "empty-page":
        return asked, Span(0, asked.offset)
    return asked, asked


def bent_head(turn: Turn, head: dict[str, Any], own: str) -> dict[str, Any]:
    """Return what the page says beside its rows: `count`, `next` and `previous`; `own` is its own address."""
    if turn.fault == "wrong-count":
        return head | {"count": head["count"] + _PHANTOM_ROWS}
    if turn.fault == "empty-page":
        return head | {"next": None}
    if turn.fault == "repeat-next":
        return head | {"next": own}
    if turn.fault == "next-elsewhere" and head["next"]:
        parts = urlsplit(head["next"])
        return head | {"next": f"{turn.faults.elsewhere}{parts.path}?{parts.query}"}
    return head
