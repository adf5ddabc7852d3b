"""Of when a warehouse is: which load made it, how far its data go, what its audits found, and what it kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from pipeline import clock
from pipeline.warehouse.findings import Finding, audits_of
from pipeline.warehouse.meta import instant, newest_runs
from pipeline.warehouse.provenance import KeptModel, kept_models


@dataclass(frozen=True)
class Freshness:
    """Of when a warehouse is: its newest load, the day (YYYY-MM-DD) that its marts are for, and what is not right.

    `published_at` is when the load began, by our clock (UTC): a copy of the file tells the same.
    `read_until` is the source's time (UTC) at the start of the oldest run among the newest of each company.
    `note` says what a reader must know, `kept` which tables the load left as they were.
    """

    load_id: str | None
    as_of: str | None
    published_at: datetime | None
    read_until: datetime | None
    source: str
    note: str
    audits: Sequence[Finding]
    kept: Sequence[KeptModel]

    @property
    def age(self) -> timedelta | None:
        """How long ago the data were read; None where no run tells."""
        return None if self.read_until is None else clock.now() - self.read_until

    @property
    def failed_audits(self) -> list[Finding]:
        """The audits that found rows."""
        return [each for each in self.audits if each.failures]


def read_freshness(con: duckdb.DuckDBPyConnection) -> Freshness:
    """Return of when the warehouse is that `con` reads."""
    source, note = con.execute("SELECT source, note FROM meta.warehouse").fetchall()[0]
    load_id, as_of, published_at = con.execute(
        "SELECT max(load_id), CAST(max_by(as_of, load_id) AS VARCHAR), epoch_us(max_by(started_at, load_id)) "
        "FROM meta.loads"
    ).fetchall()[0]
    return Freshness(
        load_id, as_of, None if published_at is None else instant(published_at),
        min(newest_runs(con).values(), default=None), source, note,
        audits_of(con, load_id) if load_id is not None else [], kept_models(con),
    )  # fmt: skip
