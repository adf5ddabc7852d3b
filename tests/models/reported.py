"""What audits report of the defects that are planted for them, as it was read and found right: reported.txt.

`python -m tests.long.reports` writes it anew; what it changes is to be read before it is kept.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb

PATH = Path(__file__).with_name("reported.txt")
SHOWN = 8  # rows of one audit: more of them are of one kind


def report(rows: Iterable[str]) -> str:
    """Return the rows that an audit found, as JSON, in a fixed order: the first ones, and how many more."""
    ordered = sorted(rows)
    more = [f"and {len(ordered) - SHOWN} more"] if len(ordered) > SHOWN else []
    return "".join(f"    {line}\n" for line in [*ordered[:SHOWN], *more])


def report_of(con: duckdb.DuckDBPyConnection, audit: str) -> str:
    """Return the report of an audit's text. Raises duckdb.Error."""
    return report(row for (row,) in con.execute(f"SELECT to_json(offending) FROM ({audit}) AS offending").fetchall())


def kept() -> dict[str, str]:
    """Return the reports by the text of the plant."""
    found, plant = dict[str, str](), ""
    for line in PATH.read_text().splitlines(keepends=True):
        if line.startswith(" "):
            found[plant] += line
        else:
            plant = line.rstrip("\n")
            found[plant] = ""
    return found
