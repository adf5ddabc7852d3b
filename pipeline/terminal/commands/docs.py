"""`leafhouse docs`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output, counted


def docs(
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write to this file; else dictionary.html in the data folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the dictionary of the warehouse: a page of all tables, columns, joins and audits, and of their sources."""
    from dataclasses import asdict

    from pipeline.datafolder.paths import dictionary_file
    from pipeline.dictionary import write_dictionary
    from pipeline.settings import read_settings

    output, data_dir = Output(as_json=as_json), read_settings().data_dir
    written = write_dictionary(data_dir, to or dictionary_file(data_dir))
    output.document(asdict(written))
    size = f"{written.bytes / 1e6:.1f} MB"
    output.say(f"Wrote {written.path} ({size}): {counted(written.tables, 'table')}, {written.columns:,} columns")


DOCS = Command("docs", 58, docs)
