"""Running the audits: each a SELECT of the rows that should not be."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter
from typing import Literal, cast

import duckdb

from pipeline import clock
from pipeline.models.carryover import Carryover
from pipeline.models.catalog import create_or_follow, read_columns
from pipeline.models.key_audits import key_audits
from pipeline.models.model import Model
from pipeline.models.project import Project, check_inputs
from pipeline.models.run import existing_tables
from pipeline.models.settings import ModelSettings, bound_settings
from pipeline.models.transaction import transaction

KEPT_FAILURES = 1_000
Severity = Literal["error", "warn"]
# Puts the rows that an audit finds, but for those of some companies, into a temporary table `offending` of the
# connection, or enough of them to show, and returns how many there are. Raises ModelError.
Finder = Callable[[duckdb.DuckDBPyConnection, Model, list[str]], int]
_SEVERITY = re.compile(r"^-- severity: (error|warn)$", re.MULTILINE)
# Per table: its comment, and its columns with their types and comments.
_TABLES: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "results": (
        "One row per run and audit, passes too.",
        (
            ("run_id", "VARCHAR", "The load (meta.loads.load_id)."),
            ("audit_id", "VARCHAR", "The audit, by name."),
            ("severity", "VARCHAR", "error: what it finds keeps the load from being published; warn: it is told."),
            ("failures", "BIGINT", "Offending rows; null when the audit was skipped."),
            ("seconds", "DOUBLE", "Seconds it took."),
            ("checked_at", "TIMESTAMPTZ", "When it ended, by our clock."),
            ("description", "VARCHAR", "What it holds to be so."),
            (
                "skipped",
                "VARCHAR",
                "Why the audit was not run, or left out rows of the companies that it names; null when it looked at "
                "all.",
            ),
            (
                "failing_since",
                "DATE",
                "The as_of of the first of the loads in a row in which the audit found rows; null when it found none.",
            ),
        ),
    ),
    "failures": (
        f"The offending rows, at most {KEPT_FAILURES:,} per run and audit.",
        (
            ("run_id", "VARCHAR", "The load (meta.loads.load_id)."),
            ("audit_id", "VARCHAR", "The audit."),
            ("failure", "JSON", "The row that it found."),
        ),
    ),
}


@dataclass(frozen=True)
class AuditResult:
    """How an audit went: `failures` counts the offending rows, none is a pass.

    One that was not run has no count, and `skipped` says why; or of which companies it did not look at the rows.
    `failing_since` is the `as_of` of the first of the loads in a row in which it found rows.
    """

    audit_id: str
    severity: Severity
    failures: int | None
    seconds: float
    skipped: str | None = None
    failing_since: date | None = None


def run_audits(
    con: duckdb.DuckDBPyConnection,
    settings: ModelSettings,
    project: Project | None = None,
    *,
    kept: Carryover | None = None,
    find: Finder | None = None,
) -> list[AuditResult]:
    """Run every audit against the tables of the current database and return the results, by name.

    They are appended to `audit.results` under the run's id, and up to 1,000 offending rows each to `audit.failures`.
    What follows from a failure is up to the caller. What `kept` names (see `models_to_keep`) is as an earlier load left
    it, or missing: audits of whole tables are skipped, and others leave out rows of the companies whose rows stayed.
    Where the rows are elsewhere, `find` looks for them, and the tables of the database may be empty. Raises ModelError
    for an audit that cannot be read or run.
    """
    project, kept = project or Project(), kept or Carryover()
    with bound_settings(con, settings), transaction(con):
        tables = existing_tables(con)
        marts = [model for model in project.models if model.key and model.name in tables]
        audits = [*project.audits, *key_audits(marts, project.raw_keys)]
        reasons = {audit.name: _why_skipped(audit, kept) for audit in audits}
        to_run = [audit for audit in audits if not kept.are_all(reasons[audit.name])]
        check_inputs(to_run, tables)
        create_audit_tables(con)
        return [
            _run_or_skip(con, settings, audit, kept, reasons[audit.name], find or find_offending) for audit in audits
        ]


def create_audit_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of `audit`, or give them what they gained."""
    con.execute("CREATE SCHEMA IF NOT EXISTS audit")
    held = read_columns(con, [f"audit.{name}" for name in _TABLES])
    for name, (comment, columns) in _TABLES.items():
        create_or_follow(con, f"audit.{name}", comment, columns, held)


def _why_skipped(audit: Model, kept: Carryover) -> dict[str, str]:
    def why(name: str, company: str) -> str | None:
        reason = kept.of(name).get(company)
        return None if reason is None else f"{name} is not of this load: {reason}"

    return kept.reasons(audit, why)


def _run_or_skip(
    con: duckdb.DuckDBPyConnection,
    settings: ModelSettings,
    audit: Model,
    kept: Carryover,
    reasons: dict[str, str],
    find: Finder,
) -> AuditResult:
    skipped = kept.in_words(reasons) if reasons else None
    if kept.are_all(reasons):
        result = AuditResult(audit.path.stem, _severity(audit), None, 0.0, skipped)
    else:
        result = replace(_run_audit(con, settings.run_id, audit, list(reasons), find), skipped=skipped)
    description = audit.header.replace(f"severity: {result.severity}", "").strip()
    since = _failing_since(con, settings, result.audit_id) if result.failures else None
    con.execute(
        "INSERT INTO audit.results BY NAME SELECT ? AS run_id, ? AS audit_id, ? AS severity, ? AS failures, "
        "? AS seconds, ? AS checked_at, ? AS description, ? AS skipped, ? AS failing_since",
        [
            settings.run_id, result.audit_id, result.severity, result.failures, result.seconds, clock.now(),
            description, skipped, since,
        ],
    )  # fmt: skip
    return replace(result, failing_since=since)


def _failing_since(con: duckdb.DuckDBPyConnection, settings: ModelSettings, audit_id: str) -> date:
    """Return the first `as_of` from which on the audit found rows in every load until now."""
    row = con.execute(
        "SELECT failing_since FROM audit.results WHERE audit_id = ? AND failures IS NOT NULL "
        "ORDER BY run_id DESC LIMIT 1",
        [audit_id],
    ).fetchone()
    return settings.as_of if row is None or row[0] is None else row[0]


def _run_audit(
    con: duckdb.DuckDBPyConnection, run_id: str, audit: Model, left_out: list[str], find: Finder
) -> AuditResult:
    audit_id, severity, started = audit.path.stem, _severity(audit), perf_counter()
    failures = find(con, audit, left_out)
    if failures:
        con.execute(
            "INSERT INTO audit.failures SELECT ?, ?, to_json(offending) FROM offending LIMIT ?",
            [run_id, audit_id, KEPT_FAILURES],
        )
    con.execute("DROP TABLE offending")
    return AuditResult(audit_id, severity, failures, perf_counter() - started)


def find_offending(con: duckdb.DuckDBPyConnection, audit: Model, left_out: list[str]) -> int:
    """Find the rows in the connection's own tables: a `Finder`."""
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE offending AS {audit.text}")
        if left_out:
            con.execute("DELETE FROM offending WHERE list_contains(?, _company)", [left_out])
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise audit.error_from(error) from error
    (failures,) = con.execute("SELECT count(*) FROM offending").fetchone() or (0,)
    return int(failures)


def _severity(audit: Model) -> Severity:
    found = _SEVERITY.search(audit.text)
    if found is None:
        raise audit.error("an audit's header says `-- severity: error` or `-- severity: warn`")
    return cast(Severity, found[1])
