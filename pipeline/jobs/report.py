"""What a hook is told of a job that has ended: counts and ids, nothing of the data themselves."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline.errors import AuditError
from pipeline.landing import Manifest

if TYPE_CHECKING:  # a load needs nothing of an extract, nor the reverse
    from pipeline.jobs.extract import ExtractResult
    from pipeline.jobs.load_result import LoadResult


@dataclass(frozen=True)
class Counts:
    """What a job did; None where it did nothing of the kind.

    `resources` were read with so many `rows`, of which so many were `new`, `changed` and `deleted` in the warehouse.
    """

    run_ids: Sequence[str] = ()
    load_id: str | None = None
    resources: int | None = None
    rows: int | None = None
    new: int | None = None
    changed: int | None = None
    deleted: int | None = None
    audits_warned: int | None = None
    audits_failed: int | None = None


def counts_of_extract(result: "ExtractResult") -> Counts:
    """Return the counts of an extract."""
    return _counts_of_runs(list(result.manifests.values()))


def counts_of_load(result: "LoadResult") -> Counts:
    """Return the counts of a load, with those of the runs that it took up."""
    read, merges = _counts_of_runs(result.intake.runs), result.intake.merges
    failures = [audit.severity for audit in result.outcome.audits if audit.failures]
    return Counts(
        read.run_ids, result.load_id, read.resources, read.rows, sum(each.inserted for each in merges),
        sum(each.changed for each in merges), sum(each.deleted for each in merges),
        failures.count("warn"), failures.count("error"),
    )  # fmt: skip


def _counts_of_runs(runs: Sequence[Manifest]) -> Counts:
    reads = [read for run in runs for read in run.resources if read.was_read]
    return Counts([run.run_id for run in runs], None, len(reads), sum(read.distinct for read in reads))


def counts_of_failure(error: BaseException | None) -> Counts:
    """Return the counts of a job that did not come to its end: those of the audits, where these ended it."""
    if isinstance(error, AuditError):
        return Counts(audits_warned=error.warned, audits_failed=error.failed)
    return Counts()


def report(
    command: str, counts: Counts, code: int, error: BaseException | None, began_at: datetime, ended_at: datetime
) -> dict[str, Any]:
    """Return what a hook is told; of an error its class, since its text may quote data."""
    return {
        "command": command,
        "exit_code": code,
        "error": None if error is None else type(error).__name__,
        "started_at": f"{began_at:%Y-%m-%dT%H:%M:%SZ}",
        "ended_at": f"{ended_at:%Y-%m-%dT%H:%M:%SZ}",
        "seconds": round((ended_at - began_at).total_seconds(), 1),
        **asdict(counts),
    }
