"""Heads: what the reader needs of a row before it is decoded, its key and the fields that filters are checked by."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import GenericAlias
from typing import Any, NamedTuple

import msgspec

from pipeline.extract.instants import microseconds


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
        self._fields = fields
        names = (key, *fields)
        attributes = [f"f{index}" for index in range(len(names))]
        rename = dict(zip(attributes, names, strict=True))

        def struct(kind: Any, default: Any) -> Any:
            members = [(attribute, kind, default) for attribute in attributes]
            return msgspec.defstruct("Head", members, rename=rename, gc=False)

        self._read_all = msgspec.json.Decoder(GenericAlias(list, (struct(Any, None),))).decode
        # Where one of the values cannot be decoded, the key still can.
        self._read_raw = msgspec.json.Decoder(struct(msgspec.Raw, msgspec.Raw(b"null"))).decode

    def read(self, rows: list[bytes]) -> list[Head]:
        """Return a head per row."""
        try:
            found = self._read_all(b"[%b]" % b",".join(rows))
            if len(found) == len(rows):
                return [self._head(each) for each in found]
        except (ValueError, RecursionError):
            pass
        return [self._read_alone(row) for row in rows]

    def _read_alone(self, row: bytes) -> Head:
        try:
            key, *values = (_decode(bytes(raw)) for raw in msgspec.structs.astuple(self._read_raw(row)))
        except (ValueError, RecursionError):
            return Head(None, {})
        return Head(_key(key), dict(zip(self._fields, values, strict=True)))

    def _head(self, found: msgspec.Struct) -> Head:
        key, *values = msgspec.structs.astuple(found)
        return Head(_key(key), dict(zip(self._fields, values, strict=True)))


def _decode(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None


def _key(value: Any) -> str | None:
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    return None
