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


@dataclass(frozen=True)
class Normalised:
    """A row in canonical form: what the contract names, and beside it what it does not name."""

    row: bytes
    extra: dict[str, msgspec.Raw]


def normalise(
    row: bytes, record: type[Record], key: str, *, fill: dict[str, str], embedded: frozenset[str]
) -> Normalised | Rejected:
    """Return `row` in the form that the fast path takes, or say what is wrong with it.

    `fill` gives the fields that the reader knows when the row lacks them (the parent of an embedded row);
    `embedded` fields hold rows of other resources. Both those and free-form fields keep the text they came as.
    """
    try:
        row.decode()
        fields = _read_fields(row)
        values = {name: _exact.decode(raw) for name, raw in fields.items()}
    except (ValueError, RecursionError) as error:
        return Rejected(None, "", f"not a JSON object: {error}"[:_LONGEST_REASON], row)
    for name, value in fill.items():
        if values.get(name) is None:
            values[name] = value
    try:
        valid = record.model_validate(values)
        extra = {} if valid.model_extra is None else {name: fields[name] for name in valid.model_extra}
        _take_extras(valid, "", extra)
        content = msgspec.json.decode(valid.model_dump_json(exclude_unset=True), type=dict[str, msgspec.Raw])
    except (ValidationError, ValueError) as error:
        return _reject(row, values.get(key), error)
    for name, raw in fields.items():
        info = record.model_fields.get(name)
        if name in embedded:
            content[name] = extra.pop(name)
        elif info is not None and shape_of(info).kind is Kind.JSON:
            content[name] = raw
    return Normalised(msgspec.json.encode(content), extra)


def _take_extras(value: Any, path: str, extra: dict[str, msgspec.Raw]) -> None:
    """Move the unknown fields of an object, and of those inside it, into `extra` under their path."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            _take_extras(item, f"{path.removesuffix('.')}[{index}].", extra)
    elif isinstance(value, Record):
        for name, unknown in (value.model_extra or {}).items():
            extra.setdefault(f"{path}{name}", msgspec.Raw(_write_exact.encode(unknown)))
        if value.model_extra:
            value.model_extra.clear()
        for name in type(value).model_fields:
            _take_extras(getattr(value, name), f"{path}{name}.", extra)


# Numbers with a point stay exact, which they are not in Python's floats.
_exact = msgspec.json.Decoder(float_hook=Decimal)
_write_exact = msgspec.json.Encoder(decimal_format="number")


def _reject(row: bytes, key: Any, error: Exception) -> Rejected:
    path, reason = "", str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False)[0]
        path, reason = ".".join(str(part) for part in first["loc"]), first["msg"].removeprefix("Value error, ")
    readable = isinstance(key, str | int) and not isinstance(key, bool)
    return Rejected(str(key) if readable else None, path, reason[:_LONGEST_REASON], row)
