"""The guard against a warehouse that shrinks at once: more is gone than a day's work explains."""

from collections.abc import Mapping
from datetime import datetime

import duckdb

from pipeline.errors import IncompleteError

# More deleted rows than both of these, in one load, are more likely a mistake than work.
MOST_DELETED = 25
MOST_DELETED_SHARE = 0.01
# The resources that are guarded, and which of their rows count: Drafts come and go.
_GUARDED = {"orders_received": "status IS DISTINCT FROM 'Draft'", "products": "true", "customers": "true"}


def refuse_shrink(con: duckdb.DuckDBPyConnection, runs: Mapping[tuple[str, datetime], str]) -> None:
    """Raise IncompleteError when too many rows stay deleted after the merged runs.

    `runs` gives the id of each run by its company and the instant at which it marked rows as deleted.
    """
    for resource, counted in _GUARDED.items():
        if _exists(con, resource):
            for company in sorted({company for company, _ in runs}):
                _check(con, resource, counted, company, {at: run for (of, at), run in runs.items() if of == company})


def _exists(con: duckdb.DuckDBPyConnection, resource: str) -> bool:
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'raw' "
        "AND table_name = ?",
        [resource],
    ).fetchone()
    return found is not None


def _check(
    con: duckdb.DuckDBPyConnection, resource: str, counted: str, company: str, runs: Mapping[datetime, str]
) -> None:
    rows = con.execute(
        f"SELECT epoch_us(_deleted_at), count(*) FROM raw.{resource} WHERE _company = ? AND {counted} "
        "AND (_deleted_at IS NULL OR _deleted_at IN (SELECT unnest(?::TIMESTAMPTZ[]))) GROUP BY ALL ORDER BY ALL",
        [company, list(runs)],
    ).fetchall()
    names = {round(at.timestamp() * 1e6): run for at, run in runs.items()}
    deleted = {names[at]: count for at, count in rows if at is not None}
    missing, before = sum(deleted.values()), sum(count for _, count in rows)
    if missing <= MOST_DELETED or missing <= before * MOST_DELETED_SHARE:
        return
    drafts = " (Drafts not counted)" if "Draft" in counted else ""
    raise IncompleteError(
        f"{resource}: {missing:,} of {before:,} rows{drafts} are gone according to run {', '.join(deleted)}, more than "
        f"{MOST_DELETED} and more than {MOST_DELETED_SHARE:.0%}. Nothing was changed; the last warehouse stays. "
        "If they were deleted at LeafLink, let them go with `leafhouse load --accept-shrink`; if not, run again later, "
        "it is safe: those that are back stay."
    )
