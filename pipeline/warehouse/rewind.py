"""Taking a build back to what was known at an instant: for the marts of a past day, in a file of their own."""

from collections.abc import Iterable
from datetime import datetime

import duckdb

from pipeline.errors import UsageError
from pipeline.models.transaction import transaction
from pipeline.resources import Resource

# What compares a load with the one before it: nothing is left to compare with, as at a first load.
_COMPARED = ("intermediate.order_positions", "intermediate.headlines", "intermediate.volumes")
_CREATED = "created_on"
# What has a row for each run, beside meta.runs.
_OF_RUNS = ("meta.reads", "meta.completeness", "meta.drift", "meta.nulls")


def rewind(con: duckdb.DuckDBPyConnection, resources: Iterable[Resource], known_at: datetime) -> None:
    """Make the current database say what was known at `known_at`, as far as its history goes.

    Rows whose past is kept are as they were then. Of all others, those that were deleted since are there again, those
    that say that they were created since are not, and what they say is today's: contacts, staff, credits. What later
    runs and loads recorded is gone; so is a close of stock that a later load of the same day recorded anew. Raises
    UsageError for an instant before the first load.
    """
    row = con.execute("SELECT min(known_at) FROM meta.loads").fetchone()
    first = None if row is None else row[0]
    if first is None or known_at < first:
        known = "nothing is loaded yet" if first is None else f"the first load knows what was so at {first.isoformat()}"
        raise UsageError(
            f"--known-at {known_at.isoformat()}: before anything was known; {known}. Name a later instant."
        )
    with transaction(con):
        for resource in resources:
            if resource.keeps_history:
                _rewind_versions(con, resource.name, known_at)
            else:
                _rewind_rows(con, resource, known_at)
        con.execute("DELETE FROM meta.runs WHERE server_time > ?", [known_at])
        for table in _OF_RUNS:
            con.execute(f"DELETE FROM {table} WHERE run_id NOT IN (SELECT run_id FROM meta.runs)")
        _forget_later_loads(con, known_at)


def _rewind_versions(con: duckdb.DuckDBPyConnection, resource: str, known_at: datetime) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE versions AS FROM history.{resource} "
        "WHERE _valid_from <= $known AND (_valid_to IS NULL OR _valid_to > $known)",
        {"known": known_at},
    )
    con.execute(f"DELETE FROM past.{resource} WHERE _valid_to > ?", [known_at])
    con.execute(f"DELETE FROM raw.{resource}")
    con.execute(f"INSERT INTO raw.{resource} BY NAME SELECT * EXCLUDE (_valid_to, _was_deleted) FROM versions")
    con.execute("DROP TABLE versions")


def _rewind_rows(con: duckdb.DuckDBPyConnection, resource: Resource, known_at: datetime) -> None:
    con.execute(
        f"UPDATE raw.{resource.name} SET _deleted_at = NULL, _deleted_reason = NULL WHERE _deleted_at > ?", [known_at]
    )
    if _CREATED in resource.record.model_fields:
        con.execute(f"DELETE FROM raw.{resource.name} WHERE {_CREATED} > ?", [known_at])


def _forget_later_loads(con: duckdb.DuckDBPyConnection, known_at: datetime) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE later AS SELECT load_id FROM meta.loads WHERE known_at > ?", [known_at])
    for table, column in con.execute(
        "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() AS columns "
        "JOIN duckdb_tables() AS tables USING (database_name, schema_name, table_name) "
        "WHERE database_name = current_database() AND ((schema_name IN ('marts', 'audit') AND column_name = 'run_id') "
        "OR (schema_name = 'history' AND column_name = '_run_id'))"
    ).fetchall():
        con.execute(f"DELETE FROM {table} WHERE {column} IN (FROM later)")
    con.execute("DELETE FROM meta.loads WHERE load_id IN (FROM later)")
    con.execute("DROP TABLE later")
    for table in _COMPARED:
        con.execute(f"DROP TABLE IF EXISTS {table}")
