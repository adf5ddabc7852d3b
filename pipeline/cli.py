"""The commands and nothing else."""

import functools
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from pipeline.errors import ConfigurationError, IncompleteError, LeafhouseError, UsageError
from pipeline.settings import read_settings
from pipeline.terminal.console import Output, clean

if TYPE_CHECKING:
    from pipeline.jobs.load_result import LoadResult

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="LeafLink in a DuckDB warehouse: extract, load, and query one file.",
)

Full = Annotated[bool, typer.Option("--full", help="Read everything, not only what changed.")]
Only = Annotated[str | None, typer.Option(metavar="R,…", help="Read only these resources, separated by commas.")]
AsOf = Annotated[str | None, typer.Option(metavar="DATE", help="Compute the marts for this date (YYYY-MM-DD).")]
AcceptShrink = Annotated[
    bool, typer.Option("--accept-shrink", help="Let a load through that finds many rows deleted at once.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, for machines.")]

Result = TypeVar("Result")


def main() -> None:
    """Run the command line; errors of ours end with one sentence and their exit code."""
    stopped_by = _end_like_ctrl_c()
    # Nearly all that the commands import and parse lives to their end; looking through it took 5 % of a load.
    gc.set_threshold(100_000)
    try:
        app()
    except LeafhouseError as error:
        sys.stderr.write(f"{clean(str(error))}\n")
        sys.exit(error.exit_code)
    except OSError as error:
        sys.stderr.write(f"{clean(_describe_os_error(error))}\n")
        sys.exit(ConfigurationError.exit_code)
    except (SystemExit, RuntimeError) as end:
        if not _was_stopped(end):
            raise
        sys.stderr.write("Stopped. What was published stays as it was. Run again, it is safe.\n")
        sys.exit(128 + stopped_by[-1])
    finally:
        gc.freeze()  # else Python looks through all of it once more at its end


def _was_stopped(end: BaseException) -> bool:
    """Say whether Ctrl-C ended a command: typer makes an exit of it, DuckDB in the middle of a query this error."""
    if isinstance(end, SystemExit):
        return end.code == 128 + signal.SIGINT
    return str(end) == "Query interrupted"


def _end_like_ctrl_c() -> list[int]:
    """Let SIGTERM end a command as Ctrl-C does, tidily; return a list whose last item is the signal that did."""
    stopped_by: list[int] = [signal.SIGINT]

    def interrupt(number: int, frame: object) -> None:
        stopped_by.append(number)
        signal.raise_signal(signal.SIGINT)

    # In the background of a shell Ctrl-C is ignored: there SIGTERM ends the process at once, which is just as safe.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGTERM, interrupt)
    return stopped_by


