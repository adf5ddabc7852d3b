"""What a published warehouse holds, for `leafhouse status`."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from pipeline import clock
from pipeline.datafolder.attempt import Attempt, read_attempt
from pipeline.datafolder.lock import holder_of
from pipeline.datafolder.paths import warehouse_file
from pipeline.landing import RefusedRun
from pipeline.resources import Resource
from pipeline.resources.columns import columns_of
from pipeline.warehouse.base import find_base
from pipeline.warehouse.freshness import read_freshness
from pipeline.warehouse.headlines import Headline, read_headlines
from pipeline.warehouse.provenance import KeptModel
from pipeline.warehouse.published import open_published

_ISO = "%Y-%m-%dT%H:%M:%S.%fZ"
# Of the newest read of each company.
_COMPLETENESS = (
    "SELECT max(run_id), string_agg(DISTINCT verdict, ', ' ORDER BY verdict), sum(distinct_keys), sum(stated) "
    "FROM meta.completeness WHERE resource = $resource AND run_id IN (SELECT max(run_id) FROM meta.completeness "
    "JOIN meta.runs USING (run_id) WHERE resource = $resource GROUP BY _company)"
)


@dataclass(frozen=True)
class ResourceStatus:
    """A raw table: rows, marked deleted, newest change, the last run, and what the last one of each company found."""

    resource: str
    rows: int
    deleted: int
    newest_change: str | None
    last_run: str | None
    completeness: str
    quarantined: int


@dataclass(frozen=True)
class Status:
    """A published warehouse, the runs that a load set aside since, and the last command that worked on the folder.

    `published_at` is when its load began, by our clock (UTC): a copy of the file tells the same.
    `read_until` is the source's time (UTC) at the start of the oldest run among the newest of each company. `changed`
    says that another program has written to the file since its load, and what the next load will begin with.
    """

    path: str
    bytes: int
    published_at: datetime | None
    read_until: datetime | None
    source: str
    note: str
    as_of: str | None
    loaded_runs: int
    resources: list[ResourceStatus]
    failed_audits: list[dict[str, Any]]
    kept: Sequence[KeptModel]
    refused_runs: Sequence[RefusedRun]
    headlines: list[Headline]
    attempt: Attempt | None
    holder: str | None
    changed: str | None

    @property
    def age(self) -> timedelta | None:
        """How long ago the data were read; None where no run tells."""
        return None if self.read_until is None else clock.now() - self.read_until


def read_status(data_dir: Path, resources: Mapping[str, Resource], refused_runs: Sequence[RefusedRun] = ()) -> Status:
    """Read the status; `refused_runs` are those of the landing, for whoever shows them.

    Raises UsageError when nothing is published yet, ConfigurationError for a file that is damaged, not ours or newer.
    """
    with open_published(data_dir) as con:
        return _status(con, data_dir, resources, refused_runs)


def _status(
    con: duckdb.DuckDBPyConnection,
    data_dir: Path,
    resources: Mapping[str, Resource],
    refused_runs: Sequence[RefusedRun],
) -> Status:
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'").fetchall()
    reads = {name for (name,) in con.execute("SELECT DISTINCT resource FROM meta.completeness").fetchall()}
    fresh = read_freshness(con)
    ((loaded_runs,),) = con.execute("SELECT count(*) FROM meta.runs").fetchall()
    path = warehouse_file(data_dir)
    return Status(
        str(path), path.stat().st_size, fresh.published_at, fresh.read_until, fresh.source, fresh.note, fresh.as_of,
        loaded_runs,
        [_resource_status(con, each) for each in resources.values() if (each.name,) in tables and is_told(each, reads)],
        [
            {"audit_id": each.audit_id, "severity": each.severity, "failures": each.failures}
            for each in fresh.failed_audits
        ],
        fresh.kept,
        refused_runs,
        list(read_headlines(con, fresh.load_id)[0]) if fresh.load_id is not None else [],
        read_attempt(data_dir), holder_of(data_dir), find_base(data_dir).note,
    )  # fmt: skip


def is_told(resource: Resource, reads: Container[str]) -> bool:
    """Whether a resource is worth a line: all are, but one that has to be switched on only once it has been."""
    return resource.name in reads or not resource.is_asked_per_parent


def _resource_status(con: duckdb.DuckDBPyConnection, resource: Resource) -> ResourceStatus:
    names = {column.name for column in columns_of(resource)}
    newest = f"strftime(max(modified) AT TIME ZONE 'UTC', '{_ISO}')" if "modified" in names else "NULL"
    ((rows, deleted, newest_change),) = con.execute(
        f"SELECT count(*) FILTER (_deleted_at IS NULL), count(*) FILTER (_deleted_at IS NOT NULL), {newest} "
        f"FROM raw.{resource.name}"
    ).fetchall()
    read = con.execute(_COMPLETENESS, {"resource": resource.name}).fetchone()
    ((quarantined,),) = con.execute(
        "SELECT count(*) FROM meta.quarantine WHERE resource = ?", [resource.name]
    ).fetchall()
    last_run, verdicts, distinct, stated = read or (None, None, 0, 0)
    completeness = "never read" if verdicts is None else f"{verdicts}: {distinct:,} of {stated:,}"
    return ResourceStatus(resource.name, rows, deleted, newest_change, last_run, completeness, quarantined)
