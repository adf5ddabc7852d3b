"""Writing `.env`: some variables anew, every other line as it was, for its owner's eyes only."""

import os
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from pipeline.errors import ConfigurationError
from pipeline.settings.environment import read_file, read_text

# What needs no quotes: nothing that ends a value, begins a comment, or is replaced.
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,~-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def write_variables(path: Path, variables: Mapping[str, str]) -> None:
    """Set variables in a file like `.env`, which is made where there is none, with the rights 0600.

    It is written aside, read as every command reads it, and put in place by a rename. Raises ConfigurationError, and
    leaves the file alone, where it cannot be read or a value would be read as another one.
    """
    path = path.resolve()  # a link stays one
    text, aside = _with(read_text(path), variables), path.with_name(f".{path.name}.{os.getpid()}.part")
    aside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        found = read_file(aside)
        for name, value in variables.items():
            if found.get(name) != value:
                raise _unwritable(name)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _with(text: str, variables: Mapping[str, str]) -> str:
    """Return the text of a file with some variables set: each in the place of its last line, or at the end."""
    bindings = list(parse_stream(StringIO(text)))
    last = {binding.key: number for number, binding in enumerate(bindings) if binding.key in variables}
    lines = [_line_of(binding, number, last, variables) for number, binding in enumerate(bindings)]
    added = [f"{name}={_quoted(name, value)}\n" for name, value in variables.items() if name not in last]
    kept = "".join(lines)
    return kept + ("\n" if kept and added and not kept.endswith("\n") else "") + "".join(added)


def _line_of(binding: Binding, number: int, last: Mapping[str | None, int], variables: Mapping[str, str]) -> str:
    name = binding.key
    if name is None or name not in variables:
        return binding.original.string
    text = binding.original.string
    before = text[: len(text) - len(text.lstrip())]  # empty lines
    return f"{before}{name}={_quoted(name, variables[name])}\n" if last[name] == number else before


def _quoted(name: str, value: str) -> str:
    """Return a value as it is to be written. Raises ConfigurationError for one that no form is read back as."""
    for written in _forms(value) if _is_text(value) else ():
        bindings = list(parse_stream(StringIO(f"{name}={written}\n")))
        if len(bindings) == 1 and bindings[0].value == value and "${" not in value:
            return written
    raise _unwritable(name)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _forms(value: str) -> Iterator[str]:
    if _PLAIN.fullmatch(value):
        yield value
    if not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", value):
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        yield f"'{quoted}'"
    quoted = "".join(_ESCAPES.get(letter, letter) for letter in value)
    yield f'"{quoted}"'


def _unwritable(name: str) -> ConfigurationError:
    # The value is not shown: it may be a key.
    return ConfigurationError(f"{name}: holds what a file like .env cannot. Set it in the environment instead.")
