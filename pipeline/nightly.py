"""The nightly job: extract, load, or both at once while the pages still come in."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import anyio
import anyio.to_thread
import duckdb
from pydantic import SecretStr

from pipeline.datafolder import prepare_data_dir
from pipeline.errors import AuditError, ConfigurationError, UsageError
from pipeline.extract.plan import make_plan
from pipeline.extract.run import Extraction, Origin, new_run_id, selected
from pipeline.extract.tasks import task_group
from pipeline.landing import Batch, Landing, Manifest
from pipeline.leaflink import Client, Pacer, Source
from pipeline.models import AuditResult, ModelSettings, last_full_day, record_inventory, run_audits, run_models
from pipeline.resources import all_resources
from pipeline.sandbox import Sandbox, SandboxConfig, serve
from pipeline.settings import LIVE_BASE_URL, Settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView
from pipeline.terminal.load_view import Headline, LoadResult
from pipeline.warehouse.build import Build, companies, newest_server_time

# One company until leafhouse.toml names several.
COMPANY = "default"
SANDBOX_KEY = "sandbox"


@dataclass(frozen=True)
class Job:
    """What the commands share: the settings, and the landing in their data folder."""

    settings: Settings
    landing: Landing


def open_job(settings: Settings) -> Job:
    """Claim the data folder. Raises ConfigurationError when it cannot be used for this source."""
    if settings.base_url is not None and settings.api_key is None:
        raise ConfigurationError(
            "LEAFLINK_BASE_URL is set, but LEAFLINK_API_KEY is not. Set the key that LeafLink issued."
        )
    prepare_data_dir(settings.data_dir, settings.source)
    return Job(settings, Landing(settings.data_dir / "landing"))


@asynccontextmanager
async def open_source(job: Job) -> AsyncIterator[Source]:
    """Yield the source: the live API, or the embedded sandbox, moved on to now and served for the while."""
    settings = job.settings
    if settings.api_key is not None:
        yield Source(settings.base_url or LIVE_BASE_URL, settings.api_key, settings.auth_scheme)
        return
    now = datetime.now(UTC)
    folder = settings.data_dir / "sandbox"
    is_new = not folder.exists()
    sandbox = Sandbox.open(folder, SandboxConfig(), now)
    try:
        if not is_new:
            sandbox.advance(now)
        async with serve(sandbox, key=SANDBOX_KEY) as base_url:
            yield Source(base_url, SecretStr(SANDBOX_KEY), "App")
    finally:
        sandbox.close()


async def extract(
    job: Job, *, full: bool, only: str | None, view: ExtractView, on_landed: Callable[[Batch], None] | None = None
) -> Manifest:
    """Read what is new (everything with `full`) into the landing, and commit it."""
    settings = job.settings
    plan = make_plan(selected(only), job.landing.manifests(), full=full)
    job.landing.sweep()
    view.plan(plan)
    pacer = Pacer(settings.rate_per_minute, settings.burst_per_minute, state_file=settings.data_dir / "pacing.json")
    async with open_source(job) as source:
        client = Client(
            source,
            pacer,
            max_connections=settings.max_connections,
            give_up_seconds=settings.give_up_seconds,
            on_event=lambda event: view.tick(),
        )
        async with client:
            extraction = Extraction(
                client, job.landing, plan, Origin(settings.source, source.base_url, COMPANY),
                page_size=settings.page_size, connections=settings.max_connections,
                progress=view.progress, on_landed=on_landed,
            )  # fmt: skip
            with view.watch(client.stats):
                manifest = await extraction.run()
    view.done(manifest)
    return manifest


def refusals(manifest: Manifest) -> list[str]:
    """Return a sentence for every resource that the API refused."""
    return [
        f"{read.resource}: {read.refused}. Its rows of the last run stay."
        for read in manifest.resources
        if read.refused is not None
    ]


def load(job: Job, *, as_of: date | None) -> LoadResult:
    """Merge the landed runs, compute and audit the marts, and publish.

    Raises UsageError when nothing has landed yet, AuditError when an audit of severity error found rows; the
    published warehouse stays as it was then.
    """
    with _open_build(job) as build:
        runs = build.pending()
        for manifest in runs:
            build.merge(manifest)
        return _finish_load(job, build, runs, as_of)


async def run(job: Job, *, full: bool, only: str | None, as_of: date | None, view: ExtractView) -> LoadResult:
    """Extract and load at the same time: each batch is merged as soon as its reading is complete."""
    with _open_build(job) as build:
        runs = build.pending()
        for manifest in runs:
            await anyio.to_thread.run_sync(build.merge, manifest)
        send, receive = anyio.create_memory_object_stream[Batch](max_buffer_size=10_000)

        async def merge_batches() -> None:
            async for batch in receive:
                await anyio.to_thread.run_sync(build.merge_batch, batch)

        async with task_group() as tasks:
            tasks.start_soon(merge_batches)
            with send:
                manifest = await extract(job, full=full, only=only, view=view, on_landed=send.send_nowait)
        build.merge(manifest)
        return _finish_load(job, build, [*runs, manifest], as_of)


def _open_build(job: Job) -> Build:
    load_id = new_run_id(datetime.now(UTC))
    return Build(job.settings.data_dir, job.landing, all_resources(), load_id)


def _finish_load(job: Job, build: Build, runs: list[Manifest], as_of: date | None) -> LoadResult:
    server_time = newest_server_time(build.con)
    if server_time is None:
        raise UsageError(f"{job.landing.root}: nothing has landed yet. Run `make extract` first.")
    build.close_inputs()
    settings = job.settings
    last_day = last_full_day(server_time, settings.timezone)
    model_settings = ModelSettings(
        as_of=as_of or settings.as_of or last_day, known_at=datetime.now(UTC), timezone=settings.timezone,
        sell_through_days=settings.sell_through_days, run_id=build.load_id,
    )  # fmt: skip
    for company in companies(build.con):
        record_inventory(build.con, company, last_day, build.load_id)
    models = run_models(build.con, model_settings)
    build.record_load(model_settings)
    audits = run_audits(build.con, model_settings)
    _refuse_failed_audits(build.con, audits, build.load_id)
    headlines = _headlines(build.con)
    refused = refusals(runs[-1]) if runs else []
    return LoadResult(
        load_id=build.load_id, source=settings.source, as_of=model_settings.as_of, runs=runs,
        merged=list(build.merged.values()), models=models, audits=audits, headlines=headlines, refused=refused,
        published=build.publish(),
    )  # fmt: skip


def _refuse_failed_audits(con: duckdb.DuckDBPyConnection, audits: list[AuditResult], load_id: str) -> None:
    failed = [audit for audit in audits if audit.severity == "error" and audit.failures]
    if not failed:
        return
    lines = []
    for audit in failed:
        row = con.execute(
            "SELECT failure FROM audit.failures WHERE run_id = ? AND audit_id = ? LIMIT 1", [load_id, audit.audit_id]
        ).fetchone()
        lines.append(f"  {audit.audit_id}: {audit.failures:,} rows, the first one {row[0] if row else ''}"[:600])
    raise AuditError(
        "An audit failed, so nothing was published; the last warehouse stays in place.\n"
        + "\n".join(lines)
        + "\nThe queries are in sql/audits/. What was landed is kept: mend the cause and run `leafhouse load` again."
    )


def _headlines(con: duckdb.DuckDBPyConnection) -> list[Headline]:
    rows = con.execute(
        "SELECT currency, sum(open_balance), sum(CASE WHEN days_past_due > 0 THEN open_balance ELSE 0 END) "
        "FROM marts.ar_aging GROUP BY currency ORDER BY 2 DESC"
    ).fetchall()
    return [Headline(*row) for row in rows]


def announce(job: Job, output: Output) -> None:
    """Say loudly, first of all, that the data are invented when they are."""
    if job.settings.is_sandbox:
        output.say("SANDBOX: no LEAFLINK_API_KEY is set, so this reads an embedded LeafLink with invented data.")


async def serve_sandbox(
    folder: Path, *, orders: int, seed: int, host: str, port: int, key: str, rate: int, latency_seconds: float,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve a sandbox over HTTP until the process is told to stop."""
    sandbox = Sandbox.open(folder, SandboxConfig(orders=orders, seed=seed), datetime.now(UTC))
    try:
        limits = {"rate_per_minute": rate, "latency_seconds": latency_seconds}
        async with serve(sandbox, host=host, port=port, key=key, **limits) as base_url:
            say(f"LEAFLINK_BASE_URL={base_url} LEAFLINK_API_KEY={key}")
            say(f"{sandbox.count('orders_received'):,} orders, invented. Stop with Ctrl-C.")
            await anyio.sleep_forever()
    finally:
        sandbox.close()
