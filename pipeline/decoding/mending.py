"""The slow way: a row that no struct takes is taken apart, and what no JSON may hold is taken out of it.

Only rows come here that are no plain JSON: a name twice in one object, half of a surrogate pair, bytes that are no
UTF-8, NaN, thousands of brackets; rows without a field that is never null; and rows with more unknown names than are
learned.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import msgspec

from pipeline.decoding.fragments import MOST_DIGITS, check_json, has_structure, items_of, members_of, read_value
from pipeline.decoding.oddities import Odd, RejectedRow, reject, shown
from pipeline.resources.columns import Shape, fields_inside
from pipeline.resources.types import Kind, Record


@dataclass(frozen=True)
class MendedRow:
    """A row without what no JSON may hold: what the contract names, and beside it what it does not name.

    `odd` is what was taken out, by path; `embedded` are the rows of other resources by field, as they came (None where
    the field is null or absent).
    """

    row: bytes
    extra: dict[str, msgspec.Raw]
    odd: dict[str, Odd]
    embedded: dict[str, list[bytes] | None] = field(default_factory=dict)


class _Unfit(Exception):
    """A part of a row that makes the row worthless."""

    def __init__(self, path: str, reason: object) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = str(reason)


_INDEX = re.compile(r"\.(\d+)(?=\.)")
_NULL = msgspec.Raw(b"null")
_UNKNOWN = Shape(kind=Kind.JSON)
# Returns the path inside a field, and why a JSON text is no value of it; nothing for one that is.
Complaint = Callable[[str, bytes], tuple[str, str] | None]


def mend(
    row: bytes, record: type[Record], key: str, *, filled: frozenset[str], embedded: frozenset[str],
    complaint: Complaint,
) -> MendedRow | RejectedRow:  # fmt: skip
    """Return `row` in a form that the struct takes, or say what is wrong with it.

    `filled` fields may be missing, since the reader knows them; `embedded` fields hold rows of other resources;
    `complaint` says what the struct has against the value of a field.
    """
    try:
        members = members_of(row)
    except ValueError as error:
        return reject(row, None, "", f"not a JSON object: {error}")
    reader, row_shape = _Reader(embedded), Shape(record=record)
    try:
        values = reader.read_object(members, row_shape, "")
        for name, shape in fields_inside(row_shape).items():
            if name not in values:
                if shape.is_required and name not in filled:
                    raise _Unfit(name, "Field required")
            elif found := complaint(name, bytes(values[name])):
                path, reason = found
                if shape.is_essential:
                    raise _Unfit(path, reason)
                reader.odd[name] = Odd(shown(bytes(values[name])), f"{path}: {reason}")
                values[name] = _NULL
    except _Unfit as error:
        return reject(row, _key_in(members, key), error.path, error.reason)
    return MendedRow(msgspec.json.encode(values), reader.extra, reader.odd, reader.embedded)


class _Reader:
    """Takes a row apart as its contract shapes it. What cannot be read is null, and kept in `odd`."""

    def __init__(self, embedded: frozenset[str]) -> None:
        self.extra: dict[str, msgspec.Raw] = {}
        self.odd: dict[str, Odd] = {}
        self.embedded: dict[str, list[bytes] | None] = dict.fromkeys(embedded)

    def read_object(self, members: list[tuple[str, bytes]], shape: Shape, path: str) -> dict[str, msgspec.Raw]:
        """Return the values of the fields that the contract names. Raises _Unfit."""
        inside = fields_inside(shape)
        values: dict[str, msgspec.Raw] = {}
        texts: dict[str, list[bytes]] = {}
        for name, text in members:
            texts.setdefault(name, []).append(text)
        for name, found in texts.items():
            if not path and name in self.embedded:
                self.embedded[name] = self._read_embedded(found, name)
                continue
            inner = inside.get(name, _UNKNOWN)
            if len(found) > 1:
                twice = b"[%b]" % b",".join(found)
                value = self._put_aside(twice, inner, path + name, "the name comes twice")
            else:
                value = self._read_value(found[0], inner, path + name)
            if name in inside:
                values[name] = value
            elif path + name not in self.odd:
                place = _INDEX.sub(r"[\1]", path)  # as in rows that are not taken apart
                self.extra[place + name] = value
        return values

    def _read_embedded(self, found: list[bytes], name: str) -> list[bytes] | None:
        if len(found) > 1:
            raise _Unfit(name, "the name comes twice")
        try:
            return None if found[0] == b"null" else items_of(found[0])
        except ValueError as error:
            raise _Unfit(name, f"not a list: {error}") from error

    def _read_value(self, text: bytes, shape: Shape, path: str) -> msgspec.Raw:
        try:
            if shape.is_list and text[:1] == b"[":
                item = replace(shape, is_list=False)
                items = [self._read_value(each, item, f"{path}.{at}") for at, each in enumerate(items_of(text))]
                return msgspec.Raw(msgspec.json.encode(items))
            if shape.record is not None and text[:1] == b"{":
                values = self.read_object(members_of(text), shape, f"{path}.")
                return msgspec.Raw(msgspec.json.encode(values))
            check_json(text)
            if shape.kind is not Kind.JSON:  # what is free-form may have a name twice: its text stays as it is
                value = read_value(text)
                if isinstance(value, Decimal) and len(text) > MOST_DIGITS:
                    raise ValueError("a number of too many digits")
        except (ValueError, RecursionError) as error:
            return self._put_aside(text, shape, path, str(error))
        return msgspec.Raw(text)

    def _put_aside(self, text: bytes, shape: Shape, path: str, reason: str) -> msgspec.Raw:
        # Behind a bracket that is missing the rest of the row may be inside of this value.
        if shape.is_essential or not has_structure(text):
            raise _Unfit(path, reason)
        self.odd[path] = Odd(shown(text), reason)
        return _NULL


def _key_in(members: list[tuple[str, bytes]], key: str) -> str | None:
    """Return the key of a row as text, None where there is no readable one."""
    text = next((text for name, text in reversed(members) if name == key), b"null")
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
