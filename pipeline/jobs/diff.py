"""Diff: the headlines of a load against those of a load before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import UsageError
from pipeline.jobs.choice import seller_names
from pipeline.warehouse.pair import choose_pair, open_pair
from pipeline.warehouse.published import has_table, open_published

# Totals first, in the order in which people ask for them.
_HEADLINES = ("open_net", "net_sales", "orders", "payments", "committed_exposure", "on_hand", "customers", "products")


@dataclass(frozen=True)
class Change:
    """A figure of a seller then and now; `item` is total, a bucket of open_net, or the first day of a month."""

    company: str
    seller_id: int | None
    seller_name: str | None
    headline: str
    item: str
    currency: str | None
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """By how much it changed."""
        return self.after - self.before


@dataclass(frozen=True)
class Diff:
    """What the load `until` shows otherwise than the load `since`: all totals, and the items that moved."""

    since: str
    until: str
    changes: list[Change]


def diff(data_dir: Path) -> Diff:
    """Return what the newest load changed. Raises UsageError when it is the first one, or there is none."""
    with open_published(data_dir) as con:
        (load,) = con.execute("SELECT max(load_id) FROM meta.loads").fetchone() or (None,)
        rows = con.execute(_RECORDED, [load]).fetchall() if has_table(con, "marts.changes") else []
        if not rows:
            raise UsageError(
                f"{load}: nothing to compare with. It is the first load, or a resource that its figures need did not "
                "come. `leafhouse diff LOAD` compares with one that is kept; see `leafhouse rollback`."
            )
        return Diff(rows[0][-1], load, _changes(con, [row[:-1] for row in rows]))


def diff_loads(data_dir: Path, since: str, until: str | None) -> Diff:
    """Return what differs between two loads whose warehouses are kept; without `until` it is the published one.

    Raises UsageError when one is not kept, ConfigurationError for a file that cannot be read.
    """
    pair = choose_pair(data_dir, since, until)
    with open_pair(pair, ["intermediate.headlines"]) as con:
        return Diff(pair.since, pair.until, _changes(con, con.execute(_COMPARED).fetchall()))


def _changes(con: duckdb.DuckDBPyConnection, rows: Iterable[tuple[Any, ...]]) -> list[Change]:
    """Return the rows of company, seller, headline, item, currency, then and now, with the names of the sellers."""
    names = seller_names(con)
    changes = [Change(company, seller, names.get(seller), *figures) for company, seller, *figures in rows]
    return sorted(changes, key=_place)


def _place(change: Change) -> tuple[bool, int, str, str, str, str]:
    headline = _HEADLINES.index(change.headline)
    seller = change.seller_name or str(change.seller_id or "")
    return change.item != "total", headline, change.company, seller, change.currency or "", change.item


_RECORDED = """
    SELECT _company, seller_id, headline, item, currency, before, after, previous_run_id
    FROM marts.changes WHERE run_id = ?
"""
_COMPARED = """
    SELECT _company, seller_id, headline, item, currency, sum(before) AS before, sum(after) AS after
    FROM (
        SELECT _company, seller_id, headline, item, currency, amount AS before, 0 AS after
        FROM earlier.intermediate.headlines
        UNION ALL
        SELECT _company, seller_id, headline, item, currency, 0 AS before, amount AS after
        FROM intermediate.headlines
    )
    GROUP BY ALL
    HAVING item = 'total' OR before <> after
"""
