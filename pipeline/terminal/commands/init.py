"""`leafhouse init`."""

import os
import sys
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import UsageError
from pipeline.terminal.command import Command, wait_for
from pipeline.terminal.console import Output

_SCHEMES = {"app": "App", "token": "Token"}


def init(
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Read the key from standard input, and ask nothing.")
    ] = False,
    scheme: Annotated[str | None, typer.Option(metavar="App|Token", help="What kind of key it is.")] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="The zone whose days and months count, like America/Denver.")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(metavar="FOLDER", help="Where the data are to be.")] = None,
) -> None:
    """Ask for your LeafLink key and what belongs to it, try it, and write `.env`."""
    from pipeline.jobs.init import try_key
    from pipeline.settings import read_settings
    from pipeline.settings.env_file import write_variables
    from pipeline.settings.environment import COMPANIES_FILE, ENV_FILE
    from pipeline.terminal.doctor_view import show_key

    output = Output(as_json=False)
    if COMPANIES_FILE.exists():
        raise UsageError(f"{COMPANIES_FILE} names several companies: write their keys into {ENV_FILE} yourself.")
    is_asked = not key_stdin and sys.stdin.isatty()
    if not is_asked and not (key_stdin and scheme and timezone):
        raise UsageError("Nobody can be asked here: give --key-stdin, --scheme and --timezone, and the key on stdin.")
    if ENV_FILE.exists() and not (is_asked and _agree(f"{ENV_FILE} is there. Change its key, and keep the rest?")):
        if is_asked:
            output.say("Nothing was changed.")
            return
        raise UsageError(f"{ENV_FILE} is there, and is not written over unasked. Edit it, or run this at a terminal.")
    variables = _ask(scheme, timezone, data_dir) if is_asked else _given(str(scheme), str(timezone), data_dir)
    health, fixes = wait_for(try_key, read_settings(variables))
    show_key(output, health)
    write_variables(ENV_FILE, variables)
    for fix in fixes:
        output.say(f"Fix: {fix}")
    for name in sorted(variables.keys() & os.environ.keys()):
        output.warn(f"{name} is set in the environment, too, which counts more than {ENV_FILE}: unset it there.")
    output.say(
        f"Wrote {ENV_FILE}, which only you can read. Next: `leafhouse plan` says what the first night asks, "
        "`leafhouse run` reads it."
    )


def _given(scheme: str, timezone: str, data_dir: str | None) -> dict[str, str]:
    """Return the variables that the options name, with the key from standard input."""
    variables = {
        "LEAFLINK_API_KEY": sys.stdin.read().strip(),
        "LEAFLINK_AUTH_SCHEME": _read_option("--scheme", scheme, _read_scheme),
        "LEAFHOUSE_TIMEZONE": _read_option("--timezone", timezone, _read_zone),
    }
    return variables if data_dir is None else variables | {"LEAFHOUSE_DATA_DIR": data_dir}


def _ask(scheme: str | None, timezone: str | None, data_dir: str | None) -> dict[str, str]:
    """Return the variables that somebody types, but for those that the options name."""
    from pipeline.settings.environment import read_variables
    from pipeline.zones import system_zone

    set_before = read_variables()
    folder = set_before.get("LEAFHOUSE_DATA_DIR", "data")
    variables = {"LEAFLINK_API_KEY": _ask_for("Your LeafLink key (it is not shown)", None, _read_key, getpass)}
    variables["LEAFLINK_AUTH_SCHEME"] = (
        _read_option("--scheme", scheme, _read_scheme) if scheme is not None
        else _ask_for("App (the key of a company) or Token (that of a user)",
                      set_before.get("LEAFLINK_AUTH_SCHEME", "App"), _read_scheme)
    )  # fmt: skip
    variables["LEAFHOUSE_TIMEZONE"] = (
        _read_option("--timezone", timezone, _read_zone) if timezone is not None
        else _ask_for("Time zone whose days and months count",
                      set_before.get("LEAFHOUSE_TIMEZONE", system_zone() or "UTC"), _read_zone)
    )  # fmt: skip
    chosen = data_dir or _ask_for("Folder for the data", _free_folder(folder), str)
    if chosen != "data" or "LEAFHOUSE_DATA_DIR" in set_before:
        variables["LEAFHOUSE_DATA_DIR"] = chosen
    return variables


def _free_folder(folder: str) -> str:
    """Return the folder to offer: another one where it holds the invented data of the sandbox."""
    from pipeline.datafolder.claim import claimed_by

    return f"{folder}-live" if claimed_by(Path(folder).expanduser()) == "sandbox" else folder


def _ask_for(question: str, default: str | None, read: Callable[[str], str], ask: Callable[[str], str] = input) -> str:
    """Ask until what is typed can be used."""
    offered = "" if default is None else f" [{default}]"
    while True:
        try:
            return read(ask(f"{question}{offered}: ").strip() or default or "")
        except ValueError as error:
            sys.stderr.write(f"  {error}\n")
        except EOFError:
            raise UsageError("Nothing was typed, so nothing was changed.") from None


def _agree(question: str) -> bool:
    return _ask_for(f"{question} (yes or no)", "no", str.lower) in ("y", "yes")


def _read_option(name: str, text: str, read: Callable[[str], str]) -> str:
    try:
        return read(text)
    except ValueError as error:
        raise UsageError(f"{name} {text}: {error}.") from None


def _read_key(text: str) -> str:
    if not text:
        raise ValueError("a key is needed; without one, `leafhouse run --sandbox` reads invented data")
    return text


def _read_scheme(text: str) -> str:
    if text.lower() not in _SCHEMES:
        raise ValueError("write App or Token")
    return _SCHEMES[text.lower()]


def _read_zone(text: str) -> str:
    from pipeline.settings.environment import known_zone

    return known_zone(text)


INIT = Command("init", 5, init)
