"""Migration: a warehouse of an earlier format is brought to this one step by step, and keeps all that it knows."""

from collections.abc import Callable, Collection, Mapping

import duckdb

from pipeline.models.catalog import read_columns
from pipeline.models.transaction import transaction
from pipeline.resources import Resource
from pipeline.warehouse.meta import FORMAT


def migrate(con: duckdb.DuckDBPyConnection, resources: Collection[Resource]) -> None:
    """Bring the current database, a warehouse of this format or an earlier one, to this format: all or nothing."""
    row = con.execute("SELECT format FROM meta.warehouse").fetchone()
    with transaction(con):
        for number in range(FORMAT if row is None else row[0], FORMAT):
            _STEPS[number](con, resources)
            con.execute("UPDATE meta.warehouse SET format = ?", [number + 1])


def _set_past_apart(con: duckdb.DuckDBPyConnection, resources: Collection[Resource]) -> None:
    """Move the versions that are over from `history` to `past`: the last one of each row is the row of raw itself."""
    con.execute("CREATE SCHEMA IF NOT EXISTS past")
    held = read_columns(con)
    for resource in resources:
        name, key = resource.name, f'"{resource.key}"'
        if f"history.{name}" not in held or f"raw.{name}" not in held:
            continue
        con.execute(f"ALTER TABLE raw.{name} ADD COLUMN _valid_from TIMESTAMPTZ")
        con.execute(
            f"UPDATE raw.{name} SET _valid_from = last._valid_from FROM (SELECT _company, {key}, max(_valid_from) AS "
            f"_valid_from FROM history.{name} GROUP BY ALL) AS last "
            f"WHERE last._company = {name}._company AND last.{key} = {name}.{key}"
        )
        con.execute(
            f"CREATE TABLE past.{name} AS FROM history.{name} ANTI JOIN raw.{name} USING (_company, {key}, _valid_from)"
        )
        con.execute(f"DROP TABLE history.{name}")


# By the format that each begins with.
_STEPS: Mapping[int, Callable[[duckdb.DuckDBPyConnection, Collection[Resource]], None]] = {1: _set_past_apart}
