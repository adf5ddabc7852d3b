"""What a dictionary says, read from its HTML."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Row:
    """A row of a table: its cells as text."""

    cells: list[str] = field(default_factory=list)


class Pages(HTMLParser):
    """The rows of every table on a page, by the id of what they are in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, list[Row]] = {}
        self._place = ""
        self._is_in_cell = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("section", "details"):
            self._place = dict(attrs).get("id") or ""
        elif tag == "tr":
            self.rows.setdefault(self._place, []).append(Row())
        elif tag in ("td", "th"):
            self._is_in_cell = True
            self.rows[self._place][-1].cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_in_cell:
            self.rows[self._place][-1].cells[-1] += data

    def columns(self, table: str) -> dict[str, tuple[str, str]]:
        """Return type and definition by column of a table, by schema and name."""
        return {row.cells[0].removesuffix(" key"): (row.cells[1], row.cells[2]) for row in self.rows[table][1:]}
