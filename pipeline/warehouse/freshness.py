"""Of when a warehouse is: which load made it, how far its data go, what its audits found, and what it kept."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
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

    @property
    def stale(self) -> Mapping[str, list[str]]:
        """The tables, by schema and name, whose rows are not of the newest load, each with the sentences about it."""
        found = defaultdict(list)
        for each in self.kept:
            found[each.name].append(each.sentence)
        return dict(found)

    @property
    def stale_marts(self) -> list[str]:
        """The sentences about all marts whose rows are not of the newest load, or that were never made."""
        return [text for table, texts in self.stale.items() if table.startswith("marts.") for text in texts]

    @property
    def facts(self) -> dict[str, str | None]:
        """What whoever is handed rows must know of when they are; instants are in UTC."""
        return {
            "note": self.note,
            "load": self.load_id,
            "as_of": self.as_of,
            "read_until": None if self.read_until is None else f"{self.read_until:%Y-%m-%dT%H:%M:%SZ}",
        }


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
