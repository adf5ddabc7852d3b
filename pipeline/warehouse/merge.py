"""Merging landed batches into `raw`: delete and insert by key, without an index.

Measured for 200,000 rows into 2,000,000: 1.1 CPU-seconds, against 2.4 for MERGE INTO and 2.9 for INSERT OR
REPLACE with a primary key. That keys are unique is an audit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from pipeline.landing import Landing, Manifest, ResourceRead
from pipeline.landing.manifest import Batch
from pipeline.resources import Resource, WithParent
from pipeline.resources.columns import BOOKKEEPING, columns_of, create_table


@dataclass
class Merged:
    """What a load did to a raw table."""

    resource: str
    inserted: int = 0
    replaced: int = 0
    deleted: int = 0
    rows: int = 0


def create_raw(con: duckdb.DuckDBPyConnection, resource: Resource) -> None:
    """Create the raw table of a resource, or add the columns that its contract gained; write the comments."""
    table = f"raw.{resource.name}"
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    con.execute(create_table(resource, table))
    columns = [(each.name, each.duckdb_type, each.description) for each in columns_of(resource)] + list(BOOKKEEPING)
    present = {row[0].lower() for row in con.execute(f"DESCRIBE {table}").fetchall()}
    for name, kind, description in columns:
        if name.lower() not in present:
            con.execute(f'ALTER TABLE {table} ADD COLUMN "{name}" {kind}')
        con.execute(f'COMMENT ON COLUMN {table}."{name}" IS {_quoted(description)}')
    con.execute(
        f"COMMENT ON TABLE {table} IS {_quoted(f'{resource.path} as LeafLink gave it, one row per {resource.key}.')}"
    )


def merge_batch(con: duckdb.DuckDBPyConnection, landing: Landing, resource: Resource, batch: Batch) -> Merged:
    """Put the rows of one batch into the raw table, in place of those with their keys."""
    path, table, key = landing.check(batch), f"raw.{resource.name}", f'"{resource.key}"'
    names = [each.name for each in columns_of(resource)] + [name for name, _, _ in BOOKKEEPING[:4]]
    columns = ", ".join(f'"{name}"' for name in names)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {columns} FROM read_parquet(?, file_row_number = true) "
        f"QUALIFY row_number() OVER (PARTITION BY _company, {key} ORDER BY file_row_number DESC) = 1",
        [str(path)],
    )
    same = f"{table}._company = incoming._company AND {table}.{key} = incoming.{key}"
    (replaced,) = con.execute(f"DELETE FROM {table} USING incoming WHERE {same}").fetchone() or (0,)
    (arrived,) = con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming").fetchone() or (0,)
    con.execute("DROP TABLE incoming")
    return Merged(resource.name, inserted=arrived - replaced, replaced=replaced)


def mark_deleted(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, read: ResourceRead, resources: Mapping[str, Resource]
) -> int:
    """Mark what a read did not bring although it should have; return how many rows.

    A complete enumeration should have brought every key, a parent all its children. Rows carry the run that
    brought them, so that what was not brought is what has another run's stamp. Quarantined keys were seen.
    """
    if read.refused is not None or read.keyless or read.scope == "changed":
        return 0
    resource = resources[read.resource]
    where, reason = "true", f"not in the full read of {manifest.run_id}"
    of_parents: list[object] = []
    if read.scope == "sets":
        assert isinstance(resource.refresh, WithParent)
        parent = resources[resource.refresh.parent]
        where = (
            f'"{resource.refresh.parent_key}" IN '
            f'(SELECT "{parent.key}" FROM raw.{parent.name} WHERE _run_id = ? AND _company = ?)'
        )
        reason = f"not among the rows of its parent in {manifest.run_id}"
        of_parents = [manifest.run_id, manifest.company]
    return _update(
        con,
        f"UPDATE raw.{resource.name} SET _deleted_at = ?, _deleted_reason = ? "
        f"WHERE _company = ? AND _deleted_at IS NULL AND _run_id <> ? AND {where} "
        f'AND CAST("{resource.key}" AS VARCHAR) NOT IN '
        "(SELECT key FROM meta.quarantine WHERE resource = ? AND _run_id = ? AND key IS NOT NULL)",
        [manifest.server_time, reason, manifest.company, manifest.run_id, *of_parents, read.resource, manifest.run_id],
    )


def _update(con: duckdb.DuckDBPyConnection, statement: str, parameters: list[object]) -> int:
    row = con.execute(statement, parameters).fetchone()
    return int(row[0]) if row else 0


def mark_orphans_deleted(con: duckdb.DuckDBPyConnection, manifest: Manifest, child: Resource, parent: Resource) -> int:
    """Mark the children of parents that have just been marked deleted: they left together."""
    assert isinstance(child.refresh, WithParent)
    return _update(
        con,
        f"UPDATE raw.{child.name} SET _deleted_at = ?, _deleted_reason = ? "
        f"WHERE _company = ? AND _deleted_at IS NULL AND \"{child.refresh.parent_key}\" IN ("
        f'SELECT "{parent.key}" FROM raw.{parent.name} WHERE _company = ? AND _deleted_at = ?)',
        [
            manifest.server_time, f"its parent in {parent.name} was deleted", manifest.company, manifest.company,
            manifest.server_time,
        ],
    )  # fmt: skip


def merge_quarantine(con: duckdb.DuckDBPyConnection, landing: Landing, manifest: Manifest) -> None:
    """Take in the rows that the run set aside, in place of what was known of them."""
    for batch in manifest.quarantine:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE incoming AS SELECT resource, key, path, reason, raw, _company, _run_id, "
            "_extracted_at FROM read_parquet(?)",
            [str(landing.check(batch))],
        )
        con.execute(
            "DELETE FROM meta.quarantine USING incoming WHERE quarantine.resource = incoming.resource "
            "AND quarantine._company = incoming._company AND quarantine.key IS NOT DISTINCT FROM incoming.key"
        )
        con.execute("INSERT INTO meta.quarantine BY NAME SELECT * FROM incoming")
        con.execute("DROP TABLE incoming")


def release_quarantine(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, read: ResourceRead, resource: Resource
) -> None:
    """Let go of the rows that have landed well since, and of keyless ones once everything was read well."""
    con.execute(
        f"DELETE FROM meta.quarantine WHERE resource = ? AND _company = ? AND _run_id <> ? AND key IN "
        f'(SELECT CAST("{resource.key}" AS VARCHAR) FROM raw.{resource.name} WHERE _run_id = ?)',
        [read.resource, manifest.company, manifest.run_id, manifest.run_id],
    )
    if read.scope == "all" and read.refused is None:
        con.execute(
            "DELETE FROM meta.quarantine WHERE resource = ? AND _company = ? AND _run_id <> ?",
            [read.resource, manifest.company, manifest.run_id],
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
