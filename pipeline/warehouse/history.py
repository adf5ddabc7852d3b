"""`history`: every version of the rows whose past is kept, and from when to when each was known to be so.

A run writes a version only where the API's columns changed. Measured, in CPU-seconds, on what landed again unchanged:
0.02 for 44,000 payments, 1.3 for all of 400,000 lines, 0.3 for half of them.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import duckdb

from pipeline.landing import Manifest
from pipeline.resources import Resource
from pipeline.resources.columns import BOOKKEEPING
from pipeline.warehouse.tables import describe, follow, write_comments

# Name, DuckDB type, comment.
_BOOKKEEPING = (
    ("_company", "VARCHAR", "The company of leafhouse.toml that the row was read for."),
    (
        "_valid_from",
        "TIMESTAMPTZ",
        "The source's clock at the start of the run that first saw the row like this. Nothing is known of the time "
        "before the first run: the row may have looked different, whatever its date of creation.",
    ),
    (
        "_valid_to",
        "TIMESTAMPTZ",
        "The source's clock at the start of the run that found it changed or gone; null while it is like this.",
    ),
    ("_was_deleted", "BOOLEAN", "Whether it was found gone at _valid_to; otherwise the next version begins there."),
    ("_run_id", "VARCHAR", "The run that first saw it like this."),
)
_ONE_MICROSECOND = timedelta(microseconds=1)


def create_history(con: duckdb.DuckDBPyConnection, resources: Iterable[Resource]) -> None:
    """Create the tables of `history`, or give them what their contract gained. Call it after `create_raw`.

    A warehouse from before it kept the past begins with what it holds.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS history")
    for resource in resources:
        if resource.keeps_history:
            _create_table(con, resource)


def _create_table(con: duckdb.DuckDBPyConnection, resource: Resource) -> None:
    table = f"history.{resource.name}"
    columns = _api_columns(con, resource)
    exists = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'history' "
        "AND table_name = ?",
        [resource.name],
    ).fetchone()
    if exists:
        follow(con, table, columns)
    else:
        names = [*columns.items(), *((name, kind) for name, kind, _ in _BOOKKEEPING)]
        con.execute(f"CREATE TABLE {table} (" + ", ".join(f'"{name}" {kind}' for name, kind in names) + ")")
        _begin(con, resource)
    comment = f"Versions of {resource.path} as the API gave them, one row per {resource.key} and period."
    write_comments(con, "history", resource, comment, {name: text for name, _, text in _BOOKKEEPING})


def _api_columns(con: duckdb.DuckDBPyConnection, resource: Resource) -> dict[str, str]:
    """Return the columns of raw that hold the API's fields, with their types, in the order that raw has them.

    It may differ from the contract's: fields that came later are at its end, and those that went are still there.
    """
    bookkeeping = {name for name, _, _ in BOOKKEEPING}
    return {name: kind for name, kind in describe(con, f"raw.{resource.name}").items() if name not in bookkeeping}


def _begin(con: duckdb.DuckDBPyConnection, resource: Resource) -> None:
    columns = _api_columns(con, resource)
    names, values = ", ".join(f'"{name}"' for name in columns), ", ".join(f'held."{name}"' for name in columns)
    con.execute(
        f"INSERT INTO history.{resource.name} ({names}, _company, _valid_from, _valid_to, _was_deleted, "
        f"_run_id) SELECT {values}, held._company, runs.server_time, held._deleted_at, "
        f"held._deleted_at IS NOT NULL, held._run_id FROM raw.{resource.name} AS held JOIN meta.runs AS runs "
        "ON runs.run_id = held._run_id WHERE held._deleted_at IS NULL OR held._deleted_at > runs.server_time"
    )


def instant_of(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> datetime:
    """Return when, by the source's clock, the run saw what it saw; later than any run of its company before it.

    Where the clock stood still or was set back it is a microsecond later than the last, so that no version is valid
    for no time or a negative one.
    """
    rows = con.execute(
        "SELECT epoch_us(server_time) FROM meta.runs WHERE _company = ? ORDER BY rowid", [manifest.company]
    ).fetchall()
    last = datetime.min.replace(tzinfo=UTC)
    for (microseconds,) in rows:
        last = max(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds), last + _ONE_MICROSECOND)
    return max(manifest.server_time, last + _ONE_MICROSECOND)


def record_versions(con: duckdb.DuckDBPyConnection, manifest: Manifest, resource: Resource, instant: datetime) -> int:
    """Write the versions that the run brought, and return how many. Its rows must have been merged into `raw`."""
    known = {"run": manifest.run_id, "company": manifest.company, "instant": instant}
    raw, history, key = f"raw.{resource.name}", f"history.{resource.name}", f'"{resource.key}"'
    columns = _api_columns(con, resource)
    names = ", ".join(f'"{name}"' for name in columns)
    differs = " OR ".join(f'fresh."{name}" IS DISTINCT FROM held."{name}"' for name in columns)
    _run(
        con,
        f"CREATE OR REPLACE TEMP TABLE changed AS SELECT fresh.{key} AS key FROM {raw} AS fresh JOIN {history} AS held "
        f"ON held.{key} = fresh.{key} WHERE fresh._run_id = $run AND fresh._deleted_at IS NULL "
        f"AND held._company = $company AND held._valid_to IS NULL AND ({differs})",
        known,
    )
    for was_deleted, gone in (
        ("true", f"SELECT {key} FROM {raw} WHERE _company = $company AND _deleted_at IS NOT NULL"),
        ("false", "SELECT key FROM changed"),
    ):
        _run(
            con,
            f"UPDATE {history} SET _valid_to = $instant, _was_deleted = {was_deleted} "
            f"WHERE _company = $company AND _valid_to IS NULL AND {key} IN ({gone})",
            known,
        )
    # New rows, changed ones, and those that came back, with their parent perhaps, and without having been read.
    return _run(
        con,
        f"INSERT INTO {history} ({names}, _company, _valid_from, _was_deleted, _run_id) "
        f"SELECT {names}, _company, $instant, false, $run FROM {raw} "
        f"WHERE _company = $company AND _deleted_at IS NULL AND {key} NOT IN "
        f"(SELECT {key} FROM {history} WHERE _company = $company AND _valid_to IS NULL)",
        known,
    )


def _run(con: duckdb.DuckDBPyConnection, statement: str, known: dict[str, object]) -> int:
    values = {name: value for name, value in known.items() if f"${name}" in statement}
    return int(con.execute(statement, values).fetchall()[0][0])
