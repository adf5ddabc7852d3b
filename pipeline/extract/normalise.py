"""The slow path: a row that the fast one refused is explained by its contract, or put into canonical form."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from pydantic import ValidationError

from pipeline.extract.fragments import check_json, items_of, members_of, read_value
from pipeline.extract.structs import LONGEST_NUMBER
from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.types import Kind, Record

_LONGEST_REASON = 300


@dataclass(frozen=True)
class Rejected:
    """A row that breaks its contract: where (a path such as `total.amount`), why, and the row as it came."""

    key: str | None
    path: str
    reason: str
    raw: bytes


@dataclass(frozen=True)
class Normalised:
    """A row in canonical form: what the contract names, and beside it what it does not name.

    `embedded` are the rows of other resources by field, as they came; None where the field is null or absent.
    """

    row: bytes
    extra: dict[str, msgspec.Raw]
    embedded: dict[str, list[bytes] | None] = field(default_factory=dict)


class _Unfit(Exception):
    """A part of a row that nothing can be made of."""

    def __init__(self, path: str, reason: object) -> None:
        super().__init__(path, reason)
        self.path = path.replace("[", ".").replace("]", "")
        self.reason = str(reason)


def normalise(
    row: bytes, record: type[Record], key: str, *, fill: Mapping[str, str], embedded: frozenset[str]
) -> Normalised | Rejected:
    """Return `row` in the form that the fast path takes, or say what is wrong with it.

    `fill` gives the fields that the reader knows when the row lacks them (the parent of an embedded row);
    `embedded` fields hold rows of other resources. Those, free-form and unknown fields keep the text they came as.
    """
    try:
        members = members_of(row)
    except ValueError as error:
        return _rejected(row, None, "", f"not a JSON object: {error}")
    found = _key_in(members, key)
    reader = _Reader(embedded)
    try:
        values = reader.read_object(members, record, "")
        for name, value in fill.items():
            if values.get(name) is None:
                values[name] = value
        content = record.model_validate(values).model_dump_json(exclude_unset=True)
    except _Unfit as error:
        return _rejected(row, found, error.path, error.reason)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        return _rejected(row, found, path, first["msg"].removeprefix("Value error, "))
    fields = msgspec.json.decode(content, type=dict[str, msgspec.Raw]) | reader.free_form
    return Normalised(msgspec.json.encode(fields), reader.extra, reader.embedded)


class _Reader:
    """Reads the values of a row as its contract shapes them, and keeps apart what stays the text it is."""

    def __init__(self, embedded: frozenset[str]) -> None:
        self.extra: dict[str, msgspec.Raw] = {}
        self.free_form: dict[str, msgspec.Raw] = {}
        self.embedded: dict[str, list[bytes] | None] = dict.fromkeys(embedded)

    def read_object(self, members: list[tuple[str, bytes]], record: type[Record], path: str) -> dict[str, Any]:
        """Return the values of the fields that the contract names. Raises _Unfit."""
        values: dict[str, Any] = {}
        seen = set[str]()
        for name, text in members:
            if name in seen:
                raise _Unfit(path + name, "the name comes twice")
            seen.add(name)
            info = record.model_fields.get(name)
            shape = None if info is None else shape_of(info)
            if not path and name in self.embedded:
                self.embedded[name] = None if text == b"null" else _items(text, name)
            elif shape is None:
                self.extra[path + name] = _free_form(text, path + name)
            elif shape.kind is Kind.JSON:
                self.free_form[name] = _free_form(text, name)
                values[name] = None
            else:
                values[name] = self._read_value(text, shape, path + name)
        return values

    def _read_value(self, text: bytes, shape: Shape, path: str) -> Any:
        if shape.is_list and text[:1] == b"[":
            item = replace(shape, is_list=False)
            return [self._read_value(each, item, f"{path}[{index}]") for index, each in enumerate(_items(text, path))]
        try:
            if shape.record is not None and text[:1] == b"{":
                return self.read_object(members_of(text), shape.record, f"{path}.")
            value = read_value(text)
        except (ValueError, RecursionError) as error:
            raise _Unfit(path, error) from error
        if shape.kind is Kind.INTEGER and value is not None and not _is_integer(value):
            raise _Unfit(path, "not a whole number of at most 64 bits")  # pydantic would take true for 1
        if (shape.kind is Kind.EXACT or shape.is_money) and len(text.strip(b'"')) > LONGEST_NUMBER:
            raise _Unfit(f"{path}.amount" if shape.is_money else path, "not a number, or one of too many digits")
        return value


def _items(text: bytes, path: str) -> list[bytes]:
    try:
        return items_of(text)
    except ValueError as error:
        raise _Unfit(path, f"not a list: {error}") from error


def _free_form(text: bytes, path: str) -> msgspec.Raw:
    try:
        check_json(text)
    except (ValueError, RecursionError) as error:
        raise _Unfit(path, f"not JSON: {error}") from error
    return msgspec.Raw(text)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _key_in(members: list[tuple[str, bytes]], key: str) -> str | None:
    """Return the key of a row as text, None where there is no readable one."""
    text = next((text for name, text in reversed(members) if name == key), b"null")
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _rejected(row: bytes, key: str | None, path: str, reason: str) -> Rejected:
    # What is shown of foreign text may hold half of a surrogate pair, which can be written nowhere.
    return Rejected(key, path, reason[:_LONGEST_REASON].encode("utf-8", "replace").decode(), row)
