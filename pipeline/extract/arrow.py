"""From decoded values to Arrow arrays: whole columns are cast at once, and what fails is bisected.

Nothing is rounded and nothing is guessed: a value that its column cannot hold is reported by its row.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import astuple

from pipeline.extract.structs import LONGEST_NUMBER, Layout, columns_of_values, without_unset
from pipeline.resources.columns import ARROW_TYPES, Shape, arrow_type
from pipeline.resources.types import PRECISION, SCALE, Kind

Values = Sequence[Any]

_WIDE = pa.decimal256(76, SCALE)
# Characters of a number that has at most 38 digits even when it is brought to the scale: half the casts.
_SURELY_FITS = PRECISION - SCALE
_TIMES = frozenset({Kind.INSTANT, Kind.INSTANT_OR_DAY, Kind.DAY})
_NOON = "T12:00:00Z"
_NO_JSON = frozenset({None, b"", b"null"})
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
        assert layout is not None
        amounts, currencies = _columns_of_objects(values, layout)[:2]
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
    if shape.is_reference:
        values = [_as_reference(layout, value) if isinstance(value, int) else value for value in values]
    arrays = []
    for column, member in zip(_columns_of_objects(values, layout), layout.members, strict=True):
        if member.shape is not None:
            arrays += _cast(column, member.shape, layout.nested.get(member.name))
    kind = arrow_type(Shape(record=shape.record))
    missing = pa.array([value is None for value in values], pa.bool_())
    return pa.StructArray.from_arrays(arrays, fields=list(kind), mask=missing)


def _columns_of_objects(values: Values, layout: Layout) -> list[Values]:
    """Return the fields of objects; null objects have null in all of them."""
    if not values:
        return [()] * layout.width
    nothing = layout.nothing
    tuples = (nothing if value is None else astuple(value) for value in values)
    return without_unset(columns_of_values(tuples, layout), layout)


def _as_reference(layout: Layout, value: int) -> Any:
    """Return an object that has nothing but this id."""
    fields = zip(layout.members, layout.nothing, strict=True)
    return layout.struct(
        **{f"f{index}": value if member.name == "id" else null for index, (member, null) in enumerate(fields)}
    )


def _cast_plain(values: Values, kind: Kind) -> pa.Array:
    target = ARROW_TYPES[kind]
    if kind in _TIMES:
        texts = pa.array(values, pa.string())
        return _within_the_calendar(pc.cast(_at_noon(texts) if kind is Kind.INSTANT_OR_DAY else texts, target))
    if kind is Kind.EXACT:
        return _cast_numbers(values, target)
    if kind is Kind.LOOSE_INTEGER:
        values = [_whole_number(value) if value.__class__ is str else value for value in values]
    elif kind is Kind.LOOSE_TEXT:
        values = [str(value) if value.__class__ is int else value for value in values]
    elif kind is Kind.JSON:
        texts = [None if value in _NO_JSON else value for value in values]
        return pc.cast(pa.array(texts, pa.binary()), target)  # which checks that it is UTF-8
    elif kind is Kind.TEXTS:
        values = [[value] if isinstance(value, str) else value for value in values]
    return pa.array(values, target)


def _at_noon(texts: pa.Array) -> pa.Array:
    """Give a date that stands alone the time that LeafLink writes such dates with."""
    is_day = pc.equal(pc.binary_length(texts), len("2026-05-01"))
    return pc.if_else(is_day, pc.binary_join_element_wise(texts, _NOON, ""), texts) if pc.any(is_day).as_py() else texts


def _within_the_calendar(times: pa.Array) -> pa.Array:
    """Refuse what leaves the years 1 to 9999, by its offset perhaps: nothing could read it back."""
    pc.min_max(times).as_py()  # raises OverflowError
    return times


def _cast_numbers(values: Values, target: pa.DataType) -> pa.Array:
    """Cast whole numbers, and texts of numbers as they were written.

    Arrow turns some texts of more than 38 digits, or with an exponent, into another number in silence. What is long
    goes by a wider type, which holds all that is short enough, and checks; what has an exponent takes the slow path.
    """
    try:
        numbers = pa.array(values, pa.string())
    except pa.ArrowException:  # some of them are whole numbers
        numbers = pa.array([str(value) if value.__class__ is int else value for value in values], pa.string())
    longest = pc.max(pc.binary_length(numbers)).as_py() or 0
    if longest > LONGEST_NUMBER:
        raise ValueError("a number of too many digits")
    characters = numbers.buffers()[2]  # to look for a text in each number takes a quarter of the whole cast
    if characters is not None and any(letter in characters.to_pybytes() for letter in (b"e", b"E")):
        raise ValueError("a number with an exponent")
    return pc.cast(numbers if longest <= _SURELY_FITS else pc.cast(numbers, _WIDE), target)


def _whole_number(text: str) -> int | None:
    if text and not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError("not a whole number")
    return int(text) if text else None
