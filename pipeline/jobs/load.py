"""Load: merge what was landed, compute and audit the marts, publish."""

from collections.abc import Iterable, Mapping
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
    INVENTORY_RESOURCES,
    AuditResult,
    ModelSettings,
    Project,
    forget_models,
    last_full_day,
    models_to_keep,
    record_inventory,
    resources_of_marts,
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
from pipeline.warehouse.meta import newest_reads, newest_runs, reached, record_companies, refused_reads, timezones_of
from pipeline.warehouse.provenance import record_models
from pipeline.warehouse.shrink import ShrinkError
from pipeline.warehouse.status import is_told

_FARTHEST_AHEAD = timedelta(days=366)
# Companies are read side by side: one whose newest run began so much earlier than another's was not read with it.
_ONE_NIGHT = timedelta(hours=12)
# Clocks that are no farther apart only disagree on the day around midnight.
_CLOCKS_APART = timedelta(hours=1)


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
    for refusal in error.refusals:
        job.landing.set_aside(refusal.runs, refusal.reason)
    if error.has_others:
        return load(job, as_of=as_of)
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
    settings = job.settings
    record_companies(build.con, {company.name: company.timezone for company in job.companies})
    newest = newest_runs(build.con)
    if not newest:
        raise UsageError(f"{job.landing.root}: nothing has landed yet. Run `make extract` first.")
    reaches = _reaches(build.con, newest, settings.timezone)
    last_day = _newest_day(reaches)
    day = _choose_day(as_of, settings, last_day)
    behind = [each for each in reaches if each.last_day < min(day, last_day)]
    if not accept_shrink:
        build.refuse_shrink()
    build.close_inputs()
    reads = _reads(build.con, behind)
    model_settings = ModelSettings(
        as_of=day, known_at=known_at or list(newest.values())[-1], timezone=settings.timezone,
        sell_through_days=settings.sell_through_days, run_id=build.load_id, last_day=last_day,
        accept_shrink=accept_shrink,
    )  # fmt: skip
    _record_closes(build, reaches, runs)
    outcome = _compute(build, model_settings, reads)
    intake = Intake(
        runs=runs, merges=_told_merges(build, reads), drift=drift_of(build.con, build.load_id),
        refused=_refusals(build.con), failed=_failures(job, behind), unread=_unread(reaches),
    )  # fmt: skip
    pruned = None
    if into is not None:
        publication = build.write_aside(into, model_settings)
    else:
        publication = build.publish()
        job.landing.forget_superseded()
        pruned = _prune(job, build)
        if settings.report:
            _write_report(job, build)
    intake = replace(intake, refused_runs=job.landing.refused_runs(), notes=build.notes)
    return LoadResult(build.load_id, job.source, day, intake, outcome, publication, build.remnants(), pruned)


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


def _compute(build: Build, settings: ModelSettings, reads: Mapping[str, Mapping[str, str | None]]) -> Outcome:
    """Run the models and the audits.

    Raises AuditError when an audit of severity error found rows, ModelError when there are none to run.
    """
    project = Project(raw_keys={name: resource.key for name, resource in all_resources().items()})
    if not project.models or not project.audits:
        raise ModelError(f"{project.root}: no models or no audits are there. Install Leafhouse anew.")
    carryover = models_to_keep(reads, project)
    if build.is_treated_anew:
        forget_models(build.con, project)
    models = run_models(build.con, settings, project, kept=carryover)
    kept = record_models(build.con, build.load_id, settings.as_of, models, carryover)
    build.record_load(settings)
    audits = run_audits(build.con, settings, project, kept=carryover)
    _refuse_failed_audits(build, audits)
    return Outcome(models, kept, audits, *read_headlines(build.con, build.load_id))


def _told_merges(build: Build, reads: Mapping[str, Mapping[str, str | None]]) -> list[MergeCounts]:
    seen = {name for of_company in reads.values() for name in of_company}
    return [each for name, each in build.merges.items() if is_told(all_resources()[name], seen)]


def _failures(job: Job, behind: Iterable["_Reach"]) -> dict[str, str]:
    """Return the companies of the job whose data end too early, each with why."""
    names = {company.name for company in job.companies}
    return {each.company: f"It {each.ended}." for each in behind if each.company in names}


def _unread(reaches: Iterable["_Reach"]) -> list[str]:
    """Return a sentence for each company of which not all was read lately."""
    return [
        ("" if each.company == DEFAULT_NAME else f"{each.company}: ") + each.unread
        for each in reaches if each.unread is not None
    ]  # fmt: skip


