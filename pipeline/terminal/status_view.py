"""What people see of a published warehouse: how fresh and how complete it is, what is owed, and what is not right."""

from collections import Counter
from dataclasses import asdict
from datetime import timedelta

import msgspec

from pipeline.jobs.refused import describe_refused, refused_document
from pipeline.terminal.console import NAMES, Output
from pipeline.terminal.load_view import describe_headline, describe_kept
from pipeline.warehouse.status import ResourceStatus, Status


def show_status(output: Output, status: Status) -> None:
    """Print the page of the morning."""
    age = None if status.age is None else round(status.age.total_seconds())
    output.document(asdict(status) | {
        "published_at": None if status.published_at is None else status.published_at.isoformat(),
        "read_until": None if status.read_until is None else status.read_until.isoformat(),
        "age_seconds": age,
        "refused_runs": refused_document(status.refused_runs),
        "attempt": None if status.attempt is None else msgspec.to_builtins(status.attempt),
    })  # fmt: skip
    if output.as_json:
        return
    say, warn = output.say, output.warn
    published = "" if status.published_at is None else f", published {status.published_at:%Y-%m-%d %H:%M} UTC"
    say(f"{status.path} ({status.bytes / 2**20:.1f} MB){published}")
    runs = "1 run" if status.loaded_runs == 1 else f"{status.loaded_runs:,} runs"
    say(f"{status.note} Marts as of {status.as_of}; {runs} loaded.")
    if status.read_until is not None and status.age is not None:
        say(f"Read at {status.read_until:%Y-%m-%d %H:%M} UTC, {describe_age(status.age)} ago: {_completeness(status)}")
    if status.changed is not None:
        warn(status.changed)
    _show_attempt(output, status)
    for headline in status.headlines:
        say(describe_headline(headline))
    for audit in status.failed_audits:
        name = audit["audit_id"]
        warn(f"Audit {name}: {audit['severity']}, {audit['failures']:,} rows; see `leafhouse audits {name}`.")
    for line in (*describe_kept(status.kept), *describe_refused(status.refused_runs)):
        warn(line.strip())
    _show_resources(output, status.resources)


def describe_age(age: timedelta) -> str:
    """Return how long ago something was: in minutes, hours or days."""
    minutes = max(0, round(age.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes / 60:.0f} hours" if minutes < 72 * 60 else f"{minutes / 1440:.0f} days"


def _completeness(status: Status) -> str:
    """Return how the resources were read last, in a line: `31 complete, 1 not offered`."""
    verdicts = Counter(each.completeness.partition(":")[0] for each in status.resources)
    return ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.most_common())


def _show_attempt(output: Output, status: Status) -> None:
    attempt = status.attempt
    if status.holder is not None:
        output.say(f"At work: {status.holder}")
    elif attempt is not None and attempt.ended_at is None:
        output.warn(
            f"Last attempt: {attempt.command}, {attempt.began_at:%Y-%m-%d %H:%M} UTC, was killed. Run it again."
        )
    elif attempt is not None and attempt.failure is not None:
        output.warn(
            f"Last attempt: {attempt.command}, {attempt.ended_at:%Y-%m-%d %H:%M} UTC, failed: {attempt.failure}"
        )


def _show_resources(output: Output, resources: list[ResourceStatus]) -> None:
    output.say(f"  {'resource':<{NAMES}}{'rows':>10}{'deleted':>9}  {'changed (UTC)':<18}last read")
    for each in resources:
        changed = (each.newest_change or "")[: len("2026-11-24T12:00")].replace("T", " ")
        verdict = each.completeness if "incomplete" in each.completeness else each.completeness.partition(":")[0]
        quarantined = f", {each.quarantined} in quarantine" if each.quarantined else ""
        output.say(f"  {each.resource:<{NAMES}}{each.rows:>10,}{each.deleted:>9,}  {changed:<18}{verdict}{quarantined}")
