"""Taking JSON apart by its brackets and strings alone: every part stays the bytes that it came as.

This also works where a part holds what no JSON may hold (NaN, half of a surrogate pair, bytes that are no UTF-8), where
a name comes twice, and however deep the nesting is. Whoever reads a part on its own then knows which one is to blame.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]|[^\[\]{},"]+|"', re.DOTALL)
_MEMBER = re.compile(rb'\s*("(?:[^"\\]|\\.)*")\s*:(.*)', re.DOTALL)
_CLOSING = {b"]": b"[", b"}": b"{"}
MOST_DIGITS = 4000  # Python refuses to read a whole number of more than 4,300


def members_of(text: bytes) -> list[tuple[str, bytes]]:
    """Return the names of a JSON object and the texts of their values, as often as they come.

    Raises ValueError for what is no object, or has a name that is no text.
    """
    members = []
    for part in _parts(text, b"{", b"}"):
        match = _MEMBER.fullmatch(part)
        if match is None:
            raise ValueError("a member without a name")
        name: str = json.loads(match[1].decode())
        name.encode()  # half of a surrogate pair is no text
        members.append((name, match[2].strip()))
    return members


def items_of(text: bytes) -> list[bytes]:
    """Return the texts of the values in a JSON list. Raises ValueError for what is none."""
    return _parts(text, b"[", b"]")


def _parts(text: bytes, opening: bytes, closing: bytes) -> list[bytes]:
    text = text.strip()
    if not (text.startswith(opening) and text.endswith(closing)):
        raise ValueError(f"it does not go from {opening.decode()} to {closing.decode()}")
    parts, open_brackets, start = list[bytes](), list[bytes](), 1
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == b'"':
            raise ValueError("a text without an end")
        if start > 1 and not open_brackets:
            raise ValueError("more behind its end")
        if mark in _CLOSING and (not open_brackets or open_brackets.pop() != _CLOSING[mark]):
            raise ValueError("brackets that do not match")
        if (len(open_brackets) == 1 and mark == b",") or (not open_brackets and mark == closing):
            parts.append(text[start : token.start()].strip())
            start = token.end()
        if mark in (b"[", b"{"):
            open_brackets.append(mark)
    if open_brackets:
        raise ValueError("brackets that do not close")
    if parts == [b""]:
        return []
    if b"" in parts:
        raise ValueError("nothing between two commas")
    return parts


def read_value(text: bytes) -> Any:
    """Return what a JSON text says, with a Decimal for every number that is not whole, and for NaN and its like.

    Raises ValueError for what is no JSON or has a name twice, RecursionError for what is nested too deeply. Bytes that
    are no UTF-8 and halves of surrogate pairs come back as the latter.
    """
    return json.loads(
        text.decode("utf-8", "surrogateescape"),
        parse_float=_decimal, parse_int=_whole, parse_constant=Decimal, object_pairs_hook=_members,
    )  # fmt: skip


def has_structure(text: bytes) -> bool:
    """Whether an object or a list is one to its end, whatever its texts and names are."""
    try:
        json.loads(text.decode("utf-8", "surrogateescape"), strict=False)
    except RecursionError:
        return True
    except ValueError:
        return text[:1] not in (b"{", b"[")
    return True


def check_json(text: bytes) -> None:
    """Raise ValueError or RecursionError unless `text` can be kept as JSON, as it is."""
    text.decode()
    msgspec.json.decode(text, type=msgspec.Raw)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        return Decimal("NaN")


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= MOST_DIGITS else Decimal(text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name in it comes twice")  # which one may be personal
    return found