def _record_closes(build: Build, reaches: Iterable["_Reach"], runs: list[Manifest]) -> None:
    """Record the stock of each company's day that these runs close."""
    for reach in reaches:
        for resource in INVENTORY_RESOURCES:
            close = _close_of(reach, runs, resource)
            if close is not None:
                record_inventory(build.con, resource, reach.company, close, build.load_id)


@dataclass(frozen=True)
class _Reach:
    """How far the data of a company go, by the source's clock: all that the marts need, and each resource of that.

    What was refused, or never read, is not among `resources`: the marts that need it stay as they are.
    """

    company: str
    timezone: str
    resources: Mapping[str, datetime]
    newest_run: datetime

    @property
    def seen(self) -> datetime:
        """Up to when all is known."""
        return min(self.resources.values(), default=self.newest_run)

    @property
    def last_day(self) -> date:
        """The last full day of which all is known."""
        return last_full_day(self.seen, self.timezone)

    @property
    def unread(self) -> str | None:
        """What ends a day or more before the rest, in a sentence."""
        days = {name: last_full_day(at, self.timezone) for name, at in self.resources.items()}
        names = [name for name, day in days.items() if day == self.last_day]
        if len(names) == len(days):
            return None
        return f"{', '.join(names)}: not read since {self.seen:%Y-%m-%d %H:%M} UTC; the marts know no later day."

    @property
    def ended(self) -> str:
        """What is wrong with data that do not reach the day that the marts are for."""
        return f"was not read since {self.seen:%Y-%m-%d %H:%M} UTC"


def _reaches(con: duckdb.DuckDBPyConnection, newest: Mapping[str, datetime], timezone: str) -> list[_Reach]:
    """Return the reach of every company; `newest` has its newest run, `timezone` is that of those without their own."""
    needed, reads, known, zones = resources_of_marts(), newest_reads(con), reached(con), timezones_of(con)
    found = []
    for company, run in sorted(newest.items()):
        came = {
            name: at for name, at in known.get(company, {}).items() if name in needed and reads[company][name] is None
        }
        found.append(_Reach(company, zones.get(company, timezone), came, run))
    return found


def _close_of(reach: _Reach, runs: Iterable[Manifest], resource: str) -> date | None:
    """Return the day whose close a company's rows of `resource` are, when `runs` have read them; otherwise None.

    It is none where the source's clock and ours are so far apart that they do not even agree on the day.
    """
    reads = [
        manifest for manifest in runs
        if manifest.company == reach.company
        and any(read.resource == resource and read.was_read for read in manifest.resources)
    ]  # fmt: skip
    if not reads or resource not in reach.resources:
        return None
    seen, ahead = reach.resources[resource], reads[-1].started_at - reads[-1].server_time
    day = last_full_day(seen, reach.timezone)
    agreed = abs(ahead) <= _CLOCKS_APART or last_full_day(seen + ahead, reach.timezone) == day
    return day if agreed else None


def _newest_day(reaches: list[_Reach]) -> date:
    """Return the last day that is over at every company, but for those that the night of the others left out."""
    newest = max(each.seen for each in reaches)
    return min(each.last_day for each in reaches if newest - each.seen < _ONE_NIGHT)


def _reads(con: duckdb.DuckDBPyConnection, behind: list[_Reach]) -> dict[str, dict[str, str | None]]:
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


def _refuse_failed_audits(build: Build, audits: list[AuditResult]) -> None:
    failed = [audit for audit in audits if audit.severity == "error" and audit.failures]
    if not failed:
        return
    lines = []
    for audit in failed:
        row = build.con.execute(
            "SELECT failure FROM audit.failures WHERE run_id = ? AND audit_id = ? LIMIT 1",
            [build.load_id, audit.audit_id],
        ).fetchone()
        lines.append(f"  {audit.audit_id}: {audit.failures:,} rows, the first one {row[0] if row else ''}"[:600])
    raise AuditError(
        "An audit failed, so nothing was published; the last warehouse stays in place.\n"
        + "\n".join(lines)
        + f"\nThe queries are in sql/audits/; `leafhouse audits` shows the rows, of {build.keep_rejected()}.",
        failed=len(failed),
        warned=sum(audit.severity == "warn" and bool(audit.failures) for audit in audits),
    )


def _refusals(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return a sentence for every resource whose newest read at a company was refused, whichever run that was."""
    return [
        ("" if company == DEFAULT_NAME else f"{company}: ") + describe_refusal(resource, reason)
        for company, resource, reason in refused_reads(con)
    ]
