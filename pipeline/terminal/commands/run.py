"""`leafhouse run`."""

from pipeline.terminal.command import (
    AcceptShrink,
    AsOf,
    Command,
    Full,
    Json,
    Only,
    Sandbox,
    end_load,
    is_sandbox_asked_for,
    read_date,
    wait_for,
)
from pipeline.terminal.console import Output


def run(
    full: Full = False, only: Only = None, as_of: AsOf = None, accept_shrink: AcceptShrink = False,
    sandbox: Sandbox = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Extract and load in one go: batches are merged while the next pages come in."""
    from pipeline.datafolder.lock import DataLock
    from pipeline.jobs.job import open_job
    from pipeline.jobs.run import run
    from pipeline.settings import read_settings
    from pipeline.terminal.extract_view import ExtractView

    output, day = Output(as_json=as_json), read_date(as_of)
    job = open_job(read_settings(), sandbox=is_sandbox_asked_for(sandbox))
    with DataLock(job.settings.data_dir, "run"):
        view = ExtractView(output, job.source)
        result = wait_for(run, job, full=full, only=only, as_of=day, accept_shrink=accept_shrink, observer=view)
    end_load(output, result)


RUN = Command("run", 30, run)
