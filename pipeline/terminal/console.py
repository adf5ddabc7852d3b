"""Where output goes: results to stdout, progress to stderr, and never a control character from the source."""

import re
import sys
import textwrap
from enum import StrEnum
from typing import Any

import orjson
from rich.console import Console

from pipeline import clock

# Everything but tab and newline that moves the cursor, colours, or hides text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# The width of a column of names: the longest one is orders_delivery_information.
NAMES = 28


def clean(text: str) -> str:
    """Return `text` without control characters, and with a question mark for what is no Unicode."""
    return _CONTROL.sub("", text).encode(errors="replace").decode()


def counted(number: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def fitted(text: str, width: int) -> str:
    """Return the text with its longer lines broken between words; what goes on is indented by two more."""
    return "\n".join(
        line if len(line) <= width else textwrap.fill(
            line, width, subsequent_indent=" " * (len(line) - len(line.lstrip()) + 2), break_long_words=False,
            break_on_hyphens=False, replace_whitespace=False,
        )
        for line in text.split("\n")
    )  # fmt: skip


class LogFormat(StrEnum):
    """How the lines of a job are written where no terminal shows them."""

    TEXT = "text"
    JSON = "json"


class Output:
    """The output of a command: for people, or (with `as_json`) one JSON document on stdout for machines.

    A job that runs for a while has a `log_format`: where no terminal shows its lines, each has its time (UTC) and its
    level. `verbosity` is 1 for all details, 0, or -1 for warnings alone.
    """

    def __init__(self, *, as_json: bool, log_format: LogFormat | None = None, verbosity: int = 0) -> None:
        self.as_json = as_json
        self.results = Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False)
        self.progress = Console(file=sys.stderr, highlight=False, soft_wrap=True, emoji=False)
        # On a terminal all lines take one way: it puts them above a live table, where others would be drawn over.
        is_watched = self.results.is_terminal and self.progress.is_terminal
        self._lines = self.progress if as_json or is_watched else self.results
        self._log_format = log_format
        self._verbosity = verbosity

    @property
    def is_live(self) -> bool:
        """Whether someone watches: progress can be redrawn instead of logged."""
        return self.progress.is_terminal and not self.as_json

    def say(self, text: str) -> None:
        """Print a line of results for people; with --json it goes to stderr, so that stdout holds JSON only."""
        if self._verbosity >= 0:
            self._print(self._lines, text, "info")

    def show(self, table: str) -> None:
        """Print results that are laid out already."""
        self.results.print(clean(table), markup=False)

    def detail(self, text: str) -> None:
        """Print a line that few want to see: with -v only."""
        if self._verbosity > 0:
            self._print(self._lines, text, "debug")

    def warn(self, text: str) -> None:
        """Print a line that something is not as it should be, with -q too."""
        self._print(self._lines, text, "warning", style="yellow")

    def fail(self, text: str) -> None:
        """Print why a command failed, on stderr; in red where a terminal shows colours, and NO_COLOR is not set."""
        self._print(self.progress, text, "error", style="red")

    def log(self, text: str) -> None:
        """Print a line about the progress."""
        if self._verbosity >= 0:
            self._print(self.progress, text, "info")

    def document(self, value: Any) -> None:
        """Print the one JSON document of a `--json` command."""
        if self.as_json:
            option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
            sys.stdout.write(orjson.dumps(value, default=str, option=option).decode() + "\n")

    def _print(self, console: Console, text: str, level: str, *, style: str | None = None) -> None:
        text = clean(text)
        if self._log_format is not None and not console.is_terminal:
            time = f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
            if self._log_format is LogFormat.JSON:
                text = orjson.dumps({"time": time, "level": level, "message": text.strip()}).decode()
            else:
                text = f"{time} {level.upper():<7} {text}"
        elif console.is_terminal:
            text = fitted(text, console.width)
        console.print(text, markup=False, style=style)
