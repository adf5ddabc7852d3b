"""`leafhouse diff`."""

from typing import Annotated

import typer

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def diff(
    since: Annotated[str | None, typer.Argument(metavar="[LOAD]", help="A kept load; see leafhouse rollback.")] = None,
    until: Annotated[str | None, typer.Argument(metavar="[LOAD]", help="A later one; without it the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Show what the newest load changed: receivables, sales, payments, stock; or what differs between kept loads."""
    from pipeline.jobs.diff import diff, diff_loads
    from pipeline.settings import read_settings
    from pipeline.terminal.diff_view import show_diff

    data_dir = read_settings().data_dir
    show_diff(Output(as_json=as_json), diff(data_dir) if since is None else diff_loads(data_dir, since, until))


DIFF = Command("diff", 70, diff)
