"""The report's content: what the page shows, read from the published warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from pipeline.report.figures import FIGURES, Figure


@dataclass(frozen=True)
class Shown:
    """A figure with its rows, and the definition of each of its columns that the mart comments.

    `missing` says why it has none: its mart could not be made.
    """

    figure: Figure
    rows: Sequence[tuple[Any, ...]]
    definitions: Sequence[tuple[str, str]]
    missing: str | None = None


@dataclass(frozen=True)
class Content:
    """All figures, with the load, and the date, that they are of."""

    load_id: str
    as_of: str
    figures: Sequence[Shown]

    @property
    def sellers(self) -> list[str]:
        """The names of those whose receivables are shown."""
        receivables = next(each for each in self.figures if each.figure.name == "receivables")
        return sorted({row[0] for row in receivables.rows if row[0] is not None})


def read_content(con: duckdb.DuckDBPyConnection) -> Content:
    """Read what the report shows from a warehouse that is the connection's current database."""
    load_id, as_of = con.execute(
        "SELECT max(load_id), CAST(max_by(as_of, load_id) AS VARCHAR) FROM meta.loads"
    ).fetchall()[0]
    comments: dict[str, dict[str, str]] = {}
    for table, column, comment in con.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'marts' AND comment IS NOT NULL"
    ).fetchall():
        comments.setdefault(table, {})[column] = comment
    return Content(load_id, as_of, [_show(con, figure, comments) for figure in FIGURES])


def _show(con: duckdb.DuckDBPyConnection, figure: Figure, comments: dict[str, dict[str, str]]) -> Shown:
    known = comments.get(figure.mart, {})
    try:
        found = con.execute(figure.sql)
    except duckdb.CatalogException:  # no table, where what it is made from was never read
        return Shown(figure, [], [], f"{figure.mart} could not be made; `leafhouse status` says why.")
    places = {name: place for place, (name, *_) in enumerate(found.description or ())}
    order = [places[column.name] for column in figure.columns]
    rows = [tuple(_plain(row[place]) for place in order) for row in found.fetchall()]
    return Shown(figure, rows, [(each.label, known[each.name]) for each in figure.columns if each.name in known])


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: an amount as a number, exact to the cent up to 90 trillion."""
    match value:
        case Decimal():
            return float(value)
        case date() | datetime():
            return value.isoformat()[:10]
        case _:
            return value
