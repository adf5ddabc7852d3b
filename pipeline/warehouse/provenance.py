"""Which load made the rows of each table of staging, intermediate and marts, company by company: `meta.models`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from pipeline.models import Carryover, ModelRun, ModelSettings
from pipeline.models.run import existing_tables


@dataclass(frozen=True)
class KeptModel:
    """A company's rows of a table that a load left as they were: as of when (None: they never were made), and why."""

    name: str
    as_of: date | None
    reason: str
    company: str

    @property
    def sentence(self) -> str:
        """What a reader of the table must know."""
        stands = "not made" if self.as_of is None else f"kept as of {self.as_of}"
        return f"{self.name}: {stands} for the company {self.company}, since {self.reason}."


def kept_models(con: duckdb.DuckDBPyConnection) -> list[KeptModel]:
    """Return what the newest load left as it was; of a warehouse from before that was written by company, nothing."""
    columns = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'meta' AND table_name = 'models'"
    ).fetchall()
    if ("_company",) not in columns:
        return []
    rows = con.execute(
        "SELECT model, as_of, kept_because, _company FROM meta.models WHERE kept_because IS NOT NULL "
        "ORDER BY model, _company"
    ).fetchall()
    return [KeptModel(*row) for row in rows]


def record_models(
    con: duckdb.DuckDBPyConnection, load_id: str, as_of: date, runs: Iterable[ModelRun], kept: Carryover
) -> list[KeptModel]:
    """Write which load made each table, and return what of them is `kept`. Call it before `record_load`.

    A table that `runs` left unchanged is of this load's date, and still made by an earlier load.
    """
    tables = existing_tables(con)
    known = con.execute("SELECT model, _company, load_id, as_of FROM meta.models").fetchall()
    before = {(name, company): (load, day) for name, company, load, day in known}
    made = {run.name: run for run in runs}
    unchanged = {run.name for run in runs if run.is_unchanged}
    makers = {name: load for name, _, load, _ in known if name in unchanged and load is not None}
    # A warehouse that knows no more than its loads made all of its tables in each.
    query = "SELECT load_id, as_of FROM meta.loads ORDER BY load_id DESC LIMIT 1"
    last = (not known and con.execute(query).fetchone()) or (None, None)
    rows: list[tuple[str, str | None, date | None, str | None, str, str | None, str | None]] = []
    for name in dict.fromkeys([*made, *kept.tables]):
        for company in kept.companies:
            reason = kept.of(name).get(company)
            made_by: tuple[str | None, date | None] = (None, None)
            if reason is None:
                made_by = (makers.get(name, load_id), as_of)
            elif name in tables:
                # Rows without a company are from before it was written.
                made_by = before.get((name, company)) or before.get((name, None), last)
            origin = made[name].origin if name in made else None
            rows.append((name, *made_by, reason, company, *(origin or (None, None))))
    con.execute("DELETE FROM meta.models")
    con.execute(
        "INSERT INTO meta.models (model, load_id, as_of, kept_because, _company, form, origin) SELECT "
        "unnest($1::VARCHAR[]), unnest($2::VARCHAR[]), unnest($3::DATE[]), unnest($4::VARCHAR[]), "
        "unnest($5::VARCHAR[]), unnest($6::VARCHAR[]), unnest($7::VARCHAR[])",
        [[row[place] for row in rows] for place in range(7)],
    )
    return [KeptModel(name, day, reason, company) for name, _, day, reason, company, *_ in rows if reason is not None]


def record_load(con: duckdb.DuckDBPyConnection, load_id: str, started_at: datetime, settings: ModelSettings) -> None:
    """Write what a load that began at `started_at` computed the marts for."""
    con.execute(
        "INSERT INTO meta.loads VALUES (?, ?, ?, ?, ?, ?)",
        [load_id, started_at, settings.as_of, settings.known_at, settings.timezone, settings.sell_through_days],
    )
