"""The slow path: a row that the fast one refused is explained by its contract, or put into canonical form."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from pydantic import ValidationError

from pipeline.resources.columns import shape_of
from pipeline.resources.types import Kind, Record

_read_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Rejected:
    """A row that breaks its contract: where (a path such as `total.amount`), why, and the row as it came."""

    key: str | None
    path: str
    reason: str
    raw: bytes


def normalise(row: bytes, record: type[Record], key: str, fill: dict[str, str]) -> bytes | Rejected:
    """Return `row` in the form that the fast path takes, or say what is wrong with it.

    `fill` gives the fields that the reader knows when the row lacks them (the parent of an embedded row).
    Fields that the contract does not name, and free-form ones, keep the text they came as.
    """
    try:
        row.decode()
        fields = _read_fields(row)
        values = {name: _decode(raw) for name, raw in fields.items()}
    except (ValueError, RecursionError) as error:
        return Rejected(None, "", f"not a JSON object: {error}"[:_LONGEST_REASON], row)
    for name, value in fill.items():
        if values.get(name) is None:
            values[name] = value
    try:
        valid = record.model_validate(values)
        content = msgspec.json.decode(valid.model_dump_json(exclude_unset=True), type=dict[str, msgspec.Raw])
    except (ValidationError, ValueError) as error:
        return _reject(row, values.get(key), error)
    for name, raw in fields.items():
        info = record.model_fields.get(name)
        if info is None or shape_of(info).kind is Kind.JSON:
            content[name] = raw
    return msgspec.json.encode(content)


def _decode(raw: msgspec.Raw) -> Any:
    """Decode a value with its numbers exact, which JSON numbers with a point are not in Python's floats."""
    return _exact.decode(raw)


_exact = msgspec.json.Decoder(float_hook=Decimal)


def _reject(row: bytes, key: Any, error: Exception) -> Rejected:
    path, reason = "", str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False)[0]
        path, reason = ".".join(str(part) for part in first["loc"]), first["msg"].removeprefix("Value error, ")
    readable = isinstance(key, str | int) and not isinstance(key, bool)
    return Rejected(str(key) if readable else None, path, reason[:_LONGEST_REASON], row)
