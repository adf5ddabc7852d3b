"""Merging what landed into `raw`: the rows of a run are appended, then what they replace is removed.

There is no index; that keys are unique is an audit. Measured on 450,000 landed rows: 2.6 CPU-seconds and 34 MB for
appending first and one delete for each resource, 9.4 and 53 MB for a delete and an insert for each batch. Nobody reads
the file before it is published, so that the moment with both rows does not show.

Everything is a matter of two sets: the rows of the run (`_run_id` is its id), and all others. A row that came as `raw`
holds it is let go of first: the held one stays, and its key is noted in a temporary table until the run is merged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.landing import Manifest, ResourceRead
from pipeline.models.catalog import read_columns
from pipeline.resources import Resource
from pipeline.resources.columns import bookkeeping_of
from pipeline.warehouse.history import Versions


@dataclass
class MergeCounts:
    """What a load did to a raw table: rows with a new key, changed, marked deleted; and live rows after it."""

    resource: str
    inserted: int = 0
    changed: int = 0
    deleted: int = 0
    rows: int = 0


def append(con: duckdb.DuckDBPyConnection, resource: Resource, files: Sequence[str]) -> None:
    """Append landed Parquet files to the raw table. Raises ConfigurationError when they do not fit it."""
    try:
        con.execute(
            f"INSERT INTO raw.{resource.name} BY NAME SELECT * FROM read_parquet(?, hive_partitioning = false)", [files]
        )
    except (duckdb.InvalidInputException, duckdb.BinderException, duckdb.ConversionException) as error:
        raise ConfigurationError(
            f"{files[0]}: cannot be loaded ({str(error).splitlines()[0]}), although it is the file that its run wrote. "
            "Use the version of Leafhouse that extracted it, or a newer one."
        ) from error


def merge_run(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, resources: Mapping[str, Resource], instant: datetime
) -> list[MergeCounts]:
    """Merge the appended rows of a run, and return what became of each resource that it concerns.

    A resource whose parent was read is concerned even when it was not read itself: it follows its parent. What is found
    deleted is marked with `instant`.
    """
    reads = {read.resource: read for read in manifest.resources}
    columns = read_columns(con, [f"raw.{name}" for name in resources])
    merged = []
    for resource in _parents_first(resources):
        read, parent = reads.get(resource.name), _parent_of(resource, resources)
        if read is None and (parent is None or parent.name not in reads):
            continue
        merge = _ResourceMerge(con, manifest, resource, instant, list(columns[f"raw.{resource.name}"]))
        each = MergeCounts(resource.name)
        merge.drop_gone(*filter(None, (read, reads.get(parent.name) if parent is not None else None)))
        if read is not None and parent is not None:
            merge.keep_newest_sets(parent)
        if read is not None:
            each.inserted, each.changed = merge.replace()
        if parent is not None:
            each.deleted += merge.follow(parent)
        if read is not None:
            each.deleted += merge.mark_missing(read, parent)
        merged.append(each)
    for name in reads:
        con.execute(f"DROP TABLE IF EXISTS {_unchanged(name)}")
    return merged


def _unchanged(resource: str) -> str:
    """Return the temporary table of what a run brought as it is held: `key`, and `_extracted_at` of the new row."""
    return f"unchanged_{resource}"


def _parent_of(resource: Resource, resources: Mapping[str, Resource]) -> Resource | None:
    return None if resource.is_listed or resource.parent is None else resources.get(resource.parent)


def _parents_first(resources: Mapping[str, Resource]) -> Iterable[Resource]:
    def depth(resource: Resource) -> int:
        parent = _parent_of(resource, resources)
        return 0 if parent is None else 1 + depth(parent)

    return sorted(resources.values(), key=depth)


class _ResourceMerge:
    """The statements that merge one resource of a run."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        manifest: Manifest,
        resource: Resource,
        instant: datetime,
        columns: Sequence[str],
    ) -> None:
        self._con = con
        self._columns = columns
        self._read = {read.resource for read in manifest.resources}
        self._resource = resource
        self._table = f"raw.{resource.name}"
        self._key = f'"{resource.key}"'
        self._run_id = manifest.run_id
        self._versions = Versions(con, manifest, resource, instant, columns) if resource.keeps_history else None
        self._known = {
            "run": manifest.run_id,
            "company": manifest.company,
            "resource": resource.name,
            "deleted_at": instant,
            "personal": manifest.personal,
        }

    def replace(self) -> tuple[int, int]:
        """Remove the rows that the run's rows replace. Return how many keys are new, and how many rows changed."""
        keys = self._keep_last_of_each_key() - self._leave_unchanged()
        if self._versions is not None:
            self._versions.end_replaced()
        changed = self._change(
            f"DELETE FROM {self._table} WHERE _company = $company AND _run_id <> $run "
            f"AND {self._key} IN (SELECT {self._key} FROM {self._table} WHERE _run_id = $run)"
        )
        return keys - changed, changed

    def _leave_unchanged(self) -> int:
        """Let go of the run's rows that are as they are held, note their keys, and return how many they are.

        One that was treated otherwise before is no such row, though it may look alike: nothing personal was in it.
        """
        own = {name for name, _, _ in bookkeeping_of(self._resource)} - {"_extra", "_odd"}
        same = " AND ".join(
            f'fresh."{name}" IS NOT DISTINCT FROM held."{name}"' for name in self._columns if name not in own
        )
        unchanged = _unchanged(self._resource.name)
        self._change(
            f"CREATE OR REPLACE TEMP TABLE {unchanged} AS SELECT fresh.{self._key} AS key, fresh._extracted_at, "
            f"fresh.rowid AS place FROM {self._table} AS fresh JOIN {self._table} AS held "
            f"ON held.{self._key} = fresh.{self._key} WHERE fresh._run_id = $run AND held._company = $company "
            "AND held._run_id <> $run AND held._deleted_at IS NULL AND held._run_id NOT IN "
            f"(SELECT run_id FROM meta.runs WHERE personal IS DISTINCT FROM $personal) AND {same}"
        )
        return self._change(f"DELETE FROM {self._table} WHERE rowid IN (SELECT place FROM {unchanged})")

    def _keep_last_of_each_key(self) -> int:
        """Leave one row of each key that the run brought, the one read last, and return how many keys there are."""
        query = f"SELECT count(*), count(DISTINCT {self._key}) FROM {self._table} WHERE _run_id = $run"
        rows, keys = self._con.execute(query, {"run": self._run_id}).fetchall()[0]
        if rows > keys:
            self._change(
                f"DELETE FROM {self._table} WHERE rowid IN (SELECT rowid FROM {self._table} WHERE _run_id = $run "
                f"QUALIFY row_number() OVER (PARTITION BY {self._key} ORDER BY _extracted_at DESC, rowid DESC) > 1)"
            )
        return int(keys)

    def drop_gone(self, *reads: ResourceRead) -> None:
        """Let go of rows that came and then went in the same run, with what came inside them."""
        for read in reads:
            column = self._resource.key if read.resource == self._resource.name else self._resource.parent_key
            if read.gone:
                self._change(
                    f'DELETE FROM {self._table} WHERE _run_id = $run AND CAST("{column}" AS VARCHAR) '
                    "IN (SELECT unnest($gone::VARCHAR[]))",
                    gone=list(read.gone),
                )

    def keep_newest_sets(self, parent: Resource) -> None:
        """Let go of children that came with an earlier version of their parent, in the same run, than its last one.

        A parent and its set land at one time; a child that a later version no longer carries was removed meanwhile.
        """
        name = self._resource.name
        if self._resource.is_embedded:
            self._change(
                f"DELETE FROM {self._table} WHERE _run_id = $run AND EXISTS (SELECT 1 FROM ({self._brought(parent)}) "
                f'AS parent WHERE parent.key = {name}."{self._resource.parent_key}" '
                f"AND parent._extracted_at > {name}._extracted_at)"
            )

    def _brought(self, parent: Resource) -> str:
        """Return the query of all that the run brought of the parent, which is merged: `key` and `_extracted_at`."""
        query = f'SELECT "{parent.key}" AS key, _extracted_at FROM raw.{parent.name} WHERE _run_id = $run'
        if parent.name in self._read:
            query += f" UNION ALL SELECT key, _extracted_at FROM {_unchanged(parent.name)}"
        return query

    def follow(self, parent: Resource) -> int:
        """Mark the children of deleted parents, and unmark those whose parent is back; return how many were marked."""
        parent_key = self._resource.parent_key
        reason = f"its {parent_key} was deleted"
        is_back = (
            f'_deleted_reason = $reason AND "{parent_key}" IN (SELECT "{parent.key}" FROM raw.{parent.name} '
            "WHERE _company = $company AND _deleted_at IS NULL)"
        )
        if self._versions is not None:
            self._versions.end_deleted(is_back, reason=reason)
        self._change(
            f"UPDATE {self._table} SET _deleted_at = NULL, _deleted_reason = NULL "
            f"WHERE _company = $company AND {is_back}",
            reason=reason,
        )
        return self._change(
            f"UPDATE {self._table} SET _deleted_at = parent._deleted_at, _deleted_reason = $reason "
            f'FROM raw.{parent.name} AS parent WHERE parent."{parent.key}" = {self._resource.name}."{parent_key}" '
            f"AND parent._company = $company AND {self._resource.name}._company = $company "
            f"AND {self._resource.name}._deleted_at IS NULL AND parent._deleted_at IS NOT NULL",
            reason=reason,
        )

    def mark_missing(self, read: ResourceRead, parent: Resource | None) -> int:
        """Mark what the read did not bring although it should have, and return how many rows that are.

        A complete enumeration should have brought every key, a read that is complete from some creation on every key
        since then, a parent all its children; what was asked for by its key and is not there is gone. A row whose key
        cannot be read may be any of those that seem to be missing: then no more than these are marked.
        """
        gone = self._mark_gone(read)
        if not read.was_read or read.keyless:
            return gone
        return gone + self._mark_unbrought(read, parent)

    def _mark_gone(self, read: ResourceRead) -> int:
        if not read.gone:
            return 0
        condition = f"CAST({self._key} AS VARCHAR) IN (SELECT unnest($gone::VARCHAR[]))"
        return self._mark(condition, f"asked for and not there in {self._run_id}", gone=list(read.gone))

    def _mark_unbrought(self, read: ResourceRead, parent: Resource | None) -> int:
        if read.scope == "all":
            return self._mark("true", f"not in the complete read of {self._run_id}")
        if read.scope == "sets" and parent is not None:
            parents = f"SELECT key FROM ({self._brought(parent)})"
            if self._resource.is_asked_per_parent:
                parents = "SELECT unnest($asked::VARCHAR[])"
            reason = f"no longer in its {read.parent_key}, seen by {self._run_id}"
            return self._mark(f'"{read.parent_key}" IN ({parents})', reason, asked=list(read.asked))
        if read.complete_since is not None and read.created_field is not None:
            reason = f"not in the complete read since {read.complete_since:%Y-%m-%d} of {self._run_id}"
            return self._mark(f'"{read.created_field}" >= $since', reason, since=read.complete_since)
        return 0

    def _mark(self, condition: str, reason: str, **more: object) -> int:
        # Keys in quarantine, and those of rows that came unchanged, were seen.
        return self._change(
            f"UPDATE {self._table} SET _deleted_at = $deleted_at, _deleted_reason = $reason "
            f"WHERE _company = $company AND _run_id <> $run AND _deleted_at IS NULL AND {condition} "
            f"AND CAST({self._key} AS VARCHAR) NOT IN (SELECT key FROM meta.quarantine "
            "WHERE resource = $resource AND _company = $company AND _run_id = $run AND key IS NOT NULL) "
            f"AND {self._key} NOT IN (SELECT key FROM {_unchanged(self._resource.name)})",
            reason=reason,
            **more,
        )

    def _change(self, statement: str, **more: object) -> int:
        """Run the statement with those of the values that it names, and return how many rows it changed."""
        values = {name: value for name, value in (self._known | more).items() if f"${name}" in statement}
        return int(self._con.execute(statement, values).fetchall()[0][0])
