"""One account on an engine: a task reads the companies of one owner of keys, as an extract on one machine does."""

import os
import socket
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import anyio
import msgspec

from pipeline.datafolder.claim import prepare_data_dir
from pipeline.datafolder.lock import account_lock, holder_of
from pipeline.engines.night import AccountTask, CompanyTask, Night, Row, TaskError, arrived
from pipeline.errors import ConfigurationError, LeafhouseError, LockedError, RefusedError
from pipeline.extract.plan import Plan
from pipeline.extract.progress import Progress
from pipeline.jobs.extract import extract_side_by_side, personal_label_of
from pipeline.jobs.job import Job, refusals
from pipeline.jobs.landing import open_landing
from pipeline.jobs.observer import Counters
from pipeline.landing import Bucket, Landing, Manifest, RefusedRun
from pipeline.settings import Company, Settings, read_key, read_proxy_setting


def read_account(night: Night, task: AccountTask) -> Iterator[Row]:
    """Read the companies of an account into the landing, and yield what became of each; nothing is raised.

    A company that a task of this night has committed already is not read again. Another task for the same account is
    waited for: the engine may have given it up although it works.
    """
    try:
        yield from _read(night, task)
    except LeafhouseError as error:
        yield from (_failure(company.name, error) for company in task.companies)
    except Exception as error:
        # Its text may quote data or a key: the engine's log gets the places only.
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        sys.stderr.write("".join([*traceback.format_tb(error.__traceback__), f"{kind}\n"]))
        where = f"process {os.getpid()} on {socket.gethostname()}"
        unknown = TaskError(f"An error that Leafhouse does not know ({kind}) in {where}.")
        yield from (_failure(company.name, unknown) for company in task.companies)


def _read(night: Night, task: AccountTask) -> list[Row]:
    folder = Path(night.config_folder)
    settings = arrived(night.settings, read_proxy_setting(folder))
    prepare_data_dir(settings.data_dir, "live")
    with account_lock(settings.data_dir, task.owner):
        _refuse_without_driver(settings.data_dir, night.driver)
        _refuse_other_label(settings, night.personal_label)
        landing = AccountLanding(open_landing(settings).root, [company.name for company in task.companies])
        committed = committed_since(landing, {company.name: company.after for company in task.companies})
        todo = [company for company in task.companies if company.name not in committed]
        observer, failures = _Observer(), dict[str, LeafhouseError]()
        if todo:
            job = Job(settings, landing, tuple(_company(company, task.owner, folder) for company in todo))
            run_ids = {company.name: company.run_id for company in todo}
            read = partial(
                extract_side_by_side, job, full=night.full, only=night.only, observer=observer, run_ids=run_ids
            )
            extracted = anyio.run(read, backend_options={"use_uvloop": sys.platform != "win32"})
            committed, failures = {**committed, **extracted.manifests}, extracted.failures
    return [
        _failure(company.name, failures[company.name]) if company.name in failures
        else success(committed[company.name], is_resumed=observer.of_company(company.name).progress.is_resumed)
        for company in task.companies
    ]  # fmt: skip


def committed_since(landing: Landing, after: Mapping[str, str]) -> dict[str, Manifest]:
    """Return by company the newest committed run, where it is newer than the one of `after`."""
    newest = {run.company: run for run in landing.manifests()}  # the oldest come first
    return {name: newest[name] for name, run_id in after.items() if name in newest and newest[name].run_id > run_id}


def success(run: Manifest, *, is_resumed: bool = False) -> Row:
    """Return the row of a company that was read: with 5 where LeafLink refused some of its resources."""
    read, refused = [each for each in run.resources if each.was_read], refusals(run)
    return Row(
        company=run.company, run_id=run.run_id, resources=len(read), rows=sum(each.distinct for each in read),
        requests=run.requests, seconds=(run.finished_at - run.started_at).total_seconds(),
        exit_code=RefusedError.exit_code if refused else 0, message=" ".join(refused), is_resumed=is_resumed,
    )  # fmt: skip


def _failure(company: str, error: LeafhouseError) -> Row:
    return Row(company=company, exit_code=error.exit_code, message=error.message)


def _company(task: CompanyTask, owner: str, folder: Path) -> Company:
    company = Company(
        name=task.name, api_key=None, auth_scheme=task.auth_scheme, base_url=task.base_url, timezone=task.timezone,
        owner=owner, resources=task.resources, also=task.also, key_name=task.key_name,
    )  # fmt: skip
    return replace(company, api_key=read_key(company, folder))


def _refuse_without_driver(data_dir: Path, driver: str) -> None:
    """Raise LockedError when the data folder is held by another command than the driver of this night.

    Where it is held by nobody, the driver is gone, or on a machine with a data folder of its own; from now on no other
    command begins here.
    """
    holder = holder_of(data_dir)
    if holder is not None and holder != driver:
        raise LockedError(f"{data_dir}: in use by {holder}. Wait until it ends, then run again.")


def _refuse_other_label(settings: Settings, label: str) -> None:
    """Raise ConfigurationError when this machine would treat personal data otherwise than the driver's."""
    if personal_label_of(settings) != label:
        raise ConfigurationError(
            f"{settings.data_dir} on {socket.gethostname()}: the key that personal data are hashed with is not beside "
            "it, or is another one than the driver has. Put the driver's there."
        )


class AccountLanding(Landing):
    """The landing as the task of an account sees it: its own runs. What nothing names is left to the driver."""

    def __init__(self, root: Path | Bucket, companies: Sequence[str]) -> None:
        super().__init__(root)
        self._companies = frozenset(companies)
        self._manifests: list[Manifest] | None = None

    def manifests(self, company: str | None = None) -> list[Manifest]:
        """Return the manifests of the account's companies, or of one, oldest first, as before the task reads."""
        if self._manifests is None:
            if isinstance(self.root, Path):
                files = (file for file in self._manifest_files() if _company_of(self.root / file) in self._companies)
                self._manifests = [self._read_manifest(file) for file in files]
            else:
                self._manifests = [run for name in self._companies for run in Landing.manifests(self, name)]
        return [run for run in self._manifests if company in (None, run.company)]

    def sweep(self) -> None:
        """Leave all as it is: the files that other tasks are writing are in no journal yet."""


class _Owned(msgspec.Struct):
    company: str = ""


@cache
def _company_of(manifest: Path) -> str:
    """Return whose run a manifest is of, which never changes.

    Those of all accounts lie in one folder. A worker looks at each once, and not once more for every account: with
    1,000 accounts and the runs of 14 nights that took seconds an account.
    """
    return msgspec.json.decode(manifest.read_bytes(), type=_Owned).company


class _Observer:
    """Keeps what a task can say of each company only while it runs; a task has nobody who watches."""

    def __init__(self) -> None:
        self.progress = Progress()
        self._companies: dict[str, _Observer] = {}

    def of_company(self, name: str) -> "_Observer":
        return self._companies.setdefault(name, _Observer())

    def refused(self, runs: Iterable[RefusedRun]) -> None:
        pass

    def plan(self, plan: Plan) -> None:
        pass

    def watch(self, counters: Counters) -> AbstractContextManager[None]:
        return nullcontext()

    def tick(self) -> None:
        pass

    def throttled(self, seconds: float) -> None:
        pass

    def done(self, manifest: Manifest) -> None:
        pass

    def failed(self, error: Exception) -> None:
        pass
