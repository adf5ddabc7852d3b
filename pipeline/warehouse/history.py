"""`history`: every version of the rows whose past is kept, and from when to when each was known to be so.

A version that is over lies in `past`; the one that still is, and the last one of a deleted row, is the row of `raw`
itself (`_valid_from` says since when). `history` is a view of both. Measured on the first load of 10,000 orders with
80,000 lines: 2.5 CPU-seconds instead of 3.0 with every version in a table of its own.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import duckdb

from pipeline.landing import Manifest
from pipeline.models.catalog import Columns, create_or_follow, read_columns, write_comments
from pipeline.resources import Resource
from pipeline.resources.columns import bookkeeping_of
from pipeline.sql import literal, spelled

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
    ("_run_id", "VARCHAR", "The run that brought it like this."),
)
# A row that was deleted before it was seen, such as a line whose order is deleted, never was valid.
_WAS_VALID = "(_deleted_at IS NULL OR _deleted_at > _valid_from)"
_ONE_MICROSECOND = timedelta(microseconds=1)


def create_history(con: duckdb.DuckDBPyConnection, resources: Iterable[Resource]) -> None:
    """Create the tables of `past` and the views of `history`, or give them what their contract gained.

    Call it after `create_raw`. A warehouse from before it kept the past begins with what it holds.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS past")
    con.execute("CREATE SCHEMA IF NOT EXISTS history")
    held = read_columns(con)
    for resource in resources:
        if resource.keeps_history:
            columns = _api_columns(resource, {name: kind for name, (kind, _) in held[f"raw.{resource.name}"].items()})
            columns |= {name: spelled(con, kind) for name, kind, _ in _BOOKKEEPING}
            _create_past(con, resource, columns, held)
            _create_view(con, resource, columns, held)


def _create_past(con: duckdb.DuckDBPyConnection, resource: Resource, columns: Mapping[str, str], held: Columns) -> None:
    comment = f"Versions that are over; read history.{resource.name}."
    create_or_follow(con, f"past.{resource.name}", comment, ((*column, None) for column in columns.items()), held)
    con.execute(
        f"UPDATE raw.{resource.name} SET _valid_from = runs.server_time FROM meta.runs AS runs "
        f"WHERE _valid_from IS NULL AND runs.run_id = {resource.name}._run_id"
    )


def _create_view(con: duckdb.DuckDBPyConnection, resource: Resource, columns: Mapping[str, str], held: Columns) -> None:
    view, there = f"history.{resource.name}", held.get(f"history.{resource.name}", {})
    # A field that has gone from the contract has the comment that raw still has of it.
    of_raw = {name: text for name, (_, text) in held[f"raw.{resource.name}"].items() if text is not None}
    comments = of_raw | {name: text for name, _, text in _BOOKKEEPING}
    comments = {name: text for name, text in comments.items() if name in columns}
    if {name: kind for name, (kind, _) in there.items()} == columns:
        write_comments(con, view, comments, there)
        return
    own = {name for name, _, _ in _BOOKKEEPING}
    names = ", ".join(f'"{name}"' for name in columns if name not in own)
    con.execute(
        f"CREATE OR REPLACE VIEW {view} AS "
        f"SELECT {names}, _company, _valid_from, _valid_to, _was_deleted, _run_id FROM past.{resource.name} UNION ALL "
        f"SELECT {names}, _company, _valid_from, _deleted_at, _deleted_at IS NOT NULL, _run_id "
        f"FROM raw.{resource.name} WHERE {_WAS_VALID}"
    )
    comment = f"Versions of {resource.path} as the API gave them, one row per {resource.key} and period."
    con.execute(f"COMMENT ON VIEW {view} IS {literal(comment)}")
    write_comments(con, view, comments, {})


def _api_columns(resource: Resource, held: Mapping[str, str]) -> dict[str, str]:
    """Return the columns that raw holds for the API's fields, with their types, in the order that raw has them.

    It may differ from the contract's: fields that came later are at its end, and those that went are still there.
    """
    bookkeeping = {name for name, _, _ in bookkeeping_of(resource)}
    return {name: kind for name, kind in held.items() if name not in bookkeeping}


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


class Versions:
    """The versions of one resource, whose raw table has `columns`, that a run begins and ends, at `instant`."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        manifest: Manifest,
        resource: Resource,
        instant: datetime,
        columns: Iterable[str],
    ) -> None:
        self._con = con
        self._raw, self._past, self._key = f"raw.{resource.name}", f"past.{resource.name}", f'"{resource.key}"'
        bookkeeping = {name for name, _, _ in bookkeeping_of(resource)}
        self._columns = [name for name in columns if name not in bookkeeping]
        self._known = {"run": manifest.run_id, "company": manifest.company, "instant": instant}

    def end_replaced(self) -> None:
        """Keep the rows that the run's rows are about to replace. Call it while `raw` has both.

        Where nothing changed that a version shows (but `_extra`, `_odd` or the treatment of personal data did), the
        run's row goes on with the version that it found.
        """
        same = " AND ".join(f'fresh."{name}" IS NOT DISTINCT FROM held."{name}"' for name in self._columns)
        self._run(
            f"UPDATE {self._raw} AS fresh SET _valid_from = held._valid_from FROM {self._raw} AS held "
            f"WHERE held.{self._key} = fresh.{self._key} AND held._company = $company AND held._run_id <> $run "
            f"AND held._deleted_at IS NULL AND fresh._run_id = $run AND {same}"
        )
        self._keep(
            f"_run_id <> $run AND {self._key} IN "
            f"(SELECT {self._key} FROM {self._raw} WHERE _run_id = $run AND _valid_from IS NULL)"
        )
        self._run(f"UPDATE {self._raw} SET _valid_from = $instant WHERE _run_id = $run AND _valid_from IS NULL")

    def end_deleted(self, condition: str, **more: object) -> None:
        """Keep the deleted rows that `condition`, with the values in `more`, holds for: they are about to come back."""
        self._keep(condition, **more)
        self._run(f"UPDATE {self._raw} SET _valid_from = $instant WHERE _company = $company AND {condition}", **more)

    def _keep(self, condition: str, **more: object) -> None:
        names = ", ".join(f'"{name}"' for name in self._columns)
        self._run(
            f"INSERT INTO {self._past} ({names}, _company, _valid_from, _valid_to, _was_deleted, _run_id) "
            f"SELECT {names}, _company, _valid_from, coalesce(_deleted_at, $instant), _deleted_at IS NOT NULL, _run_id "
            f"FROM {self._raw} WHERE _company = $company AND {_WAS_VALID} AND {condition}",
            **more,
        )

    def _run(self, statement: str, **more: object) -> None:
        values = {name: value for name, value in (self._known | more).items() if f"${name}" in statement}
        self._con.execute(statement, values)
