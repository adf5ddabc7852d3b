"""`leafhouse prune`."""

from typing import Annotated

import typer

from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def prune(
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and let nothing go.")] = False,
    as_json: Json = False,
) -> None:
    """Let go of earlier warehouses, landed runs and logs that the settings do not keep; each load does so, too."""
    from pipeline.jobs.prune import prune_folder
    from pipeline.settings import read_settings
    from pipeline.terminal.prune_view import show_pruned

    show_pruned(Output(as_json=as_json), prune_folder(read_settings(), is_dry_run=is_dry_run))


PRUNE = Command("prune", 85, prune)
