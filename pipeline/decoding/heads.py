"""Heads: what the reader needs of a row before it is decoded, its key and the fields that filters are checked by."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import GenericAlias
from typing import Any, NamedTuple

import msgspec

from pipeline.decoding.fragments import members_of
from pipeline.instants import microseconds


class Head(NamedTuple):
    """The key of a row (None: unreadable), and some of its values as they came."""

    key: str | None
    values: Mapping[str, Any]

    def moment(self, field: str) -> datetime | None:
        """Return an instant in UTC, None where there is no readable one."""
        value = self.values.get(field)
        if not isinstance(value, str):
            return None
        try:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo is not None else None
        except (ValueError, OverflowError):
            return None

    def microseconds(self, field: str | None) -> int | None:
        """Return an instant in microseconds since 1970, None where there is no readable one."""
        moment = None if field is None else self.moment(field)
        return None if moment is None else microseconds(moment)

    def flag(self, field: str) -> bool | None:
        """Return a truth value, None where there is no readable one."""
        value = self.values.get(field)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        return value if isinstance(value, bool) else None


class HeadReader:
    """Reads the heads of raw rows."""

    def __init__(self, key: str, fields: tuple[str, ...]) -> None:
        self._names = (key, *fields)
        attributes = {f"f{index}": name for index, name in enumerate(self._names)}
        members = [(attribute, Any, None) for attribute in attributes]
        head = msgspec.defstruct("Head", members, rename=attributes, gc=False)
        self._read_all = msgspec.json.Decoder(GenericAlias(list, (head,))).decode

    def read(self, rows: list[bytes]) -> list[Head]:
        """Return a head per row."""
        heads = self._read_together(rows)
        return [self._read_alone(row) for row in rows] if heads is None else heads

    def _read_together(self, rows: list[bytes]) -> list[Head] | None:
        try:
            found = self._read_all(b"[%b]" % b",".join(rows))
        except (ValueError, RecursionError):
            return None
        return [self._head(msgspec.structs.astuple(each)) for each in found] if len(found) == len(rows) else None

    def _read_alone(self, row: bytes) -> Head:
        heads = self._read_together([row])
        return self._read_members(row) if heads is None else heads[0]

    def _read_members(self, row: bytes) -> Head:
        """Read a row in which some value cannot be read, such as half of a surrogate pair: its key still can."""
        try:
            members = dict(members_of(row))
        except (ValueError, RecursionError):
            return Head(None, {})
        return self._head([_decode(members.get(name, b"null")) for name in self._names])

    def _head(self, found: Sequence[Any]) -> Head:
        key, *values = found
        return Head(_key(key), dict(zip(self._names[1:], values, strict=True)))


def _decode(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None


def _key(value: Any) -> str | None:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    return None
