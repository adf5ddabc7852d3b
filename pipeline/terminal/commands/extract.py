"""`leafhouse extract`."""

from typing import Annotated, Literal

import typer

from pipeline.terminal.command import (
    Command,
    Full,
    Json,
    Log,
    Only,
    Quiet,
    Sandbox,
    Verbose,
    exit_for,
    is_sandbox_asked_for,
    job_output,
    wait_for,
)
from pipeline.terminal.console import LogFormat
from pipeline.terminal.job_end import JobEnd

OnEngine = Annotated[
    Literal["spark"] | None,
    typer.Option("--engine", help="Read each account in a task of the engine at LEAFHOUSE_SPARK_REMOTE."),
]


def extract(
    context: typer.Context, full: Full = False, only: Only = None, sandbox: Sandbox = False, engine: OnEngine = None,
    as_json: Json = False, log_format: Log = LogFormat.TEXT, verbose: Verbose = False, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Fetch what is new at LeafLink into the landing folder."""
    from pipeline.datafolder.lock import DataLock
    from pipeline.jobs.extract import extract_companies
    from pipeline.jobs.job import open_job, refusals
    from pipeline.jobs.report import counts_of_extract
    from pipeline.settings import read_settings
    from pipeline.terminal.extract_view import ExtractView

    output = job_output(as_json=as_json, log_format=log_format, verbose=verbose, quiet=quiet)
    job_end: JobEnd = context.obj
    job_end.begin("extract", output)
    job = open_job(read_settings(), sandbox=is_sandbox_asked_for(sandbox))
    with DataLock(job.settings.data_dir, "extract"):
        view = ExtractView(output, job.source)
        if engine is None:
            extracted = wait_for(extract_companies, job, full=full, only=only, observer=view)
        else:
            from pipeline.engines.extract import extract_on_engine  # a night on one machine needs none of it

            extracted = extract_on_engine(job, full=full, only=only, observer=view)
    job_end.done(counts_of_extract(extracted), extracted.as_document())
    exit_for([*extracted.failed, *(each for run in extracted.manifests.values() for each in refusals(run))])


EXTRACT = Command("extract", 10, extract)
