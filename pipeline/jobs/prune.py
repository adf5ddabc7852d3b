"""Prune: let go of earlier warehouses, landed runs and logs that nothing needs any more."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from pipeline.datafolder.lock import DataLock
from pipeline.jobs.job import Job
from pipeline.jobs.landing import open_landing
from pipeline.landing import Landing
from pipeline.settings import Settings
from pipeline.warehouse.retention import Prunable, Retention, find_prunable, prune


@dataclass(frozen=True)
class PruneResult:
    """What was let go of, or would be (`is_dry_run`), and the bytes that the base of the landing takes now."""

    found: Prunable
    is_dry_run: bool
    base: str
    base_bytes: int

    def as_document(self) -> dict[str, Any]:
        """Return the result for machines."""
        return {
            "dry_run": self.is_dry_run,
            "warehouses": [each.load_id for each in self.found.warehouses],
            "runs": [run.run_id for run in self.found.runs],
            "logs": [path.name for path in self.found.logs],
            "bytes": self.found.bytes,
            "base": self.base,
            "base_bytes": self.base_bytes,
        }


def _retention_of(settings: Settings) -> Retention:
    """Return how long what is kept, by the settings."""
    return Retention(settings.keep_warehouses, settings.keep_landing_days, settings.keep_log_days)


def prune_folder(settings: Settings, *, is_dry_run: bool) -> PruneResult:
    """Let go of all that the settings do not keep; a dry run only says what that is, and needs no lock.

    Raises LockedError when another run is at work, ConfigurationError for a folder that cannot be read.
    """
    data_dir, landing = settings.data_dir, open_landing(settings)
    with nullcontext() if is_dry_run else DataLock(data_dir, "prune"):
        found = find_prunable(data_dir, landing, _retention_of(settings))
        if not is_dry_run:
            prune(data_dir, landing, found)
    return _result(landing, found, is_dry_run=is_dry_run)


def prune_after_load(job: Job, *, renew_base: bool) -> PruneResult:
    """Let go of what the settings do not keep, of landed runs by the week; `renew_base` as of `retention.prune`."""
    data_dir = job.settings.data_dir
    found = find_prunable(data_dir, job.landing, _retention_of(job.settings), by_the_week=True)
    prune(data_dir, job.landing, found, renew_base=renew_base)
    return _result(job.landing, found)


def _result(landing: Landing, found: Prunable, *, is_dry_run: bool = False) -> PruneResult:
    return PruneResult(found, is_dry_run, landing.base_place, landing.base_bytes() or 0)
