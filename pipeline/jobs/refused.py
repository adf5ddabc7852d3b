"""Runs that a load set aside, in words and for machines."""

from collections.abc import Iterable

from pipeline.landing import RefusedRun
from pipeline.settings import DEFAULT_NAME


def describe_refused(runs: Iterable[RefusedRun]) -> list[str]:
    """Return a line for each company and reason: the runs that were set aside, and why."""
    alike: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        alike.setdefault((run.manifest.company, run.reason), []).append(run.manifest.run_id)
    return [
        f"{'' if company == DEFAULT_NAME else f'{company}: '}"
        f"{'Run' if len(run_ids) == 1 else 'Runs'} set aside: {', '.join(run_ids)}. {reason}"
        for (company, reason), run_ids in alike.items()
    ]


def refused_document(runs: Iterable[RefusedRun]) -> list[dict[str, str]]:
    """Return the runs that were set aside, for machines."""
    return [{"run_id": run.manifest.run_id, "company": run.manifest.company, "reason": run.reason} for run in runs]
