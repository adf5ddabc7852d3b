"""Running the audits: each a SELECT of the rows that should not be."""

import re
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, cast

import duckdb

from pipeline.models.model import Model
from pipeline.models.project import Project, check_inputs
from pipeline.models.run import existing_tables
from pipeline.models.settings import ModelSettings, bound_settings
from pipeline.models.transaction import transaction

KEPT_FAILURES = 1_000
Severity = Literal["error", "warn"]
_SEVERITY = re.compile(r"^-- severity: (error|warn)$", re.MULTILINE)
_CREATE = (
    "CREATE SCHEMA IF NOT EXISTS audit",
    "CREATE TABLE IF NOT EXISTS audit.results (run_id VARCHAR, audit_id VARCHAR, severity VARCHAR, failures BIGINT, "
    "seconds DOUBLE, checked_at TIMESTAMPTZ, description VARCHAR)",
    "CREATE TABLE IF NOT EXISTS audit.failures (run_id VARCHAR, audit_id VARCHAR, failure JSON)",
    "COMMENT ON TABLE audit.results IS 'One row per run and audit, passes too.'",
    f"COMMENT ON TABLE audit.failures IS 'The offending rows, at most {KEPT_FAILURES:,} per run and audit.'",
)


@dataclass(frozen=True)
class AuditResult:
    """How an audit went: `failures` counts the offending rows, none is a pass."""

    audit_id: str
    severity: Severity
    failures: int
    seconds: float


def run_audits(
    con: duckdb.DuckDBPyConnection, settings: ModelSettings, project: Project | None = None
) -> list[AuditResult]:
    """Run every audit against the tables of the current database and return the results, by name.

    They are appended to `audit.results` under the run's id, and up to 1,000 offending rows each to `audit.failures`.
    What follows from a failure is up to the caller. Raises ModelError for an audit that cannot be read or run.
    """
    audits = (project or Project()).audits
    with bound_settings(con, settings), transaction(con):
        check_inputs(audits, existing_tables(con))
        for statement in _CREATE:
            con.execute(statement)
        return [_run_audit(con, settings.run_id, audit) for audit in audits]


def _run_audit(con: duckdb.DuckDBPyConnection, run_id: str, audit: Model) -> AuditResult:
    audit_id, severity, started = audit.path.stem, _severity(audit), perf_counter()
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE offending AS {audit.text}")
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise audit.error_from(error) from error
    (failures,) = con.execute("SELECT count(*) FROM offending").fetchone() or (0,)
    if failures:
        con.execute(
            "INSERT INTO audit.failures SELECT ?, ?, to_json(offending) FROM offending LIMIT ?",
            [run_id, audit_id, KEPT_FAILURES],
        )
    con.execute("DROP TABLE offending")
    seconds = perf_counter() - started
    con.execute(
        "INSERT INTO audit.results VALUES (?, ?, ?, ?, ?, now(), ?)",
        [run_id, audit_id, severity, failures, seconds, audit.header.replace(f"severity: {severity}", "").strip()],
    )
    return AuditResult(audit_id, severity, failures, seconds)


def _severity(audit: Model) -> Severity:
    found = _SEVERITY.search(audit.text)
    if found is None:
        raise audit.error("an audit's header says `-- severity: error` or `-- severity: warn`")
    return cast(Severity, found[1])
