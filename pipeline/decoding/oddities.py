"""What is odd in rows: values that their fields cannot hold, and rows that are worthless for one of these."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from pipeline.decoding.fragments import items_of, members_of
from pipeline.resources.columns import Shape
from pipeline.resources.values import Unfit

_LONGEST_REASON = 300


@dataclass(frozen=True)
class RejectedRow:
    """A row that breaks its contract: where (a path such as `total.amount`), why, and the row as it came."""

    key: str | None
    path: str
    reason: str
    raw: bytes


class Odd(msgspec.Struct):
    """A value that its field cannot hold: what it came as (None: not looked for yet), and why it does not fit."""

    text: str | None
    reason: str


class Oddities:
    """The odd values of a batch of rows, by row and path.

    `odd` are those whose fields are null, or rounded; `unfit` names, for each row that is worthless, one of the fields
    that make it so.
    """

    def __init__(self) -> None:
        self.odd: dict[int, dict[str, Odd]] = {}
        self.unfit: dict[int, tuple[str, str]] = {}

    def note(self, row: int, path: str, value: Any, error: Unfit, shape: Shape) -> Any:
        """Note a value that does not fit, and return what stands in its column instead."""
        if shape.is_essential:
            self.unfit.setdefault(row, (path, str(error)))
            return None
        self.odd.setdefault(row, {})[path] = Odd(_text_of(value), str(error))
        return error.instead

    def texts(self, row: int, raw: bytes) -> dict[str, str]:
        """Return the odd values of a row by path, as they came in `raw`."""
        return {
            path: shown(json_at(raw, path)) if odd.text is None else odd.text
            for path, odd in self.odd.get(row, {}).items()
        }


def reject(raw: bytes, key: str | None, path: str, reason: str) -> RejectedRow:
    """Return a row as one that is set aside."""
    # What is shown of foreign text may hold half of a surrogate pair, which can be written nowhere.
    return RejectedRow(key, path, reason[:_LONGEST_REASON].encode("utf-8", "replace").decode(), raw)


def shown(text: bytes) -> str:
    """Return a JSON text as `_odd` shows it: without the quotation marks of a text, else as it came."""
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, str) else text.decode("utf-8", "replace")


def json_at(raw: bytes, path: str) -> bytes:
    """Return what a row holds under a path such as `order_taxes.0.rate`, as it came; null where it cannot be told."""
    text = raw
    for part in path.split("."):
        inside: Mapping[str, bytes] = dict(_parts(text))
        if part not in inside:
            return b"null"
        text = inside[part]
    return text


def _parts(text: bytes) -> list[tuple[str, bytes]]:
    try:
        if text[:1] == b"[":
            return [(str(index), each) for index, each in enumerate(items_of(text))]
        return members_of(text)
    except (ValueError, RecursionError):
        return []


def _text_of(value: Any) -> str | None:
    """Return a decoded value as it came; None for an object or a list: its numbers may have been written otherwise."""
    if isinstance(value, dict | list):
        return None
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)
