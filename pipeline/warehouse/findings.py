"""What the audits found, in the warehouse that is published, or in the one that they kept from being so."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from pipeline.datafolder.paths import rejected_file, warehouse_file
from pipeline.errors import UsageError
from pipeline.warehouse.published import open_published, open_warehouse


@dataclass(frozen=True)
class Finding:
    """An audit of a load: the rows that it found and, where it was asked for, those that are kept of them.

    `failures` is null where it was skipped, `failing_since` the day (YYYY-MM-DD) from which on it has found some.
    """

    audit_id: str
    severity: str
    description: str
    failures: int | None
    skipped: str | None
    failing_since: str | None
    rows: Sequence[dict[str, Any]] = ()

    @property
    def sentence(self) -> str:
        """What the audit found."""
        return f"Audit {self.audit_id} ({self.severity}): {self.failures or 0:,} rows. {self.description}".strip()


@dataclass(frozen=True)
class Findings:
    """The audits of one load. `is_rejected` when an audit kept it from being published; `path` is its file."""

    load_id: str
    path: Path
    is_rejected: bool
    audits: Sequence[Finding]


def read_findings(data_dir: Path, audit_id: str | None) -> Findings:
    """Return the audits of the load that was rejected last, else of the published one; with an id that one, with rows.

    Raises UsageError when there is neither, or no such audit.
    """
    rejected = rejected_file(data_dir)
    is_rejected = rejected.exists()
    with open_warehouse(rejected) if is_rejected else open_published(data_dir) as con:
        load_id = con.execute("SELECT max(load_id) FROM meta.loads").fetchall()[0][0]
        audits = audits_of(con, load_id, audit_id)
    if audit_id is not None and not audits:
        raise UsageError(f"{audit_id}: no such audit. `leafhouse audits` lists them.")
    return Findings(load_id, rejected if is_rejected else warehouse_file(data_dir), is_rejected, audits)


def audits_of(con: duckdb.DuckDBPyConnection, load_id: str, audit_id: str | None = None) -> list[Finding]:
    """Return the audits of a load, those that found rows first; with an id that one, with the rows."""
    found = con.execute(
        "SELECT audit_id, severity, coalesce(description, ''), failures, skipped, CAST(failing_since AS VARCHAR) "
        "FROM audit.results WHERE run_id = ? AND audit_id = coalesce(?, audit_id) "
        "ORDER BY coalesce(failures, 0) = 0, severity, audit_id",
        [load_id, audit_id],
    ).fetchall()
    return [replace(Finding(*each), rows=_rows(con, load_id, audit_id)) for each in found]


def _rows(con: duckdb.DuckDBPyConnection, load_id: str, audit_id: str | None) -> list[dict[str, Any]]:
    if audit_id is None:
        return []
    found = con.execute(
        "SELECT failure FROM audit.failures WHERE run_id = ? AND audit_id = ?", [load_id, audit_id]
    ).fetchall()
    return [msgspec.json.decode(row) for (row,) in found]
