"""From decoded values to Arrow arrays: whole columns are cast at once, and what fails is bisected.

Nothing is rounded and nothing is guessed: a value that its column cannot hold is reported by its row.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import astuple

from pipeline.extract.structs import Layout
from pipeline.resources.columns import ARROW_TYPES, Shape, arrow_type
from pipeline.resources.types import Kind

Values = Sequence[Any]

# Microseconds from 1970 to the ends of the calendar.
_FIRST_INSTANT, _LAST_INSTANT = -62_135_596_800_000_000, 253_402_300_799_999_999
_FAILURES = (pa.ArrowException, TypeError, ValueError, OverflowError)


def cast_column(values: Values, shape: Shape, layout: Layout | None) -> tuple[list[pa.Array], set[int]]:
    """Return the arrays of a field (two for money, else one) and the rows whose value does not fit.

    The values of those rows are null in the arrays.
    """
    try:
        return _cast(values, shape, layout), set()
    except _FAILURES:
        bad = _bisect(values, 0, shape, layout)
        kept = [None if index in bad else value for index, value in enumerate(values)]
        return _cast(kept, shape, layout), bad


def _bisect(values: Values, start: int, shape: Shape, layout: Layout | None) -> set[int]:
    try:
        _cast(values, shape, layout)
    except _FAILURES:
        if len(values) == 1:
            return {start}
        middle = len(values) // 2
        left = _bisect(values[:middle], start, shape, layout)
        return left | _bisect(values[middle:], start + middle, shape, layout)
    return set()


def _cast(values: Values, shape: Shape, layout: Layout | None) -> list[pa.Array]:
    if shape.is_money:
        pairs = [astuple(value) if isinstance(value, msgspec.Struct) else (value, None) for value in values]
        amounts, currencies = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return [_cast_plain(amounts, Kind.EXACT), _cast_plain(currencies, Kind.TEXT)]
    return [_cast_list(values, shape, layout) if shape.is_list else _cast_item(values, shape, layout)]


def _cast_item(values: Values, shape: Shape, layout: Layout | None) -> pa.Array:
    if shape.record is None:
        assert shape.kind is not None
        return _cast_plain(values, shape.kind)
    assert layout is not None
    return _cast_objects(values, shape, layout)


def _cast_list(values: Values, shape: Shape, layout: Layout | None) -> pa.Array:
    sizes = [0 if value is None else len(value) for value in values]
    items = list(itertools.chain.from_iterable(value for value in values if value))
    offsets = pa.array(itertools.accumulate(sizes, initial=0), pa.int32())
    item_shape = Shape(kind=shape.kind, record=shape.record, is_reference=shape.is_reference)
    missing = pa.array([value is None for value in values], pa.bool_())
    return pa.ListArray.from_arrays(offsets, _cast_item(items, item_shape, layout), mask=missing)


def _cast_objects(values: Values, shape: Shape, layout: Layout) -> pa.Array:
    struct, members = layout.struct, layout.members
    if shape.is_reference:
        values = [struct(**_as_reference(layout, value)) if isinstance(value, int) else value for value in values]
    nothing = (None,) * len(members)
    columns = list(zip(*(nothing if value is None else astuple(value) for value in values), strict=True))
    arrays = []
    for index, member in enumerate(members):
        if member.shape is not None:
            column = columns[index] if columns else ()
            arrays += _cast(column, member.shape, layout.nested.get(member.name))
    kind = arrow_type(Shape(record=shape.record))
    missing = pa.array([value is None for value in values], pa.bool_())
    return pa.StructArray.from_arrays(arrays, fields=list(kind), mask=missing)


def _as_reference(layout: Layout, value: int) -> dict[str, int]:
    position = next(index for index, member in enumerate(layout.members) if member.name == "id")
    return {f"f{position}": value}


def _cast_plain(values: Values, kind: Kind) -> pa.Array:
    target = ARROW_TYPES[kind]
    if kind is Kind.DAY:
        return pc.cast(pa.array(values, pa.string()), target)
    if kind is Kind.INSTANT:
        return _within_the_calendar(pc.cast(pa.array(values, pa.string()), target))
    if kind is Kind.LOOSE_INTEGER:
        values = [_whole_number(value) if isinstance(value, str) else value for value in values]
    elif kind is Kind.LOOSE_TEXT:
        values = [str(value) if isinstance(value, int) else value for value in values]
    elif kind is Kind.JSON:
        values = [None if value is None else json_text(bytes(value)) for value in values]
    elif kind is Kind.TEXTS:
        values = [[value] if isinstance(value, str) else value for value in values]
    return pa.array(values, target)


def _within_the_calendar(instants: pa.Array) -> pa.Array:
    """Refuse instants that their offset moves out of the years 1 to 9999: nothing could read them back."""
    ends = pc.min_max(pc.cast(instants, pa.int64())).as_py()
    if ends["min"] is not None and (ends["min"] < _FIRST_INSTANT or ends["max"] > _LAST_INSTANT):
        raise ValueError("not an instant of the years 1 to 9999")
    return instants


def _whole_number(text: str) -> int | None:
    if text and not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError("not a whole number")
    return int(text) if text else None


def json_text(raw: bytes) -> str | None:
    """Return free-form JSON as it came; JSON's null is null."""
    if not raw or raw == b"null":
        return None
    return raw.decode()
