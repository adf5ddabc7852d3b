"""One reading of a window, page by page, and whether it is complete."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.extract.heads import Head
from pipeline.leaflink.paging import Page


@dataclass
class Attempt:
    """One reading of a window: its pages (offset, row identities, count stated with it) and the API's last count."""

    stated: int = 0
    received: int = 0
    keyless: int = 0
    keys: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    pages: list[tuple[int, list[str], int]] = field(default_factory=list)

    @property
    def distinct(self) -> int:
        """How many rows there are; those without a readable key count one by one."""
        return len(self.keys) + self.keyless

    @property
    def is_complete(self) -> bool:
        """Whether every seam matches up to the end and the distinct rows are as many as the API stated."""
        return self.distinct == self.stated and self._seams_match()

    def _seams_match(self) -> bool:
        pages = sorted(self.pages)
        for (offset, rows, _), (next_offset, next_rows, _) in pairwise(pages):
            shift = next_offset - offset
            if shift >= len(rows):
                return False
            overlap = rows[shift : shift + len(next_rows)]
            if overlap != next_rows[: len(overlap)]:
                return False
        # Pages come in any order: that the last count fits does not say that the last page was the end when it came.
        offset, rows, count = pages[-1]
        return offset + len(rows) >= count

    def take(self, offset: int, page: Page, heads: Sequence[Head], links: Sequence[str | None]) -> list[bytes]:
        """Take a page with the heads of its rows and the parents they point to; return the rows that are new."""
        rows = list(zip(page.rows, heads, strict=True))
        new = [row for row, head in rows if head.key is None or head.key not in self.keys]
        self.stated = page.count
        self.received += len(rows) - (1 if offset and len(rows) > 1 else 0)  # one row overlaps
        self.keyless += sum(head.key is None for head in heads)
        self.keys.update(head.key for head in heads if head.key is not None)
        pointing = zip(heads, links, strict=True)
        self.links |= {head.key: link for head, link in pointing if head.key is not None and link is not None}
        self.pages.append((offset, [head.key or f"row {hash(row)}" for row, head in rows], page.count))
        return new
