"""Whether a line calls a command of Leafhouse that there is, with options that it takes."""

import shlex
from functools import cache

import typer

from pipeline.cli import app


@cache
def options_of() -> dict[str, set[str]]:
    """Return the options of every command, by its name."""
    group = typer.main.get_command(app)
    return {
        name: {option for parameter in command.params for option in parameter.opts} | {"-h", "--help"}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


def assert_calls(line: str) -> None:
    """Assert that a line, `leafhouse` or a path to it with its arguments, can be called."""
    program, command, *arguments = shlex.split(line)
    assert program.rpartition("/")[2] == "leafhouse", line
    assert command in options_of(), line
    unknown = {each for each in arguments if each.startswith("-")} - options_of()[command]
    assert not unknown, line