def _describe_os_error(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return (
        f"{where}the system refused ({error.strerror or error}). What was published stays as it was. "
        "Check the disk, the rights and the address, then run again."
    )


@app.command("extract")
def extract_command(full: Full = False, only: Only = None, as_json: Json = False) -> None:
    """Fetch what is new at LeafLink into the landing folder."""
    from pipeline.jobs.extract import extract_companies
    from pipeline.jobs.job import open_job, refusals
    from pipeline.terminal.extract_view import ExtractView
    from pipeline.warehouse.lock import DataLock

    output = Output(as_json=as_json)
    job = open_job(read_settings())
    with DataLock(job.settings.data_dir, "extract"):
        view = ExtractView(output, job.source)
        extracted = _run(extract_companies, job, full=full, only=only, observer=view)
    output.document(extracted.as_document())
    _exit_for([*extracted.failed, *(each for run in extracted.manifests.values() for each in refusals(run))])


@app.command("load")
def load_command(as_of: AsOf = None, accept_shrink: AcceptShrink = False, as_json: Json = False) -> None:
    """Merge what was landed, compute the marts, audit them, and publish the warehouse."""
    from pipeline.jobs.job import open_job
    from pipeline.jobs.load import load
    from pipeline.warehouse.lock import DataLock

    output, day = Output(as_json=as_json), _date(as_of)
    job = open_job(read_settings())
    with DataLock(job.settings.data_dir, "load"):
        result = load(job, as_of=day, accept_shrink=accept_shrink)
    _show_load(output, result)


@app.command("run")
def run_command(
    full: Full = False, only: Only = None, as_of: AsOf = None, accept_shrink: AcceptShrink = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Extract and load in one go: batches are merged while the next pages come in."""
    from pipeline.jobs.job import open_job
    from pipeline.jobs.run import run
    from pipeline.terminal.extract_view import ExtractView
    from pipeline.warehouse.lock import DataLock

    output, day = Output(as_json=as_json), _date(as_of)
    job = open_job(read_settings())
    with DataLock(job.settings.data_dir, "run"):
        view = ExtractView(output, job.source)
        result = _run(run, job, full=full, only=only, as_of=day, accept_shrink=accept_shrink, observer=view)
    _show_load(output, result)


@app.command("plan")
def plan_command(full: Full = False, only: Only = None, as_json: Json = False) -> None:
    """Show what an extract would ask of each resource, why, and how many requests it takes."""
    from pipeline.jobs.extract import plan_extract
    from pipeline.jobs.job import open_job
    from pipeline.terminal.extract_view import show_plans

    job = open_job(read_settings())
    plans = {company.name: plan_extract(job, company, full=full, only=only) for company in job.companies}
    limits = job.settings.rate_per_minute, job.settings.burst_per_minute
    show_plans(Output(as_json=as_json), plans, job.landing.refused_runs(), *limits)


@app.command("status")
def status_command(as_json: Json = False) -> None:
    """Show what the warehouse holds: rows, newest change, last run and completeness of each resource."""
    from pipeline.resources import all_resources
    from pipeline.terminal.load_view import show_status
    from pipeline.warehouse.status import read_status

    show_status(Output(as_json=as_json), read_status(read_settings().data_dir, all_resources()))


@app.command("contracts")
def contracts_command(
    against: Annotated[Path, typer.Option(metavar="FILE", help="An OpenAPI document in JSON.")], as_json: Json = False
) -> None:
    """Hold the contracts against a vendor's document; exit 1 when it names what no contract covers."""
    from pipeline.contracts.compare import compare
    from pipeline.contracts.document import read_document
    from pipeline.resources import all_resources
    from pipeline.terminal.contracts_view import show_comparison

    comparison = compare(all_resources(), read_document(against))
    show_comparison(Output(as_json=as_json), comparison)
    if comparison.open:
        sys.exit(1)


@app.command("doctor")
def doctor_command(as_json: Json = False) -> None:
    """Find out what the key can see and what state the data folder is in, and say what to fix."""
    from pipeline.jobs.doctor import diagnose
    from pipeline.jobs.job import open_job
    from pipeline.terminal.doctor_view import show_diagnosis

    diagnosis = _run(diagnose, open_job(read_settings()))
    show_diagnosis(Output(as_json=as_json), diagnosis)
    if diagnosis.exit_code:
        sys.exit(diagnosis.exit_code)


@app.command("rollback")
def rollback_command(
    run: Annotated[str | None, typer.Argument(help="The load to go back to, or a run that it took up.")] = None,
    as_json: Json = False,
) -> None:
    """Put a kept warehouse back in place; without RUN list those that are kept."""
    from pipeline.terminal.rollback_view import show_rollback, show_warehouses
    from pipeline.warehouse.lock import DataLock
    from pipeline.warehouse.rollback import list_warehouses, roll_back

    output, data_dir = Output(as_json=as_json), read_settings().data_dir
    if run is None:
        show_warehouses(output, list_warehouses(data_dir))
        return
    with DataLock(data_dir, "rollback"):
        show_rollback(output, roll_back(data_dir, run))


@app.command("compare-report")
def compare_report_command(
    report: Annotated[str, typer.Argument(help="What LeafLink calls the report: accounts-receivable, …")],
    file: Annotated[Path, typer.Argument(help="The CSV file that was downloaded from LeafLink.")],
    mapping: Annotated[Path | None, typer.Option(help="Which header is which column of ours, in TOML.")] = None,
    write_mapping: Annotated[bool, typer.Option("--write-mapping", help="Print a mapping to begin with.")] = False,
    as_json: Json = False,
) -> None:
    """Hold a report that was downloaded from LeafLink against the warehouse, row by row; 1 when they differ."""
    from pipeline.reconcile.compare import MappingNeeded, compare_report, propose_mapping
    from pipeline.terminal.compare_view import show_comparison

    output, data_dir = Output(as_json=as_json), read_settings().data_dir
    if write_mapping and mapping is not None:
        raise UsageError("--write-mapping prints a mapping, and --mapping names one that is there: leave out either.")
    if write_mapping:
        output.say(propose_mapping(data_dir, report, file))
        return
    try:
        comparison = compare_report(data_dir, report, file, mapping)
    except MappingNeeded as error:
        output.say(error.template)
        raise
    show_comparison(output, comparison)
    if not comparison.is_equal:
        sys.exit(1)


@app.command("sandbox")
def sandbox_command(
    orders: Annotated[int, typer.Option(min=1, help="Orders that a new sandbox starts with.")] = 1200,
    seed: Annotated[int, typer.Option(help="Picks the data of a new sandbox.")] = 1,
    folder: Annotated[Path, typer.Option(help="Where its state is kept.")] = Path("data/sandbox"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 is any free one.")] = 8808,
    key: Annotated[str, typer.Option(help="The key that it takes.")] = "sandbox",
    rate: Annotated[int, typer.Option(min=0, help="Requests a minute; 0 is no limit.")] = 300,
    latency_ms: Annotated[int, typer.Option(min=0, help="Milliseconds to wait before each answer.")] = 0,
    faults: Annotated[str, typer.Option(metavar="F:RATE,…", help="What goes wrong: 429:0.05,reset:0.01,seed=7.")] = "",
    move_every: Annotated[int, typer.Option(min=0, help="Answers after which the data move on; 0 is never.")] = 0,
    change_every: Annotated[int, typer.Option(min=0, help="Answers after which one thing changes; 0 is never.")] = 0,
    listed: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RESOURCE=ORDER",
            help="Order of a list, such as line_items=-key: key, created, modified (each with - "
            "for downwards) or shuffled; * is every other resource. May be given several times.",
        ),
    ] = None,
    mixed_types: Annotated[
        int | None, typer.Option(metavar="SEED", help="Give fields the other types that LeafLink documents, by chance.")
    ] = None,
) -> None:
    """Serve an embedded LeafLink with invented data over HTTP, until Ctrl-C."""
    from pipeline.jobs.sandbox import serve_sandbox
    from pipeline.sandbox import Faults
    from pipeline.sandbox.trouble.ordering import parse_orders

    say = Output(as_json=False).say
    _run(serve_sandbox, folder, orders=orders, seed=seed, host=host, port=port, key=key, rate=rate,
         latency_seconds=latency_ms / 1000, faults=Faults.parse(faults), move_every=move_every,
         change_every=change_every, listed=parse_orders(listed or []),
         mixed_types=mixed_types, say=say)  # fmt: skip


def _run(function: Callable[..., Awaitable[Result]], *args: Any, **kwargs: Any) -> Result:
    import anyio

    use_uvloop = sys.platform != "win32"
    return anyio.run(functools.partial(function, *args, **kwargs), backend_options={"use_uvloop": use_uvloop})


def _show_load(output: Output, result: "LoadResult") -> None:
    from pipeline.terminal.load_view import LoadView

    if not output.as_json:
        LoadView(output).done(result)
    output.document(result.as_document())
    if result.refused_runs:
        sys.exit(IncompleteError.exit_code)
    _exit_for([*result.refused, *result.failed])


def _exit_for(refused: list[str]) -> None:
    if refused:
        sys.exit(5)


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text}: not a date. Write it as YYYY-MM-DD, for example 2026-11-23.") from None


if __name__ == "__main__":
    main()
