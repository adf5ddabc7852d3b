"""The command line: runs a command of `terminal.commands`, and turns errors into one sentence and an exit code."""

import gc
import signal
import sys
from importlib import metadata
from typing import Annotated, Any

import typer

from pipeline.errors import ConfigurationError, LeafhouseError, UsageError
from pipeline.terminal.commands import all_commands
from pipeline.terminal.console import Output, clean
from pipeline.terminal.job_end import JobEnd
from pipeline.terminal.streams import open_streams

_INTERRUPTED = 128 + signal.SIGINT
_STOPPED = "What was published stays as it was. Run it again, it is safe: an extract goes on where this one was."
_MISUSED = "No command was named; `--help` lists them."

_HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    no_args_is_help=True,
    context_settings=_HELP,
    pretty_exceptions_enable=False,
    help="LeafLink in a DuckDB warehouse: extract, load, and query one file.",
)
for _command in all_commands():
    app.command(_command.name, context_settings=_HELP)(_command.run)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        sys.stdout.write(f"leafhouse {metadata.version('leafhouse')}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; what ends it is told in one sentence, or in one JSON document, with its exit code."""
    open_streams()
    stopped_by = _end_like_ctrl_c()
    # Imported objects live to the end; collecting them took 5 % of a load.
    gc.set_threshold(100_000)
    job = JobEnd()
    try:
        _refuse_other_text(sys.argv[1:])
        app(obj=job)
    except (Exception, SystemExit) as end:
        message, code = _ending(end, stopped_by)
        message, output = clean(message), Output(as_json="--json" in sys.argv)
        if message:
            output.fail(message)
        document = job.document
        if code == UsageError.exit_code or message:
            document = {"error": message or _said_by_parser(end), "exit_code": code}
        # typer makes an exit of Ctrl-C.
        cause = KeyboardInterrupt() if isinstance(end, SystemExit) else end
        notes = job.call_hook(code, cause if message else None)
        if document is not None:
            if notes:
                document["notes"] = [*document.get("notes", ()), *notes]
            output.document(document)
        sys.exit(code)
    finally:
        gc.freeze()  # else Python looks through all of it once more at its end


def _refuse_other_text(arguments: list[str]) -> None:
    """Raise UsageError for an argument that is no UTF-8: no name, key or path of a warehouse can be one."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"{argument}: not UTF-8. Write it in the encoding of this terminal.") from None


def _ending(end: Exception | SystemExit, stopped_by: list[int]) -> tuple[str, int]:
    """Return what is to be said about the end of a command, empty where that was done, and its exit code."""
    # DuckDB makes this error of Ctrl-C in the middle of a query, typer makes an exit of it elsewhere.
    if str(end) == "Query interrupted" or (isinstance(end, SystemExit) and end.code == _INTERRUPTED):
        by = "Stopped" if stopped_by[-1] == signal.SIGINT else f"Told to stop ({signal.Signals(stopped_by[-1]).name})"
        return f"{by}. {_STOPPED}", 128 + stopped_by[-1]
    if isinstance(end, SystemExit):
        return "", end.code if isinstance(end.code, int) else 0
    if isinstance(end, LeafhouseError):
        return str(end), end.exit_code
    if isinstance(end, OSError):
        return _describe_os_error(end), ConfigurationError.exit_code
    # Imported here: nearly no command needs it.
    from pipeline.terminal.unforeseen import unforeseen

    found = unforeseen(end)
    return str(found), found.exit_code


def _said_by_parser(end: Exception | SystemExit) -> str:
    """Return the sentence that the parser of the command line has printed about what it could not take."""
    # It exits while it handles its own error, whose class is in no public module.
    describe = getattr(end.__context__, "format_message", str)
    return clean(" ".join(describe().split())) or _MISUSED


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


if __name__ == "__main__":
    main()
