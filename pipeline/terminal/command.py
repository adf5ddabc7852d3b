"""A command of the command line, and what several commands share: options, waiting, and how they end."""

import functools
import sys
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from pipeline.errors import IncompleteError, RefusedError, UsageError
from pipeline.terminal.console import LogFormat, Output
from pipeline.terminal.job_end import JobEnd

if TYPE_CHECKING:
    from pipeline.jobs.load_result import LoadResult

Full = Annotated[bool, typer.Option("--full", help="Read everything, not only what changed.")]
Only = Annotated[str | None, typer.Option(metavar="R,…", help="Read only these resources, separated by commas.")]
AsOf = Annotated[str | None, typer.Option(metavar="DATE", help="Compute the marts for this date (YYYY-MM-DD).")]
AcceptShrink = Annotated[
    bool, typer.Option("--accept-shrink", help="Let a load through that finds many rows deleted at once.")
]
Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="Ask for invented data when no key is set; on a terminal they need no asking.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, for machines.")]

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say what became of each resource.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what is not as it should be.")]
Log = Annotated[
    LogFormat, typer.Option("--log-format", help="Where no terminal shows them: lines with time and level, or JSON.")
]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Command:
    """A command: its name, its place among the others in the help, and the function that runs it.

    The parameters of `run` are the arguments and options of the command, its docstring is the help. It imports what it
    needs when it runs: `leafhouse --help` waits for the imports of every module of commands.
    """

    name: str
    place: int
    run: Callable[..., None]


def job_output(*, as_json: bool, log_format: LogFormat, verbose: bool, quiet: bool) -> Output:
    """Return the output of a job that runs for a while."""
    return Output(as_json=as_json, log_format=log_format, verbosity=-1 if quiet else int(verbose))


def wait_for(function: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
    """Run an async function to its end, and return its result."""
    import anyio

    use_uvloop = sys.platform != "win32"
    return anyio.run(functools.partial(function, *args, **kwargs), backend_options={"use_uvloop": use_uvloop})


def is_sandbox_asked_for(sandbox: bool = False) -> bool:
    """Say whether a command that finds no key may invent data: it was told to, or somebody sees what it says."""
    return sandbox or (sys.stdin is not None and sys.stdin.isatty())


def read_date(text: str | None) -> date | None:
    """Return the date that --as-of names. Raises UsageError for what is no date."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text}: not a date. Write it as YYYY-MM-DD, for example 2026-11-23.") from None


def read_instant(text: str | None) -> datetime | None:
    """Return the instant that --known-at names. Raises UsageError for what is none."""
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise UsageError(f"--known-at {text}: not an instant. Write it like 2026-11-23T07:30:00Z, with its offset.")
    return instant


def end_load(output: Output, job_end: JobEnd, result: "LoadResult") -> None:
    """Show what a load did, and exit with its code."""
    from pipeline.jobs.report import counts_of_load
    from pipeline.terminal.load_view import LoadView

    if not output.as_json:
        LoadView(output).done(result)
    job_end.done(counts_of_load(result), result.as_document())
    if result.intake.refused_runs:
        sys.exit(IncompleteError.exit_code)
    exit_for([*result.intake.refused, *result.intake.failed])


def exit_for(refusals: Collection[str]) -> None:
    """Exit with the code for what LeafLink refused, if there is anything."""
    if refusals:
        sys.exit(RefusedError.exit_code)
