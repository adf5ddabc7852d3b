"""The first numbers of the morning: receivables, sales and stock, and by how much they moved since the last load."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

# Of these `marts.changes` has the total of every load; the receivables are of `marts.ar_aging`.
_RECEIVABLES = "open_net"
_OTHERS = ("net_sales", "on_hand")


@dataclass(frozen=True)
class Headline:
    """What is open on a day, and what is past due, as `marts.ar_summary` has them, by currency.

    Where there was a load before, `change` is by how much the open amount moved since, and `newly_late` counts the
    orders that fell due between the days of the two.
    """

    as_of: date
    currency: str
    open_balance: Decimal
    past_due: Decimal
    change: Decimal | None = None
    newly_late: int | None = None


@dataclass(frozen=True)
class Movement:
    """Another figure of the morning, net_sales by currency or on_hand (units): what it is, and how it moved."""

    headline: str
    currency: str | None
    amount: Decimal
    change: Decimal


def read_headlines(con: duckdb.DuckDBPyConnection, load_id: str) -> tuple[Sequence[Headline], Sequence[Movement]]:
    """Return the receivables and the other figures that a load has computed, as far as their marts are there."""
    marts = {
        name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall()
    }
    moved = _moved(con, load_id) if "changes" in marts else {}
    if "ar_aging" not in marts:
        return [], _movements(moved)
    before = con.execute("SELECT max(as_of) FROM meta.loads WHERE load_id < ?", [load_id]).fetchall()[0][0]
    rows = con.execute(
        "SELECT as_of, currency, sum(open_balance), "
        "sum(CASE WHEN days_past_due > 0 THEN greatest(open_balance, 0) ELSE 0 END), "
        "count(*) FILTER (days_past_due BETWEEN 1 AND as_of - CAST(? AS DATE) AND open_balance > 0) "
        "FROM marts.ar_aging GROUP BY as_of, currency ORDER BY 3 DESC",
        [before],
    ).fetchall()
    headlines = []
    for as_of, currency, balance, past_due, newly_late in rows:
        change = moved.get((_RECEIVABLES, currency))
        compared = (None, None) if change is None else (change[1], newly_late)
        headlines.append(Headline(as_of, currency, balance, past_due, *compared))
    return headlines, _movements(moved)


def _moved(con: duckdb.DuckDBPyConnection, load_id: str) -> dict[tuple[str, str | None], tuple[Decimal, Decimal]]:
    """Return each total of a load and by how much it moved, over all sellers, by headline and currency."""
    rows = con.execute(
        "SELECT headline, currency, sum(after), sum(after - before) FROM marts.changes "
        "WHERE run_id = ? AND item = 'total' AND list_contains(?, headline) GROUP BY ALL ORDER BY ALL",
        [load_id, [_RECEIVABLES, *_OTHERS]],
    ).fetchall()
    return {(headline, currency): (after, change) for headline, currency, after, change in rows}


def _movements(moved: dict[tuple[str, str | None], tuple[Decimal, Decimal]]) -> list[Movement]:
    return [Movement(name, currency, *amounts) for (name, currency), amounts in moved.items() if name in _OTHERS]
