"""Extract: read what is new at the source into the landing, and commit it."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import SecretStr

from pipeline import clock
from pipeline.datafolder.accounts import keep_account
from pipeline.datafolder.claim import claim_data_dir
from pipeline.datafolder.lock import alone_in
from pipeline.datafolder.paths import pacing_file, sandbox_folder
from pipeline.datafolder.personal_key import make_personal_key, read_personal_key
from pipeline.decoding.personal import KEEP, Treatment
from pipeline.errors import ConfigurationError, LeafhouseError
from pipeline.extract.plan import Habits, Plan, make_plan, newest_watermark, recent_since
from pipeline.extract.run import Extraction, Run
from pipeline.extract.selection import selected
from pipeline.jobs.account import check_account
from pipeline.jobs.job import Job, refuse_other_source
from pipeline.jobs.observer import ExtractObserver
from pipeline.landing import Batch, Manifest, RefusedRun, new_run_id
from pipeline.landing.holdings import Holdings
from pipeline.leaflink import SAVE_EVERY_SECONDS, Client, Event, Pacer, Source, Waits, read_proxy
from pipeline.reading import Limits
from pipeline.reading.tasks import task_group
from pipeline.settings import Company, Settings, refuse_other_names


@dataclass(frozen=True)
class ExtractResult:
    """What was committed, by company, and the companies that failed, each with what happened."""

    manifests: dict[str, Manifest]
    failures: dict[str, LeafhouseError]

    @property
    def failed(self) -> dict[str, str]:
        """What happened to each company that failed, in a sentence."""
        return {company: str(error) for company, error in self.failures.items()}

    def as_document(self) -> Any:
        """Return it for machines: the manifest of the only company, or by company those that were read and failed."""
        manifests: dict[str, Any] = msgspec.to_builtins(self.manifests)
        if len(manifests) + len(self.failures) == 1:
            return next(iter(manifests.values()))
        return {"companies": manifests, "failed": self.failed}


async def extract_companies(
    job: Job,
    *,
    full: bool,
    only: str | None,
    observer: ExtractObserver,
    on_landed: Callable[[Batch], None] | None = None,
) -> ExtractResult:
    """Read every company of the job, side by side; what happens to one leaves the others alone.

    Raises the error of the only company, or of the first one when all fail.
    """
    if len(job.companies) == 1:
        manifest = await extract(job, full=full, only=only, observer=observer, on_landed=on_landed)
        return ExtractResult({job.companies[0].name: manifest}, {})
    _sweep(job)
    result = await extract_side_by_side(job, full=full, only=only, observer=observer, on_landed=on_landed)
    if not result.manifests:
        raise next(iter(result.failures.values()))
    return result


async def extract_side_by_side(
    job: Job,
    *,
    full: bool,
    only: str | None,
    observer: ExtractObserver,
    on_landed: Callable[[Batch], None] | None = None,
    run_ids: Mapping[str, str] | None = None,
) -> ExtractResult:
    """Read every company of the job, also when it is one, and return what was committed and what failed.

    `run_ids` are the ids of the runs, by company, that an engine's driver has chosen. What kills its task may begin
    another one at once, which must know of every request.
    """
    manifests, failures = dict[str, Manifest](), dict[str, LeafhouseError]()
    ids, save_every_seconds = run_ids or {}, SAVE_EVERY_SECONDS if run_ids is None else 0.0
    owners = {company.owner for company in job.companies}
    pacers = {owner: pacer_of(job, owner, save_every_seconds) for owner in owners}

    async def read(company: Company) -> None:
        name = company.name
        reading = _Reading(job, company, pacers[company.owner], observer.of_company(name), ids.get(name))
        try:
            manifests[company.name] = await reading.run(full=full, only=only, on_landed=on_landed)
        except LeafhouseError as error:
            failures[company.name] = error
            observer.of_company(company.name).failed(error)

    async with task_group() as readings:
        for company in job.companies:
            readings.start_soon(read, company)
    return ExtractResult(manifests, failures)


async def extract(
    job: Job,
    *,
    full: bool,
    only: str | None,
    observer: ExtractObserver,
    on_landed: Callable[[Batch], None] | None = None,
) -> Manifest:
    """Read what is new at the only company (everything with `full`) into the landing, and commit it.

    `on_landed` is called with each batch as soon as its window is complete.
    """
    (company,) = job.companies
    reading = _Reading(job, company, pacer_of(job, company.owner), observer)
    return await reading.run(full=full, only=only, on_landed=on_landed)


def _sweep(job: Job) -> None:
    """Remove the leftovers of runs that did not finish; in a bucket, where many may extract, the load does."""
    if not job.landing.is_shared:
        job.landing.sweep()


def pacer_of(job: Job, owner: str, save_every_seconds: float = SAVE_EVERY_SECONDS) -> Pacer:
    """Return the budget of an owner of keys; the next run finds it as this one leaves it."""
    settings = job.settings
    state_file = pacing_file(settings.data_dir, owner)
    return Pacer(settings.rate_per_minute, settings.burst_per_minute, state_file, save_every_seconds)


@dataclass(frozen=True)
class _Reading:
    """One company being read, as the run `run_id` where somebody has chosen it."""

    job: Job
    company: Company
    pacer: Pacer
    observer: ExtractObserver
    run_id: str | None = None

    async def run(self, *, full: bool, only: str | None, on_landed: Callable[[Batch], None] | None) -> Manifest:
        job, company, settings = self.job, self.company, self.job.settings
        head = job.landing.head(company.name)
        plan = plan_extract(job, company, full=full, only=only)
        self.observer.refused(refused_runs_of(job, company))
        self.observer.plan(plan)
        key = make_personal_key(settings.data_dir) if settings.personal == "hash" else None
        async with open_source(job, company) as source:
            client = Client(
                source, self.pacer, waits=Waits(settings.give_up_seconds), max_connections=settings.max_connections,
                gzip=job.source == "live", on_event=self._tell,
            )  # fmt: skip
            async with client:
                account = await check_account(job, company, client)
                treatment = None if settings.personal == KEEP else Treatment(key)
                run = Run(
                    self.run_id or next_run_id(job, company.name), company.name, job.source, source.base_url,
                    account.fingerprint, treatment, head,
                )  # fmt: skip
                limits = Limits(settings.page_size, settings.max_connections)
                extraction = Extraction(client, job.landing, plan, run, limits, self.observer.progress, on_landed)
                if len(job.companies) == 1:  # what others are reading is in no journal yet
                    _sweep(job)
                with self.observer.watch(client.stats):
                    manifest = await extraction.run()
        with alone_in(settings.data_dir):
            claim_data_dir(settings.data_dir, job.source)
            keep_account(settings.data_dir, company.name, account)
        self.observer.done(manifest)
        return manifest

    def _tell(self, event: Event) -> None:
        if event.kind == "throttled":
            self.observer.throttled(event.wait_seconds)
        self.observer.tick()


def next_run_id(job: Job, company: str) -> str:
    """Return an id that sorts after all runs that the landing or the warehouse knows, whatever clock they ran by.

    Where others land too, the runs of the company are these, and no other machine makes the same id.
    """
    from pipeline.warehouse.ids import newest_run

    known = job.landing.run_ids(company) | {newest_run(job.settings.data_dir)}
    return new_run_id(clock.now(), known, is_unique=job.landing.is_shared)


def plan_extract(job: Job, company: Company, *, full: bool, only: str | None) -> Plan:
    """Plan the next read of a company from what is held; nothing is asked of the source.

    After a run that a load refused everything is read anew: the source may have been wrong on more than was noticed,
    and only a complete read says whether the rows are back or are missing again.
    """
    from pipeline.warehouse.holdings import read_holdings  # DuckDB is needed for this only

    settings = job.settings
    refuse_other_names(job.companies, job.landing.companies(), settings.data_dir)
    manifests = job.landing.manifests(company.name)
    refuse_other_source(job, manifests)
    personal = personal_label_of(settings)
    _refuse_other_treatment(manifests, personal, full=full)
    resources, holdings = selected(only, company.resources, company.also), Holdings()
    if manifests:
        # Without a watermark no resource has recent rows, but some may still be read from their tail.
        recent_from = recent_since(newest_watermark(manifests) or manifests[-1].server_time, settings.trailing_days)
        holdings = read_holdings(settings.data_dir, job.landing, resources, company.name, recent_from)
    why_anew = "--full" if full else "a load refused the last run" if refused_runs_of(job, company) else ""
    habits = Habits(settings.page_size, settings.trailing_days, personal)
    return make_plan(resources, manifests, holdings, clock.now(), habits, why_anew)


def _refuse_other_treatment(manifests: Iterable[Manifest], label: str, *, full: bool) -> None:
    """Raise ConfigurationError when the newest run treated personal data otherwise, unless everything is read again."""
    last = next((manifest.personal for manifest in reversed(list(manifests))), label)
    if full or last == label:
        return
    (now, _, _), (before, _, _) = label.partition(" "), last.partition(" ")
    seen = f"LEAFHOUSE_PII is {now}, but the last run was read with {before}"
    if now == before:
        seen = "LEAFHOUSE_PII is hash, but its key beside the data folder is gone, or not the one of the last run"
    raise ConfigurationError(
        f"{seen}: run `leafhouse extract --full`, so that all rows are treated alike, or set it back. See "
        "docs/settings.md for what stays of earlier runs."
    )


def refused_runs_of(job: Job, company: Company) -> list[RefusedRun]:
    """Return the runs of a company that loads refused, and that no newer one has taken the place of."""
    return [run for run in job.landing.refused_runs() if run.manifest.company == company.name]


def personal_label_of(settings: Settings) -> str:
    """Return how personal data are to be treated, in words; without a key yet, it is none that a run was read with."""
    key = read_personal_key(settings.data_dir) if settings.personal == "hash" else None
    return settings.personal if key is None else Treatment(key).label


@asynccontextmanager
async def open_source(job: Job, company: Company, *, moves: bool = True) -> AsyncIterator[Source]:
    """Yield the source: the live API, or the embedded sandbox, moved on to now if it `moves`, served for the while."""
    if company.api_key is not None:
        proxy = read_proxy(job.settings.proxy, company.base_url)
        yield Source(company.base_url, company.api_key, company.auth_scheme, company.key_name, proxy)
        return
    from pipeline.sandbox import Sandbox, SandboxConfig, serve  # a live run needs none of it

    now = clock.now()
    folder = sandbox_folder(job.settings.data_dir)
    is_new = not folder.exists()
    sandbox = Sandbox.open(folder, SandboxConfig(), now)
    try:
        if moves and not is_new:
            sandbox.advance(now)
        key = f"sandbox-{sandbox.fingerprint}"  # another sandbox is another account
        async with serve(sandbox, key=key) as base_url:
            yield Source(base_url, SecretStr(key), "App")
    finally:
        sandbox.close()
