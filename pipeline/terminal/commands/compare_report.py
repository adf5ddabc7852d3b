"""`leafhouse compare-report`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def compare_report(
    report: Annotated[str, typer.Argument(help="What LeafLink calls the report: accounts-receivable, …")],
    file: Annotated[Path, typer.Argument(help="The CSV file that was downloaded from LeafLink.")],
    mapping: Annotated[Path | None, typer.Option(help="Which header is which column of ours, in TOML.")] = None,
    write_mapping: Annotated[bool, typer.Option("--write-mapping", help="Print a mapping to begin with.")] = False,
    as_json: Json = False,
) -> None:
    """Hold a report that was downloaded from LeafLink against the warehouse, row by row; 1 when they differ."""
    from pipeline.reconcile.compare import MappingNeeded, compare_report, propose_mapping
    from pipeline.settings import read_settings
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


COMPARE_REPORT = Command("compare-report", 90, compare_report)
