"""`leafhouse trace`."""

from typing import Annotated

import typer

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def trace(
    table: Annotated[str, typer.Argument(help="A mart, such as fct_order_lines.")],
    key: Annotated[str, typer.Argument(help="The key of its row: a line_id, an order's number, a customer_id, …")],
    as_json: Json = False,
) -> None:
    """Show where a row of a mart comes from: rows of LeafLink, down to run, window, file and place in the landing."""
    from pipeline.jobs.landing import open_landing
    from pipeline.jobs.trace import trace
    from pipeline.settings import read_settings
    from pipeline.terminal.trace_view import show_traces

    settings = read_settings()
    show_traces(Output(as_json=as_json), trace(settings.data_dir, open_landing(settings), table, key))


TRACE = Command("trace", 75, trace)
