"""`leafhouse report`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def report(
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there, not to report.html.")] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Show it on this machine, and follow new loads.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --serve: the port; 0 takes one that is free.")] = 0,
    as_json: Json = False,
) -> None:
    """Write the page for the morning: one HTML file that needs no network."""
    from pipeline.datafolder.paths import report_file
    from pipeline.jobs.load import access_of
    from pipeline.report.build import write_report
    from pipeline.settings import read_settings

    output, settings = Output(as_json=as_json), read_settings()
    if serve:
        asyncio.run(_serve(output, settings.data_dir, port))
        return
    path = to or report_file(settings.data_dir)
    write_report(settings.data_dir, path, access_of(settings))
    output.document({"report": str(path), "bytes": path.stat().st_size})
    if not as_json:
        output.say(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in a browser; it needs no network.")


async def _serve(output: Output, data_dir: Path, port: int) -> None:
    from pipeline.datafolder.paths import warehouse_file
    from pipeline.report.server import serve_report
    from pipeline.warehouse.published import refuse_missing

    refuse_missing(warehouse_file(data_dir))
    async with serve_report(data_dir, port) as address:
        output.document({"address": address})
        if not output.as_json:
            output.say(f"The report is at {address} until Ctrl-C; it follows new loads.")
        await asyncio.Event().wait()


REPORT = Command("report", 57, report)
