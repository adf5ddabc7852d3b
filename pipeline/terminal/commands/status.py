"""`leafhouse status`."""

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def status(as_json: Json = False) -> None:
    """Show what the warehouse holds: rows, newest change, last run and completeness of each resource."""
    from pipeline.resources import all_resources
    from pipeline.settings import read_settings
    from pipeline.terminal.load_view import show_status
    from pipeline.warehouse.status import read_status

    show_status(Output(as_json=as_json), read_status(read_settings().data_dir, all_resources()))


STATUS = Command("status", 50, status)
