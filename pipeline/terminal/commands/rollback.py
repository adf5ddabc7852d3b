"""`leafhouse rollback`."""

from typing import Annotated

import typer

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def rollback(
    run: Annotated[str | None, typer.Argument(help="The load to go back to, or a run that it took up.")] = None,
    as_json: Json = False,
) -> None:
    """Put a kept warehouse back in place; without RUN list those that are kept."""
    from pipeline.datafolder.lock import DataLock
    from pipeline.jobs.load import access_of
    from pipeline.settings import read_settings
    from pipeline.terminal.rollback_view import show_rollback, show_warehouses
    from pipeline.warehouse.rollback import list_warehouses, roll_back

    output, settings = Output(as_json=as_json), read_settings()
    data_dir = settings.data_dir
    if run is None:
        show_warehouses(output, list_warehouses(data_dir))
        return
    with DataLock(data_dir, "rollback"):
        show_rollback(output, roll_back(data_dir, run, access_of(settings)))


ROLLBACK = Command("rollback", 80, rollback)
