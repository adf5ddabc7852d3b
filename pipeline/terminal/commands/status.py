"""`leafhouse status`."""

import re
import sys
from datetime import timedelta
from typing import Annotated

import typer

from pipeline.errors import StaleError, UsageError
from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output

_HOURS = {"m": 1 / 60, "h": 1, "d": 24}


def status(
    max_age: Annotated[
        str | None, typer.Option(metavar="AGE", help="End with 9 when the data are older: 90m, 26h, 2d.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the page of the morning: how fresh, how complete, what is owed, what failed, and each resource."""
    from pipeline.jobs.landing import open_landing
    from pipeline.resources import all_resources
    from pipeline.settings import read_settings
    from pipeline.terminal.status_view import describe_age, show_status
    from pipeline.warehouse.status import read_status

    limit, output = _read_age(max_age), Output(as_json=as_json)
    settings = read_settings()
    found = read_status(settings.data_dir, all_resources(), open_landing(settings).refused_runs())
    show_status(output, found)
    if limit is not None and (found.age is None or found.age > limit):
        age = "of an unknown age" if found.age is None else f"{describe_age(found.age)} old"
        output.warn(f"The data are {age}: more than {max_age}.")
        sys.exit(StaleError.exit_code)


def _read_age(text: str | None) -> timedelta | None:
    if text is None:
        return None
    age = re.fullmatch(r"(\d{1,6})([mhd])", text)
    if age is None:
        raise UsageError(f"--max-age {text}: not an age. Write minutes, hours or days, like 90m, 26h or 2d.")
    return timedelta(hours=int(age[1]) * _HOURS[age[2]])


STATUS = Command("status", 50, status)
