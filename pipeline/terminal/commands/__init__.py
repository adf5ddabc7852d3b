"""The commands: one module per command, found by looking into this folder."""

from importlib import import_module
from pkgutil import iter_modules

from pipeline.terminal.command import Command


def all_commands() -> list[Command]:
    """Return every command, in the order of their places."""
    modules = [import_module(module.name) for module in iter_modules(__path__, f"{__name__}.")]
    found = {value.name: value for module in modules for value in vars(module).values() if isinstance(value, Command)}
    return sorted(found.values(), key=lambda command: (command.place, command.name))
