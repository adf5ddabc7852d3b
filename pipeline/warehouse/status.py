"""What a published warehouse holds, for `leafhouse status`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.resources import Resource
from pipeline.resources.columns import columns_of
from pipeline.warehouse.reader import attach


@dataclass(frozen=True)
class ResourceStatus:
    """A raw table: rows, marked deleted, newest change, and the last run that read it with its verdict."""

    resource: str
    rows: int
    deleted: int
    newest_change: str | None
    last_run: str | None
    completeness: str
    quarantined: int


@dataclass(frozen=True)
class Status:
    """A published warehouse."""

    path: str
    bytes: int
    published_at: datetime
    source: str
    note: str
    as_of: str | None
    loaded_runs: int
    resources: list[ResourceStatus]
    failed_audits: list[dict[str, Any]]


def read_status(data_dir: Path, resources: dict[str, Resource]) -> Status:
    """Read the status. Raises UsageError when nothing is published yet."""
    path = data_dir / "warehouse.duckdb"
    if not path.exists():
        raise UsageError(f"{path}: no warehouse yet. Run `make extract load` first.")
    con = attach(path)
    try:
        present = {row[0] for row in con.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw'"
        ).fetchall()}  # fmt: skip
        source, note = con.execute("SELECT source, note FROM meta.warehouse").fetchone() or ("", "")
        loads = con.execute("SELECT CAST(as_of AS VARCHAR) FROM meta.loads ORDER BY load_id DESC LIMIT 1").fetchone()
        runs = con.execute("SELECT count(*) FROM meta.runs").fetchone()
        audits = con.execute(
            "SELECT audit_id, severity, failures FROM audit.results "
            "WHERE run_id = (SELECT max(load_id) FROM meta.loads) AND failures > 0 ORDER BY severity, audit_id"
        ).fetchall()
        stat = path.stat()
        return Status(
            str(path), stat.st_size, datetime.fromtimestamp(stat.st_mtime).astimezone(), source, note,
            loads[0] if loads else None, runs[0] if runs else 0,
            [_resource_status(con, each) for each in resources.values() if each.name in present],
            [{"audit_id": row[0], "severity": row[1], "failures": row[2]} for row in audits],
        )  # fmt: skip
    finally:
        con.close()


def _resource_status(con: Any, resource: Resource) -> ResourceStatus:
    names = {column.name for column in columns_of(resource)}
    newest = "CAST(max(modified) AS VARCHAR)" if "modified" in names else "NULL"
    rows, deleted, change = con.execute(
        f"SELECT count(*) FILTER (_deleted_at IS NULL), count(*) FILTER (_deleted_at IS NOT NULL), {newest} "
        f"FROM raw.{resource.name}"
    ).fetchone()
    last = con.execute(
        "SELECT run_id, verdict || ': ' || distinct_keys || ' of ' || stated FROM meta.completeness "
        "WHERE resource = ? ORDER BY run_id DESC LIMIT 1",
        [resource.name],
    ).fetchone()
    (quarantined,) = con.execute("SELECT count(*) FROM meta.quarantine WHERE resource = ?", [resource.name]).fetchone()
    run, verdict = last or (None, "never read")
    return ResourceStatus(resource.name, rows, deleted, change, run, verdict, quarantined)
