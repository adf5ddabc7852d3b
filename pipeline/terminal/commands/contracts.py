"""`leafhouse contracts`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def contracts(
    against: Annotated[Path, typer.Option(metavar="FILE", help="An OpenAPI document in JSON.")], as_json: Json = False
) -> None:
    """Hold the contracts against a vendor's document; exit 1 when it names what no contract covers."""
    from pipeline.resources import all_resources
    from pipeline.terminal.contracts_view import show_comparison
    from pipeline.tools.contracts.compare import compare
    from pipeline.tools.contracts.document import read_document

    comparison = compare(all_resources(), read_document(against))
    show_comparison(Output(as_json=as_json), comparison)
    if comparison.open:
        sys.exit(1)


CONTRACTS = Command("contracts", 60, contracts)
