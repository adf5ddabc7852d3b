"""Run: extract and load at the same time."""

from datetime import date

import anyio
import anyio.to_thread

from pipeline.jobs.extract import extract_companies
from pipeline.jobs.job import Job
from pipeline.jobs.load import finish_load, load, load_without, open_build, pending_runs
from pipeline.jobs.load_result import LoadResult
from pipeline.jobs.observer import ExtractObserver
from pipeline.landing import Batch
from pipeline.reading.tasks import task_group
from pipeline.warehouse.shrink import ShrinkError


async def run(
    job: Job, *, full: bool, only: str | None, as_of: date | None, accept_shrink: bool, observer: ExtractObserver
) -> LoadResult:
    """Extract and load at the same time: batches are merged as soon as their window is complete.

    Raises what `extract` and `load` raise; the published warehouse stays as it was then.
    """
    try:
        with open_build(job) as build:
            runs = pending_runs(job, build)
            for manifest in runs:
                build.merge(manifest)
            merged: set[str] = set()
            # Batches wait on disk, not in memory: only their descriptions queue up here.
            send, receive = anyio.create_memory_object_stream[Batch](max_buffer_size=float("inf"))

            async def merge_batches() -> None:
                async for batch in receive:
                    await anyio.to_thread.run_sync(build.merge_batch, batch)
                    merged.add(batch.file)

            with receive:
                async with task_group() as tasks:
                    tasks.start_soon(merge_batches)
                    with send:
                        extracted = await extract_companies(
                            job, full=full, only=only, observer=observer, on_landed=send.send_nowait
                        )
            manifests = sorted(extracted.manifests.values(), key=lambda manifest: manifest.run_id)
            if merged <= {batch.file for run in manifests for read in run.resources for batch in read.batches}:
                for manifest in manifests:
                    build.merge(manifest)
                result = finish_load(job, build, [*runs, *manifests], as_of, accept_shrink=accept_shrink)
                return result.with_failures(extracted.failed)
    except ShrinkError as error:
        result = load_without(job, error, as_of)
    else:  # a window was read again after its batches had been merged: build anew from what the manifest names
        result = load(job, as_of=as_of, accept_shrink=accept_shrink)
    return result.with_failures(extracted.failed)
