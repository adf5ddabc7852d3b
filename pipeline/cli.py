"""The command line: runs a command of `terminal.commands`, and turns errors into one sentence and an exit code."""

import gc
import signal
import sys

import typer

from pipeline.errors import ConfigurationError, LeafhouseError
from pipeline.terminal.commands import all_commands
from pipeline.terminal.console import clean

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="LeafLink in a DuckDB warehouse: extract, load, and query one file.",
)
for _command in all_commands():
    app.command(_command.name)(_command.run)


def main() -> None:
    """Run the command line; errors of ours end with one sentence and their exit code."""
    stopped_by = _end_like_ctrl_c()
    # Imported objects live to the end; collecting them took 5 % of a load.
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


if __name__ == "__main__":
    main()
