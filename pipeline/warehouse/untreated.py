"""Rows of before LEAFHOUSE_PII was changed: what is personal in them goes when a run comes that treats it otherwise.

Most of them are replaced by what that run read. These are the others: deleted rows, versions that are over, rows in
quarantine, and resources that the run could not read or was not asked to. A load knows no key to hash with: what is
personal in them becomes null.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from pipeline.landing import Landing, Manifest
from pipeline.resources import Resource
from pipeline.resources.columns import Shape, bookkeeping_of, columns_of, duckdb_type, shape_of
from pipeline.resources.personal import holds_personal, is_personal, personal_columns
from pipeline.sql import literal
from pipeline.warehouse.files import list_earlier
from pipeline.warehouse.tables import describe

_KEEP = "keep"
_OF_OTHERS = "_run_id IN (SELECT run_id FROM meta.runs WHERE personal IS DISTINCT FROM $personal)"


@dataclass(frozen=True)
class Remnants:
    """The files from before a change of treatment, counted: landed ones, and warehouses."""

    landed: int
    kept: int


def treats_otherwise(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> bool:
    """Say whether `manifest`, the run merged last, treats otherwise than the run before it, and does not keep all."""
    before = con.execute("SELECT personal FROM meta.runs ORDER BY rowid DESC LIMIT 1 OFFSET 1").fetchone()
    return manifest.personal != _KEEP and before is not None and before[0] != manifest.personal


def remove_untreated(con: duckdb.DuckDBPyConnection, personal: str, resources: Iterable[Resource]) -> None:
    """Make null what is personal in rows that were treated otherwise than `personal` says.

    Call it once all companies are merged: a row that one of them has to compare with must be as it was read. The file
    has to be written anew then, since what was removed lies on in its free blocks.
    """
    known = {"personal": personal}
    for resource in resources:
        for schema in ("raw", "past") if resource.keeps_history else ("raw",):
            table = f"{schema}.{resource.name}"
            changes = _changes(con, table, resource)
            if changes:
                con.execute(f"UPDATE {table} SET {', '.join(changes)} WHERE {_OF_OTHERS}", known)
    con.execute(f"UPDATE meta.quarantine SET path = NULL, reason = NULL, raw = NULL WHERE {_OF_OTHERS}", known)
    # The names of new fields may be data, and what is said of a wrong value may quote it; the views of `extra` are
    # made anew from what is left.
    con.execute(
        "DELETE FROM meta.drift WHERE kind IN ('new field', 'retyped') AND "
        "run_id IN (SELECT run_id FROM meta.runs WHERE personal IS DISTINCT FROM $personal)",
        known,
    )
    con.execute("DROP SCHEMA IF EXISTS extra CASCADE")


def _changes(con: duckdb.DuckDBPyConnection, table: str, resource: Resource) -> list[str]:
    """Return the assignments that leave nothing personal in a table.

    Columns that the contract no longer names may hold anything, as `_extra` may.
    """
    personal = {name: "NULL" if is_whole else _without(f'"{name}"', shape)
                for name, shape, is_whole in personal_columns(resource)}  # fmt: skip
    named = {column.name for column in columns_of(resource)}
    own = {name for name, _, _ in bookkeeping_of(resource)} | {"_valid_to", "_was_deleted"}
    changes = {
        name: personal.get(name, "NULL")
        for name in describe(con, table)
        if name in personal or name in ("_extra", "_odd") or (name not in named and name not in own)
    }
    return [f'"{name}" = {value}' for name, value in changes.items()]


def _without(value: str, shape: Shape, depth: int = 0) -> str:
    """Return the expression for an object, or a list of objects, with null for what is personal inside."""
    if shape.is_list:
        item = f"item_{depth}"
        return f"list_transform({value}, lambda {item}: {_without(item, replace(shape, is_list=False), depth + 1)})"
    assert shape.record is not None, "a value without fields is personal as a whole or not at all"
    fields = []
    for name, info in shape.record.model_fields.items():
        inner, field = shape_of(info), f"struct_extract({value}, {literal(name)})"
        if is_personal(info):
            field = f"CAST(NULL AS {duckdb_type(inner)})"
        elif inner.record is not None and holds_personal(inner.record):
            field = _without(field, inner, depth + 1)
        fields.append(f'"{name}" := {field}')
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"


def count_remnants(landing: Landing, kept: Path, published: Path, personal: str) -> Remnants:
    """Count what still holds rows that were not treated as `personal` says: nobody but its owner removes a file."""
    others = [manifest for manifest in landing.manifests() if manifest.personal != personal]
    landed = sum(len(manifest.all_batches) for manifest in others)
    return Remnants(landed, len(list_earlier(kept, published)))


def note_treatments(con: duckdb.DuckDBPyConnection, landing: Landing) -> None:
    """Note how runs treated personal data that were loaded before `meta.runs` said so."""
    unknown = {row[0] for row in con.execute("SELECT run_id FROM meta.runs WHERE personal IS NULL").fetchall()}
    for manifest in landing.manifests() if unknown else []:
        if manifest.run_id in unknown:
            con.execute("UPDATE meta.runs SET personal = ? WHERE run_id = ?", [manifest.personal, manifest.run_id])
