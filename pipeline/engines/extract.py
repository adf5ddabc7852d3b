"""Extraction on an engine: the driver chooses the accounts, hands each to a task, and gathers what became of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from pydantic import SecretStr

from pipeline import clock
from pipeline.datafolder.lock import holder_of
from pipeline.datafolder.personal_key import make_personal_key
from pipeline.engines.account import committed_since, success
from pipeline.engines.night import (
    AccountTask,
    CompanyTask,
    Night,
    Row,
    TaskError,
    Unended,
    end_night,
    keep_unended,
    read_unended,
    task_of,
    travelling,
)
from pipeline.engines.session import EngineError, host_of, open_session
from pipeline.errors import ConfigurationError, IncompleteError, LeafhouseError, LockedError, RefusedError
from pipeline.extract.selection import selected
from pipeline.jobs.extract import ExtractResult, next_run_id, personal_label_of
from pipeline.jobs.job import Job
from pipeline.jobs.observer import ExtractObserver
from pipeline.landing import Manifest, following_run_id
from pipeline.settings import refuse_other_names

# An engine that loses a task may end all others with it: what has no answer is handed to it again, so often in all.
_ROUNDS = 3
_ERRORS = {
    each.exit_code: each for each in (ConfigurationError, IncompleteError, RefusedError, LockedError, TaskError)
}  # fmt: skip


def extract_on_engine(job: Job, *, full: bool, only: str | None, observer: ExtractObserver) -> ExtractResult:
    """Read every company of the job on the engine, a task for each owner of keys. Hold the DataLock meanwhile.

    What happens to one account leaves the others alone. Where the engine did not bring the last night to its end, what
    its tasks committed is not read again. Raises ConfigurationError before anything is begun, and the first company's
    error when all fail: IncompleteError for those that the engine gives no answer for.
    """
    settings = job.settings
    engine = host_of(settings.spark_remote)
    if job.source == "sandbox":
        raise ConfigurationError(
            "--engine spark: the embedded sandbox lives in one process. Start `leafhouse sandbox`, and set the "
            "LEAFLINK_BASE_URL and LEAFLINK_API_KEY that it prints."
        )
    for company in job.companies:
        selected(only, company.resources, company.also)  # a name that is none fails here, not on every executor
    if settings.personal == "hash":
        make_personal_key(settings.data_dir)
    if not job.landing.is_shared:
        job.landing.sweep()
    after = _begin(job, full=full, only=only)
    night = Night(
        config_folder=str(Path.cwd()), driver=holder_of(settings.data_dir) or "", full=full, only=only,
        personal_label=personal_label_of(settings), settings=travelling(settings),
    )  # fmt: skip
    rows, unanswered = dict[str, Row](), EngineError(f"{engine}: no answer.")
    for _ in range(_ROUNDS):
        rows |= {name: success(run) for name, run in committed_since(job.landing, after).items() if name not in rows}
        tasks = _tasks(job, after, rows)
        if not tasks:
            break
        try:
            rows |= {row.company: row for row in _read_on(settings.spark_remote, night, tasks)}
        except EngineError as error:
            unanswered = error
    runs = committed_since(job.landing, after)
    if rows.keys() >= after.keys():
        end_night(settings.data_dir)
    return _tell(job, runs, rows, unanswered, observer)


def _begin(job: Job, *, full: bool, only: str | None) -> dict[str, str]:
    """Return by company the newest run before this night: what is committed after it is of this night.

    A night that the engine did not bring to its end goes on. Raises ConfigurationError for companies that are called
    otherwise than before.
    """
    now, data_dir, runs = clock.now(), job.settings.data_dir, job.landing.manifests()
    refuse_other_names(job.companies, {run.company for run in runs}, data_dir)
    newest = {run.company: run.run_id for run in runs}  # the oldest come first
    after = {company.name: newest.get(company.name, "") for company in job.companies}
    unended = read_unended(data_dir)
    if unended is not None and unended.goes_on(now, full=full, only=only):
        return after | {name: run_id for name, run_id in unended.after.items() if name in after}
    keep_unended(data_dir, Unended(now, full, only, after))
    return after


def _tasks(job: Job, after: Mapping[str, str], rows: Mapping[str, Row]) -> list[AccountTask]:
    """Return a task for each owner of keys whose companies have no row yet, and choose the ids of their runs."""
    accounts, run_id = dict[str, list[CompanyTask]](), ""
    for company in job.companies:
        if company.name not in rows:
            is_first = not run_id or job.landing.is_shared
            run_id = next_run_id(job, company.name) if is_first else following_run_id(run_id)
            accounts.setdefault(company.owner, []).append(task_of(company, run_id, after[company.name]))
    return [AccountTask(owner, tuple(companies)) for owner, companies in accounts.items()]


def _read_on(remote: SecretStr | None, night: Night, tasks: Sequence[AccountTask]) -> list[Row]:
    """Return the rows of accounts that the engine has read. Raises what `open_session` does."""
    with open_session(remote) as session:
        from pipeline.engines.source import LeafhouseSource

        session.dataSource.register(LeafhouseSource)
        options = {"night": msgspec.json.encode(night).decode(), "accounts": msgspec.json.encode(tasks).decode()}
        found = session.read.format(LeafhouseSource.name()).options(**options).load().collect()
        return [Row(**row.asDict()) for row in found]


def _tell(
    job: Job, runs: Mapping[str, Manifest], rows: Mapping[str, Row], unanswered: LeafhouseError,
    observer: ExtractObserver,
) -> ExtractResult:  # fmt: skip
    """Tell an observer what became of each company, and return it; `unanswered` is for those without a row."""
    manifests, failures = dict[str, Manifest](), dict[str, LeafhouseError]()
    for company in job.companies:
        name = company.name
        own = observer if len(job.companies) == 1 else observer.of_company(name)
        row, run = rows.get(name), runs.get(name)
        if row is not None and row.run_id is not None and run is not None:
            manifests[name] = run
            own.progress.is_resumed = row.is_resumed
            for read in run.resources:
                own.progress.finish(read)
            own.done(run)
            continue
        failures[name] = unanswered if row is None else _failure(job, row)
        if len(job.companies) > 1:
            own.failed(failures[name])
    if not manifests:
        raise next(iter(failures.values()))
    return ExtractResult(manifests, failures)


def _failure(job: Job, row: Row) -> LeafhouseError:
    """Return the error that a company failed with."""
    if row.run_id is None:
        return _ERRORS[row.exit_code](row.message)
    return ConfigurationError(
        f"{row.company}: the engine has read it into another folder than {job.settings.data_dir.absolute()} of this "
        "machine. Let all executors and this machine find the same folder at this path."
    )
