"""Extract: read what is new at the source into the landing, and commit it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from pydantic import SecretStr

from pipeline.datafolder import claim_data_dir, make_personal_key, read_personal_key
from pipeline.extract.personal import KEEP, Treatment, refuse_other_treatment
from pipeline.extract.plan import Plan, make_plan, newest_watermark, recent_since
from pipeline.extract.run import Extraction, Origin, selected
from pipeline.jobs.job import COMPANY, Job
from pipeline.landing import Batch, Manifest
from pipeline.landing.held import Held
from pipeline.leaflink import Client, Pacer, Source
from pipeline.resources import all_resources
from pipeline.settings import LIVE_BASE_URL, Settings
from pipeline.terminal.extract_view import ExtractView


async def extract(
    job: Job, *, full: bool, only: str | None, view: ExtractView, on_landed: Callable[[Batch], None] | None = None
) -> Manifest:
    """Read what is new (everything with `full`) into the landing, and commit it.

    `on_landed` is called with each batch as soon as its window is complete.
    """
    settings = job.settings
    plan = plan_extract(job, full=full, only=only)
    view.plan(plan)
    key = make_personal_key(settings.data_dir) if settings.personal == "hash" else None
    pacer = Pacer(settings.rate_per_minute, settings.burst_per_minute, state_file=settings.data_dir / "pacing.json")
    async with open_source(job) as source:
        client = Client(
            source, pacer, max_connections=settings.max_connections, give_up_seconds=settings.give_up_seconds,
            gzip=not settings.is_sandbox, on_event=lambda event: view.tick(),
        )  # fmt: skip
        async with client:
            extraction = Extraction(
                client, job.landing, plan, Origin(settings.source, source.base_url, COMPANY),
                page_size=settings.page_size, connections=settings.max_connections,
                progress=view.progress, on_landed=on_landed,
                personal=None if settings.personal == KEEP else Treatment(key),
            )  # fmt: skip
            with view.watch(client.stats):
                manifest = await extraction.run()
    claim_data_dir(settings.data_dir, settings.source)
    view.done(manifest)
    return manifest


def plan_extract(job: Job, *, full: bool, only: str | None) -> Plan:
    """Plan the next read from what is held; nothing is asked of the source."""
    from pipeline.warehouse.held import read_held  # DuckDB is needed for this only

    settings, manifests = job.settings, job.landing.manifests()
    personal = _label_of(settings)
    refuse_other_treatment(manifests, personal, full=full)
    held = Held()
    if manifests:
        # Without a watermark no resource has recent rows, but some may still be read from their tail.
        recent_from = recent_since(newest_watermark(manifests) or manifests[-1].server_time, settings.trailing_days)
        held = read_held(settings.data_dir, job.landing, all_resources(), COMPANY, recent_from)
    return make_plan(
        selected(only), manifests, held, datetime.now(UTC),
        full=full, page_size=settings.page_size, trailing_days=settings.trailing_days, personal=personal,
    )  # fmt: skip


def _label_of(settings: Settings) -> str:
    """Return how personal data are to be treated, in words; without a key yet, it is none that a run was read with."""
    key = read_personal_key(settings.data_dir) if settings.personal == "hash" else None
    return settings.personal if key is None else Treatment(key).label


@asynccontextmanager
async def open_source(job: Job) -> AsyncIterator[Source]:
    """Yield the source: the live API, or the embedded sandbox, moved on to now and served for the while."""
    settings = job.settings
    if settings.api_key is not None:
        yield Source(settings.base_url or LIVE_BASE_URL, settings.api_key, settings.auth_scheme)
        return
    from pipeline.sandbox import Sandbox, SandboxConfig, ServerSettings, serve  # a live run needs none of it

    now = datetime.now(UTC)
    folder = settings.data_dir / "sandbox"
    is_new = not folder.exists()
    sandbox = Sandbox.open(folder, SandboxConfig(), now)
    try:
        if not is_new:
            sandbox.advance(now)
        async with serve(sandbox) as base_url:
            yield Source(base_url, SecretStr(ServerSettings().key), "App")
    finally:
        sandbox.close()
