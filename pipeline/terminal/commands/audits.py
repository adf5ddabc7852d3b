"""`leafhouse audits`."""

from typing import Annotated

import typer

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def audits(
    audit: Annotated[str | None, typer.Argument(help="Show the rows that this audit found.")] = None,
    as_json: Json = False,
) -> None:
    """Show what the audits found: in the load that one of them kept from being published, else in the published one."""
    from pipeline.settings import read_settings
    from pipeline.terminal.audits_view import show_findings
    from pipeline.warehouse.findings import read_findings

    show_findings(Output(as_json=as_json), read_findings(read_settings().data_dir, audit))


AUDITS = Command("audits", 52, audits)
