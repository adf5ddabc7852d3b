"""Load: merge what was landed, compute and audit the marts, publish."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from pipeline import clock
from pipeline.datafolder.paths import report_file
from pipeline.errors import AuditError, ConfigurationError, IncompleteError, LeafhouseError, ModelError, UsageError
from pipeline.jobs.job import Job, describe_refusal, refuse_other_source
from pipeline.jobs.load_result import Intake, LoadResult, Outcome
from pipeline.jobs.prune import PruneResult, prune_after_load
from pipeline.jobs.refused import describe_refused
from pipeline.landing import Manifest, new_run_id
from pipeline.models import (
    AuditResult,
    ModelSettings,
    Project,
    forget_models,
    models_to_keep,
    run_audits,
    run_models,
)
from pipeline.resources import all_resources
from pipeline.settings import DEFAULT_NAME, Settings
from pipeline.warehouse.access import Access
from pipeline.warehouse.aside import check_target
from pipeline.warehouse.build import Build
from pipeline.warehouse.drift import drift_of
from pipeline.warehouse.headlines import read_headlines
from pipeline.warehouse.ids import known_loads
from pipeline.warehouse.merge import MergeCounts
from pipeline.warehouse.meta import newest_reads, newest_runs, record_companies, refused_reads
from pipeline.warehouse.provenance import record_models
from pipeline.warehouse.reach import Reach, newest_day, read_reaches, record_closes
from pipeline.warehouse.shrink import ShrinkError
from pipeline.warehouse.status import is_told

_FARTHEST_AHEAD = timedelta(days=366)


class NothingToLoad(IncompleteError):
    """All that has landed is set aside; the message says what became of the rows."""

    ending = ""


def load(job: Job, *, as_of: date | None, accept_shrink: bool = False) -> LoadResult:
    """Merge the landed runs, compute and audit the marts, and publish.

    A run after which too many rows are gone at once is set aside, and what else has landed is loaded without it; with
    `accept_shrink` it is loaded, and so are those that were set aside before. Raises UsageError when nothing has landed
    yet or `as_of` is far in the future (ConfigurationError for the setting), NothingToLoad when nothing is left to be
    loaded of what has landed, AuditError when an audit of severity error found rows; the published warehouse stays as
    it was.
    """
    if accept_shrink:
        job.landing.take_back_refused()
    try:
        with open_build(job) as build:
            runs = pending_runs(job, build)
            for manifest in runs:
                build.merge(manifest)
            return finish_load(job, build, runs, as_of, accept_shrink=accept_shrink)
    except ShrinkError as error:
        return load_without(job, error, as_of)


def load_aside(job: Job, into: Path, *, as_of: date | None, known_at: datetime | None) -> LoadResult:
    """Compute and audit the marts as `load` does, and write the warehouse to the file `into`: nothing is published.

    With `known_at` all is as it was known at that instant, as far as the history goes (see `rewind`). Raises UsageError
    for a file that may not be written and for an instant before the first load, ShrinkError for runs that `load` would
    set aside, and else what `load` raises.
    """
    check_target(job.settings.data_dir, into)
    with open_build(job) as build:
        runs = pending_runs(job, build)
        for manifest in runs:
            build.merge(manifest)
        if known_at is not None:
            build.rewind(known_at)
            runs = [manifest for manifest in runs if manifest.server_time <= known_at]
        return finish_load(job, build, runs, as_of, accept_shrink=False, known_at=known_at, into=into)


def load_without(job: Job, error: ShrinkError, as_of: date | None) -> LoadResult:
    """Set aside the runs that a build refused, and load what else it had merged; raise NothingToLoad if nothing."""
    set_aside(job, error)
    return load(job, as_of=as_of)


def set_aside(job: Job, error: ShrinkError) -> None:
    """Set aside the runs that a build refused. Raises NothingToLoad when it had merged nothing else."""
    for refusal in error.refusals:
        job.landing.set_aside(refusal.runs, refusal.reason)
    if error.has_others:
        return
    refused = {run.run_id for refusal in error.refusals for run in refusal.runs}
    lines = describe_refused(run for run in job.landing.refused_runs() if run.manifest.run_id in refused)
    raise NothingToLoad("\n".join(lines)) from error


def open_build(job: Job) -> Build:
    """Return the next warehouse of the data folder, to be entered."""
    data_dir = job.settings.data_dir
    load_id = new_run_id(clock.now(), known_loads(data_dir))
    return Build(data_dir, job.landing, all_resources(), load_id, access_of(job.settings))


def pending_runs(job: Job, build: Build) -> list[Manifest]:
    """Return the runs to merge, oldest first. Raises ConfigurationError for those of the other kind of source."""
    runs = build.pending()
    refuse_other_source(job, runs)
    return runs


def access_of(settings: Settings) -> Access:
    """Return who may read what is published, by the settings."""
    return Access(settings.file_mode, settings.file_group)


def finish_load(
    job: Job,
    build: Build,
    runs: list[Manifest],
    as_of: date | None,
    *,
    accept_shrink: bool,
    known_at: datetime | None = None,
    into: Path | None = None,
) -> LoadResult:
    """Compute and audit the marts of a build that has merged `runs`, and publish it, or write it to the file `into`."""
    bearings = take_bearings(job, build.con, build.load_id, as_of, accept_shrink=accept_shrink, known_at=known_at)
    if not accept_shrink:
        build.refuse_shrink()
    build.close_inputs()
    record_closes(build.con, build.load_id, bearings.reaches, runs)
    outcome = _compute(build, bearings)
    intake = intake_of(job, build.con, build.load_id, runs, build.merges, bearings)
    pruned = None
    if into is not None:
        publication = build.write_aside(into, bearings.settings)
    else:
        publication = build.publish()
        job.landing.forget_superseded()
        pruned = _prune(job, build)
        if job.settings.report:
            _write_report(job, build)
    intake = replace(intake, refused_runs=job.landing.refused_runs(), notes=build.notes)
    day = bearings.settings.as_of
    return LoadResult(build.load_id, job.source, day, intake, outcome, publication, build.remnants(), pruned)


@dataclass(frozen=True)
class Bearings:
    """Where a load stands: what the marts are computed for, how far the data of each company go, and whose end early.

    `reads` has, by company and resource, what stands in the way of its data; None where nothing does.
    """

    settings: ModelSettings
    reaches: Sequence[Reach]
    behind: Sequence[Reach]
    reads: Mapping[str, Mapping[str, str | None]]


def take_bearings(
    job: Job,
    con: duckdb.DuckDBPyConnection,
    load_id: str,
    as_of: date | None,
    *,
    accept_shrink: bool,
    known_at: datetime | None = None,
) -> Bearings:
    """Return where a load stands that has merged what landed, as `meta` of the connection says.

    Raises UsageError when nothing has landed yet, and what a day too far ahead raises (see `load`).
    """
    settings = job.settings
    record_companies(con, {company.name: company.timezone for company in job.companies})
    newest = newest_runs(con)
    if not newest:
        raise UsageError(f"{job.landing.root}: nothing has landed yet. Run `make extract` first.")
    reaches = read_reaches(con, settings.timezone)
    last_day = newest_day(reaches)
    day = _choose_day(as_of, settings, last_day)
    behind = [each for each in reaches if each.last_day < min(day, last_day)]
    model_settings = ModelSettings(
        as_of=day, known_at=known_at or list(newest.values())[-1], timezone=settings.timezone,
        sell_through_days=settings.sell_through_days, run_id=load_id, last_day=last_day, accept_shrink=accept_shrink,
    )  # fmt: skip
    return Bearings(model_settings, reaches, behind, _reads(con, behind))


def intake_of(
    job: Job,
    con: duckdb.DuckDBPyConnection,
    load_id: str,
    runs: Sequence[Manifest],
    merges: Mapping[str, MergeCounts],
    bearings: Bearings,
) -> Intake:
    """Return what a load took up, and what it could not."""
    return Intake(
        runs=runs, merges=_told_merges(merges, bearings.reads), drift=drift_of(con, load_id),
        refused=_refusals(con), failed=_failures(job, bearings.behind), unread=_unread(bearings.reaches),
    )  # fmt: skip


def _write_report(job: Job, build: Build) -> None:
    """Write the report. What is published stays so: what stands in the way is noted."""
    from pipeline.report.build import write_report  # few loads need it

    data_dir = job.settings.data_dir
    try:
        write_report(data_dir, report_file(data_dir), access_of(job.settings))
    except (OSError, duckdb.Error, LeafhouseError) as error:
        build.notes.append(f"{report_file(data_dir)}: not written ({error}). Run `leafhouse report`.")


def _prune(job: Job, build: Build) -> PruneResult | None:
    """Let go of what the settings do not keep. What is published stays so: what stands in the way is noted."""
    try:
        if job.landing.is_shared:  # an extract does it where it is alone
            job.landing.sweep()
        return prune_after_load(job, renew_base=build.is_treated_anew)
    except (OSError, duckdb.Error, LeafhouseError) as error:
        build.notes.append(f"{job.settings.data_dir}: not pruned ({error}). Run `leafhouse prune`.")
        return None


def _compute(build: Build, bearings: Bearings) -> Outcome:
    """Run the models and the audits.

    Raises AuditError when an audit of severity error found rows, ModelError when there are none to run.
    """
    settings, project = bearings.settings, read_project()
    carryover = models_to_keep(bearings.reads, project)
    if build.is_treated_anew:
        forget_models(build.con, project)
    models = run_models(build.con, settings, project, kept=carryover)
    kept = record_models(build.con, build.load_id, settings.as_of, models, carryover)
    build.record_load(settings)
    audits = run_audits(build.con, settings, project, kept=carryover)
    failed = describe_failed_audits(build.con, build.load_id, audits)
    if failed is not None:
        rows = f"`leafhouse audits` shows the rows, of {build.keep_rejected()}"
        raise audit_error(f"{failed}\nThe queries are in sql/audits/; {rows}.", audits)
    return Outcome(models, kept, audits, *read_headlines(build.con, build.load_id))


def read_project() -> Project:
    """Return the models and audits to run. Raises ModelError when there are none."""
    project = Project(raw_keys={name: resource.key for name, resource in all_resources().items()})
    if not project.models or not project.audits:
        raise ModelError(f"{project.root}: no models or no audits are there. Install Leafhouse anew.")
    return project


def _told_merges(merges: Mapping[str, MergeCounts], reads: Mapping[str, Mapping[str, str | None]]) -> list[MergeCounts]:
    seen = {name for of_company in reads.values() for name in of_company}
    return [each for name, each in merges.items() if is_told(all_resources()[name], seen)]


def _failures(job: Job, behind: Iterable[Reach]) -> dict[str, str]:
    """Return the companies of the job whose data end too early, each with why."""
    names = {company.name for company in job.companies}
    return {each.company: f"It {each.ended}." for each in behind if each.company in names}


def _unread(reaches: Iterable[Reach]) -> list[str]:
    """Return a sentence for each company of which not all was read lately."""
    return [
        ("" if each.company == DEFAULT_NAME else f"{each.company}: ") + each.unread
        for each in reaches if each.unread is not None
    ]  # fmt: skip


def _reads(con: duckdb.DuckDBPyConnection, behind: Iterable[Reach]) -> dict[str, dict[str, str | None]]:
    """Return, by company and resource, what stands in the way of its data: a refusal, or that they end too early."""
    reads = newest_reads(con)
    for each in behind:
        reads[each.company] = {name: reason or each.ended for name, reason in reads.get(each.company, {}).items()}
    return reads


def _choose_day(as_of: date | None, settings: Settings, last_day: date) -> date:
    """Return the day to compute the marts for: as told, else the last full day of the data.

    Raises UsageError for `as_of` and ConfigurationError for the setting when it is more than a year after the data: a
    slip of the pen, of which the marts would make a row for every month until then.
    """
    name, day, error = (
        ("--as-of", as_of, UsageError) if as_of else ("LEAFHOUSE_AS_OF", settings.as_of, ConfigurationError)
    )
    if day is not None and day - last_day > _FARTHEST_AHEAD:
        raise error(
            f"{name} {day}: more than a year after the newest data ({last_day}). What was extracted is kept: "
            "correct the date, then load again."
        )
    return day or last_day


def describe_failed_audits(con: duckdb.DuckDBPyConnection, load_id: str, audits: Iterable[AuditResult]) -> str | None:
    """Return a line for each audit of severity error that found rows, with the first one; None when there is none."""
    failed = [audit for audit in audits if audit.severity == "error" and audit.failures]
    lines = []
    for audit in failed:
        row = con.execute(
            "SELECT failure FROM audit.failures WHERE run_id = ? AND audit_id = ? LIMIT 1", [load_id, audit.audit_id]
        ).fetchone()
        lines.append(f"  {audit.audit_id}: {audit.failures:,} rows, the first one {row[0] if row else ''}"[:600])
    if not failed:
        return None
    return "\n".join(["An audit failed, so nothing was published; the last warehouse stays in place.", *lines])


def audit_error(message: str, audits: Sequence[AuditResult]) -> AuditError:
    """Return the error of a load whose audits found rows."""
    return AuditError(
        message,
        failed=sum(audit.severity == "error" and bool(audit.failures) for audit in audits),
        warned=sum(audit.severity == "warn" and bool(audit.failures) for audit in audits),
    )


def _refusals(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return a sentence for every resource whose newest read at a company was refused, whichever run that was."""
    return [
        ("" if company == DEFAULT_NAME else f"{company}: ") + describe_refusal(resource, reason)
        for company, resource, reason in refused_reads(con)
    ]
