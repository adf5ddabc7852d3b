"""`leafhouse mcp`."""

import signal
from typing import Annotated

import typer

from pipeline.errors import ConfigurationError
from pipeline.terminal.command import Command, wait_for


def mcp(
    max_rows: Annotated[int, typer.Option(min=1, help="Most rows of an answer.")] = 1000,
    max_seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="Most seconds that a query may take.")] = 20.0,
) -> None:
    """Serve the warehouse to an assistant over stdin and stdout (Model Context Protocol): it is only read."""
    from pipeline.mcp.limits import Limits
    from pipeline.settings import read_settings

    data_dir = read_settings().data_dir
    try:
        from pipeline.mcp.server import make_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("pipeline"):
            raise
        package = error.name.partition(".")[0]
        raise ConfigurationError(
            f"leafhouse mcp: needs the package {package}, which is not installed. Run `make mcp`, or "
            "`pip install 'leafhouse[mcp]'` in the environment of Leafhouse."
        ) from error
    # The SDK would wait for a line that may never come. Nothing has to be tidied up here: the process may just end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    wait_for(make_server(data_dir, Limits(rows=max_rows, seconds=max_seconds)).run_stdio_async)


MCP = Command("mcp", 58, mcp)
