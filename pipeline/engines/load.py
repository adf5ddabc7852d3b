"""Load on an engine: merge what was landed, compute and audit the marts there, publish them as tables."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from pipeline import clock
from pipeline.datafolder.paths import tables_folder
from pipeline.engines.build import EngineBuild
from pipeline.engines.session import open_session
from pipeline.engines.tables import Tables
from pipeline.errors import UsageError
from pipeline.jobs.job import Job
from pipeline.jobs.load import (
    Bearings,
    audit_error,
    describe_failed_audits,
    intake_of,
    read_project,
    set_aside,
    take_bearings,
)
from pipeline.jobs.load_result import LoadResult, Outcome
from pipeline.landing import new_run_id
from pipeline.models import models_to_keep
from pipeline.settings import Settings
from pipeline.warehouse.headlines import read_headlines
from pipeline.warehouse.provenance import record_models
from pipeline.warehouse.shrink import ShrinkError


def tables_of(settings: Settings) -> Path:
    """Return the folder of the tables that the settings name."""
    return settings.tables or tables_folder(settings.data_dir)


def load_on_engine(job: Job, *, as_of: date | None, accept_shrink: bool = False) -> LoadResult:
    """Merge the landed runs on the engine, compute and audit the marts there, and publish the tables.

    It means what `load` means, and raises what that raises; the tables that were published stay as they were then. Also
    raises ConfigurationError when the engine's packages are not installed, and EngineError when it does not answer. The
    landing is not pruned.
    """
    if accept_shrink:
        job.landing.take_back_refused()
    try:
        return _load(job, as_of, accept_shrink=accept_shrink)
    except ShrinkError as error:
        set_aside(job, error)
        return _load(job, as_of, accept_shrink=False)


def _load(job: Job, as_of: date | None, *, accept_shrink: bool) -> LoadResult:
    settings, tables = job.settings, Tables(tables_of(job.settings))
    published = tables.published()
    load_id = new_run_id(clock.now(), {published.load_id} if published is not None else set())
    if not job.landing.companies() and published is None:
        raise UsageError(f"{job.landing.root}: nothing has landed yet. Run `make extract` first.")
    with (
        open_session(settings.spark_remote) as session,
        EngineBuild(session, tables, job.landing, load_id) as build,
    ):
        runs, zones = build.pending(), {company.name: company.timezone for company in job.companies}
        build.merge(runs, zones, settings.timezone, accept_shrink=accept_shrink)
        bearings = take_bearings(job, build.con, load_id, as_of, accept_shrink=accept_shrink)
        outcome = _compute(build, bearings)
        intake = intake_of(job, build.con, load_id, runs, build.merges, bearings)
        publication = build.publish()
        job.landing.forget_superseded()
        intake = replace(intake, refused_runs=job.landing.refused_runs(), notes=build.notes)
        return LoadResult(load_id, job.source, bearings.settings.as_of, intake, outcome, publication, None)


def _compute(build: EngineBuild, bearings: Bearings) -> Outcome:
    """Run the models and the audits. Raises AuditError when an audit of severity error found rows."""
    settings, project = bearings.settings, read_project()
    carryover = models_to_keep(bearings.reads, project)
    models = build.run_models(settings, project, carryover)
    kept = record_models(build.con, build.load_id, settings.as_of, models, carryover)
    build.record_load(settings)
    audits = build.run_audits(settings, project, carryover)
    failed = describe_failed_audits(build.con, build.load_id, audits)
    if failed is not None:
        raise audit_error(f"{failed}\nThe queries are in sql/audits/.", audits)
    return Outcome(models, kept, audits, *read_headlines(build.con, build.load_id))
