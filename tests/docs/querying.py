"""docs/querying.md: behind every ```sql block stands what it prints, as a ```text block."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import duckdb

MOST_ROWS = 8
_BLOCK = re.compile(r"```sql\n(?P<query>.*?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)
_RUN = re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{4}\b")


@dataclass(frozen=True)
class Question:
    """A query of the page, by its place on it."""

    place: int
    query: str


def questions(page: str) -> Iterator[Question]:
    """Yield the queries of a page."""
    for place, block in enumerate(_BLOCK.finditer(page), 1):
        yield Question(place, block["query"])


def answered(page: str, con: duckdb.DuckDBPyConnection) -> str:
    """Return the page with what each of its queries prints now."""
    return _BLOCK.sub(
        lambda block: f"```sql\n{block['query']}```\n\n```text\n{printed(con, block['query'])}\n```\n", page
    )


def printed(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return the answer of a query as a table of text: the first rows, and how many there are."""
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchall()
    cells = [[cell_of(value) for value in row] for row in rows[:MOST_ROWS]]
    widths = [max(len(line[place]) for line in [names, *cells]) for place in range(len(names))]
    is_number = [
        all(isinstance(row[place], int | float | Decimal | None) for row in rows) for place in range(len(names))
    ]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in [names, ["-" * width for width in widths], *cells]
    ]
    more = len(rows) - MOST_ROWS
    return "\n".join([*lines, *([f"… and {more:,} more rows"] if more > 0 else []), *([] if rows else ["(no rows)"])])


def cell_of(value: object) -> str:
    """Return a value as the pages show it; ids of runs differ from one build to the next."""
    if value is None:
        return ""
    text = _RUN.sub("20261124T120000Z-0000", str(value))
    return text if len(text) <= 40 else text[:39] + "…"
