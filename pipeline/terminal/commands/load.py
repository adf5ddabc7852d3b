"""`leafhouse load`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.errors import UsageError
from pipeline.terminal.command import (
    AcceptShrink,
    AsOf,
    Command,
    Json,
    Log,
    Quiet,
    Verbose,
    end_load,
    job_output,
    read_date,
    read_instant,
)
from pipeline.terminal.console import LogFormat
from pipeline.terminal.job_end import JobEnd


def load(
    context: typer.Context,
    as_of: AsOf = None,
    accept_shrink: AcceptShrink = False,
    known_at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Compute from what was known then; needs --into.")
    ] = None,
    engine: Annotated[
        Literal["spark"] | None, typer.Option(help="Load on the engine at LEAFHOUSE_SPARK_REMOTE.")
    ] = None,
    into: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to this file, and publish nothing.")] = None,
    as_json: Json = False,
    log_format: Log = LogFormat.TEXT,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Merge what was landed, compute the marts, audit them, and publish the warehouse."""
    from pipeline.datafolder.lock import DataLock
    from pipeline.jobs.job import open_job
    from pipeline.jobs.load import load, load_aside
    from pipeline.settings import read_settings

    output = job_output(as_json=as_json, log_format=log_format, verbose=verbose, quiet=quiet)
    day, instant = read_date(as_of), read_instant(known_at)
    if instant is not None and into is None:
        raise UsageError("--known-at computes the past, which is never published: name a file for it with --into FILE.")
    if into is not None and accept_shrink:
        raise UsageError("--accept-shrink is for what is published: leave out --into, or leave it out.")
    if into is not None and engine is not None:
        raise UsageError("--into writes a file on this machine: leave it out, or --engine.")
    job_end: JobEnd = context.obj
    if into is None:  # what is written aside leaves the data folder as it was
        job_end.begin("load", output)
    job = open_job(read_settings(), sandbox=True)  # it asks no source
    with DataLock(job.settings.data_dir, "load", is_attempt=into is None):
        if engine is not None:
            from pipeline.engines.load import load_on_engine  # nobody else needs it

            result = load_on_engine(job, as_of=day, accept_shrink=accept_shrink)
        elif into is None:
            result = load(job, as_of=day, accept_shrink=accept_shrink)
        else:
            result = load_aside(job, into, as_of=day, known_at=instant)
    end_load(output, job_end, result)


LOAD = Command("load", 20, load)
