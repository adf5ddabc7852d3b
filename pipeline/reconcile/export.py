"""Reading a CSV file that somebody downloaded, and may have opened and saved in a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.reconcile.values import tidy

# Windows-1252 is what spreadsheets mean by Latin-1; it has no character for five bytes, Latin-1 has.
_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")


# The headers are looked for among so many rows.
_FIRST_ROWS = 20


@dataclass(frozen=True)
class Line:
    """A row of the file: the line that it ends on, and a cell for each header."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Export:
    """A CSV file: its headers, the rows below them, and the numbers of lines with more cells than headers."""

    path: Path
    headers: tuple[str, ...]
    lines: tuple[Line, ...]
    too_long: tuple[int, ...]

    def column(self, header: str) -> int | None:
        """Return where a header stands, whatever its case and spaces; None when nowhere or more than once."""
        wanted = tidy(header).casefold()
        found = [position for position, each in enumerate(self.headers) if each.casefold() == wanted]
        return found[0] if len(found) == 1 else None


def read_export(path: Path) -> Export:
    """Read the file; blank lines, and lines of titles above the headers, do not count.

    Raises UsageError when it is no CSV file with a line of headers.
    """
    rows = [(number, cells) for number, cells in _rows(path) if any(map(tidy, cells))]
    if not rows:
        raise UsageError(f"{path}: the file is empty. Download the report again.")
    rows = rows[_place_of_headers([cells for _, cells in rows[:_FIRST_ROWS]]) :]
    headers = tuple(map(tidy, rows[0][1]))
    if len(headers) == 1 and headers[0].count(";") > 1:
        raise UsageError(f"{path}: its columns are parted by semicolons. Save it with commas, then compare again.")
    lines, too_long = [], []
    for number, cells in rows[1:]:
        if any(map(tidy, cells[len(headers) :])):
            too_long.append(number)
        else:
            padded = [*cells, *[""] * len(headers)]
            lines.append(Line(number, tuple(padded[: len(headers)])))
    return Export(path, headers, tuple(lines), tuple(too_long))


def _place_of_headers(rows: Sequence[Sequence[str]]) -> int:
    """Return which of the first rows has the headers: a title above them fills less than half as many cells."""
    filled = [sum(map(bool, map(tidy, cells))) for cells in rows]
    return next(place for place, count in enumerate(filled) if count * 2 >= max(filled))


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    # Strict: a quote that is never closed would otherwise take the rest of the file for one cell.
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), skipinitialspace=True, strict=True)
    try:
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: not CSV ({error}). Download the report again.") from None


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}). Name the CSV file that you downloaded.") from None
    if b"\0" in content:
        raise UsageError(f"{path}: not a text file. Save it as CSV, then compare again.")
    for encoding in _ENCODINGS[:-1]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode(_ENCODINGS[-1])
