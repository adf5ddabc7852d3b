"""`leafhouse export`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.export.format import Format
from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def export(
    to: Annotated[Path, typer.Option(help="The file to write, or a folder for files with the names of the marts.")],
    table: Annotated[str | None, typer.Argument(help="A mart, such as ar_aging.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Export every mart, each to a file in a folder.")] = False,
    sql: Annotated[str | None, typer.Option(help='Export the answer of a query: "select …".')] = None,
    form: Annotated[Format | None, typer.Option("--format", help="By default the ending of the file says it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    as_json: Json = False,
) -> None:
    """Write marts, or the answer of a query, to files for other programs: Parquet, CSV or XLSX."""
    from pipeline.export.export import Selection, export
    from pipeline.settings import read_settings
    from pipeline.terminal.export_view import show_export

    if (table is not None) + every + (sql is not None) != 1:
        raise UsageError("Name a mart, or say --all, or --sql: one of the three.")
    selection = Selection(table=table, sql=sql)
    show_export(Output(as_json=as_json), export(read_settings().data_dir, selection, to, form, force=force))


EXPORT = Command("export", 57, export)
