"""Extract: read what is new at the source into the landing, and commit it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from pydantic import SecretStr

from pipeline.datafolder import claim_data_dir
from pipeline.extract.plan import make_plan
from pipeline.extract.run import Extraction, Origin, selected
from pipeline.jobs.job import COMPANY, Job
from pipeline.landing import Batch, Manifest
from pipeline.leaflink import Client, Pacer, Source
from pipeline.settings import LIVE_BASE_URL
from pipeline.terminal.extract_view import ExtractView


async def extract(
    job: Job, *, full: bool, only: str | None, view: ExtractView, on_landed: Callable[[Batch], None] | None = None
) -> Manifest:
    """Read what is new (everything with `full`) into the landing, and commit it.

    `on_landed` is called with each batch as soon as its window is complete.
    """
    settings = job.settings
    plan = make_plan(selected(only), job.landing.manifests(), full=full)
    view.plan(plan)
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
            )  # fmt: skip
            with view.watch(client.stats):
                manifest = await extraction.run()
    claim_data_dir(settings.data_dir, settings.source)
    view.done(manifest)
    return manifest


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
