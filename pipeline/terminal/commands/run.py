"""`leafhouse run`."""

import typer

from pipeline.terminal.command import (
    AcceptShrink,
    AsOf,
    Command,
    Full,
    Json,
    Log,
    Only,
    Quiet,
    Sandbox,
    Verbose,
    end_load,
    is_sandbox_asked_for,
    job_output,
    read_date,
    wait_for,
)
from pipeline.terminal.console import LogFormat
from pipeline.terminal.job_end import JobEnd


def run(
    context: typer.Context, full: Full = False, only: Only = None, as_of: AsOf = None,
    accept_shrink: AcceptShrink = False, sandbox: Sandbox = False, as_json: Json = False,
    log_format: Log = LogFormat.TEXT, verbose: Verbose = False, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Extract and load in one go: batches are merged while the next pages come in."""
    from pipeline.datafolder.lock import DataLock
    from pipeline.jobs.job import open_job
    from pipeline.jobs.run import run
    from pipeline.settings import read_settings
    from pipeline.terminal.extract_view import ExtractView

    output = job_output(as_json=as_json, log_format=log_format, verbose=verbose, quiet=quiet)
    day = read_date(as_of)
    job_end: JobEnd = context.obj
    job_end.begin("run", output)
    job = open_job(read_settings(), sandbox=is_sandbox_asked_for(sandbox))
    with DataLock(job.settings.data_dir, "run"):
        view = ExtractView(output, job.source)
        result = wait_for(run, job, full=full, only=only, as_of=day, accept_shrink=accept_shrink, observer=view)
    end_load(output, job_end, result)


RUN = Command("run", 30, run)
