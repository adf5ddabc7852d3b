"""Where output goes: results to stdout, progress to stderr, and never a control character from the source."""

import re
import sys
from typing import Any

import orjson
from rich.console import Console

# Everything but tab and newline that moves the cursor, colours, or hides text.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# The width of a column of names: the longest one is orders_delivery_information.
NAMES = 28


def clean(text: str) -> str:
    """Return `text` without control characters."""
    return _CONTROL.sub("", text)


class Output:
    """The output of a command: for people, or (with `as_json`) one JSON document on stdout for machines."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.results = Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False)
        self.progress = Console(file=sys.stderr, highlight=False, soft_wrap=True, emoji=False)
        # On a terminal all lines take one way: it puts them above a live table, where others would be drawn over.
        is_watched = self.results.is_terminal and self.progress.is_terminal
        self._lines = self.progress if as_json or is_watched else self.results

    @property
    def is_live(self) -> bool:
        """Whether someone watches: progress can be redrawn instead of logged."""
        return self.progress.is_terminal and not self.as_json

    def say(self, text: str) -> None:
        """Print a line of results for people; with --json it goes to stderr, so that stdout holds JSON only."""
        self._lines.print(clean(text), markup=False)

    def log(self, text: str) -> None:
        """Print a line about the progress."""
        self.progress.print(clean(text), markup=False)

    def document(self, value: Any) -> None:
        """Print the one JSON document of a `--json` command."""
        if self.as_json:
            option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
            sys.stdout.write(orjson.dumps(value, default=str, option=option).decode() + "\n")
