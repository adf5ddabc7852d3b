"""From decoded values to Arrow arrays: whole columns are cast at once, and what fails is read one by one.

Nothing is guessed, and nothing is rounded in silence: a value that its column cannot hold is noted with its row.
"""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import astuple

from pipeline.decoding.careful import CarefulReader, Place, read_plain
from pipeline.decoding.layout import Layout, Member, columns_of_values, without_unset
from pipeline.decoding.oddities import Oddities
from pipeline.resources.columns import ARROW_TYPES, Shape, arrow_type, fields_inside
from pipeline.resources.types import Kind
from pipeline.resources.values import LONGEST_NUMBER, PRECISION, SCALE, Unfit

Values = Sequence[Any]

_WIDE = pa.decimal256(76, SCALE)
# Characters of a number that has at most 38 digits even when it is brought to the scale: half the casts.
_SURELY_FITS = PRECISION - SCALE
_TIMES = frozenset({Kind.INSTANT, Kind.INSTANT_OR_DAY, Kind.DAY})
_NOON = "T12:00:00Z"
_NO_JSON = frozenset({None, b"", b"null"})
# How a kind is cast once its field has come in another JSON type than its contract's.
_LOOSENED = {
    Kind.INTEGER: Kind.LOOSE_INTEGER,
    Kind.TEXT: Kind.LOOSE_TEXT,
    Kind.BOOLEAN: Kind.LOOSE_BOOLEAN,
}
_FAILURES = (pa.ArrowException, TypeError, ValueError, LookupError, OverflowError)
# Arrow reads a year 0000. What lies before the year 1 in UTC may be that, or the year 1 with an offset.
_YEAR_ONE = {
    pa.timestamp("us", "UTC"): pa.scalar(-62_135_596_800_000_000, pa.int64()),
    pa.date32(): pa.scalar(-719_162, pa.int32()),
}


class ColumnCaster:
    """Casts the columns of some rows, and notes in `oddities` what does not fit.

    `rows` are the rows as they came.
    """

    def __init__(self, rows: Sequence[bytes], oddities: Oddities) -> None:
        self._rows = rows
        self._oddities = oddities
        self._careful = CarefulReader(rows, oddities)

    def cast(self, values: Values, member: Member, layout: Layout | None) -> list[pa.Array]:
        """Return the arrays of a field (two for money, else one), given a value for each row.

        What does not fit is null in the arrays.
        """

        def place(position: int) -> tuple[int, str]:
            return position, member.name

        if member.is_bent and member.shape is not None and member.shape.is_required:
            self._note_nulls(values, self._rows, member.shape, place)
        return self._cast(values, member, layout, place)

    def _cast(self, values: Values, member: Member, layout: Layout | None, place: Place) -> list[pa.Array]:
        shape = member.shape
        assert shape is not None
        if shape.is_money:
            assert layout is not None
            columns = _columns_of_money(values) if member.is_bent else _columns_of_objects(values, layout)
            return self._cast_fields(columns, values, shape, layout, place)[:2]
        if member.is_bent and (shape.record is not None or shape.is_list):
            return [self._cast_bent(values, shape, place)]
        if member.is_bent:
            return [self._cast_plain(values, shape, place, is_bent=True)]
        if shape.is_list:
            return [self._cast_list(values, shape, layout, place)]
        return [self._cast_item(values, shape, layout, place)]

    def _cast_bent(self, values: Values, shape: Shape, place: Place) -> pa.Array:
        found = []
        for position, value in enumerate(values):
            row, path = place(position)
            found.append(None if value is None else self._careful.read(value, shape, row, path))
        return pa.array(found, arrow_type(shape))

    def _cast_item(self, values: Values, shape: Shape, layout: Layout | None, place: Place) -> pa.Array:
        if shape.record is None:
            return self._cast_plain(values, shape, place)
        assert layout is not None
        return self._cast_objects(values, shape, layout, place)

    def _cast_list(self, values: Values, shape: Shape, layout: Layout | None, place: Place) -> pa.Array:
        sizes = [0 if value is None else len(value) for value in values]
        starts = list(itertools.accumulate(sizes, initial=0))
        items = list(itertools.chain.from_iterable(value for value in values if value))

        def place_of_item(item: int) -> tuple[int, str]:
            position = bisect_right(starts, item) - 1
            row, path = place(position)
            return row, f"{path}.{item - starts[position]}"

        array = self._cast_item(items, replace(shape, is_list=False), layout, place_of_item)
        missing = pa.array([value is None for value in values], pa.bool_())
        return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), array, mask=missing)

    def _cast_objects(self, values: Values, shape: Shape, layout: Layout, place: Place) -> pa.Array:
        if shape.is_reference:
            values = [_as_reference(layout, value) if isinstance(value, int) else value for value in values]
        arrays = self._cast_fields(_columns_of_objects(values, layout), values, shape, layout, place)
        missing = pa.array([value is None for value in values], pa.bool_())
        return pa.StructArray.from_arrays(arrays, fields=list(arrow_type(replace(shape, is_list=False))), mask=missing)

    def _cast_fields(
        self, columns: list[Values], values: Values, shape: Shape, layout: Layout, place: Place
    ) -> list[pa.Array]:
        """Cast the fields of objects, given as `columns` and as the objects themselves."""
        arrays = []
        inside = fields_inside(shape)
        for column, member in zip(columns, layout.members, strict=False):
            if member.shape is None:
                continue
            inner, place_inside = inside[member.name], _inside(place, member.name)
            if member.is_bent and inner.is_required:
                self._note_nulls(column, values, inner, place_inside)
            member = member._replace(shape=inner)
            arrays += self._cast(column, member, layout.nested.get(member.name), place_inside)
        return arrays

    def _note_nulls(self, column: Values, objects: Values, shape: Shape, place: Place) -> None:
        """Note the objects whose field is null although it never is."""
        for position, (value, parent) in enumerate(zip(column, objects, strict=True)):
            if value is None and parent is not None:
                row, path = place(position)
                self._oddities.note(row, path, None, Unfit("it is null"), shape)

    def _cast_plain(self, values: Values, shape: Shape, place: Place, *, is_bent: bool = False) -> pa.Array:
        assert shape.kind is not None
        try:
            return _cast_plain(values, _LOOSENED.get(shape.kind, shape.kind) if is_bent else shape.kind)
        except _FAILURES:
            if shape.kind is Kind.JSON:
                return pa.array(
                    [self._free_form(position, value, shape, place) for position, value in enumerate(values)]
                )
            return pa.array(read_plain(values, shape, place, self._oddities), ARROW_TYPES[shape.kind])

    def _free_form(self, position: int, value: Any, shape: Shape, place: Place) -> str | None:
        if value in _NO_JSON:
            return None
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            row, path = place(position)
            self._oddities.note(row, path, bytes(value).decode("utf-8", "replace"), Unfit("not UTF-8"), shape)
            return None


def _inside(place: Place, name: str) -> Place:
    def place_inside(position: int) -> tuple[int, str]:
        row, path = place(position)
        return row, f"{path}.{name}"

    return place_inside


def _columns_of_objects(values: Values, layout: Layout) -> list[Values]:
    """Return the fields of objects; null objects have null in all of them."""
    if not values:
        return [()] * layout.width
    nothing = layout.nothing
    tuples = (nothing if value is None else astuple(value) for value in values)
    return without_unset(columns_of_values(tuples, layout), layout)


def _columns_of_money(values: Values) -> list[Values]:
    """Return amounts and currencies of money that comes as objects, or as bare amounts."""
    amounts = [value.get("amount") if value.__class__ is dict else value for value in values]
    return [amounts, [value.get("currency") if value.__class__ is dict else None for value in values]]


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
        return _after_year_zero(pc.cast(_at_noon(texts) if kind is Kind.INSTANT_OR_DAY else texts, target))
    if kind is Kind.EXACT:
        return _cast_numbers(values, target)
    if kind is Kind.LOOSE_INTEGER:
        values = [value if value.__class__ is int else _whole_number(value) for value in values]
    elif kind is Kind.LOOSE_TEXT:
        values = [str(value) if value.__class__ is int else value for value in values]
    elif kind is Kind.LOOSE_BOOLEAN:
        values = [_TRUTHS[value] if value.__class__ is str else value for value in values]
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


def _after_year_zero(times: pa.Array) -> pa.Array:
    year_one = _YEAR_ONE[times.type]
    if pc.less(pc.min(times.view(year_one.type)), year_one).as_py():
        raise ValueError("before the year 1")
    return times


def _cast_numbers(values: Values, target: pa.DataType) -> pa.Array:
    """Cast whole numbers, and texts of numbers as they were written.

    Arrow turns some texts of more than 38 digits, or with an exponent, into another number in silence. What is long
    goes by a wider type, which holds all that is short enough, and checks; what has an exponent is read with care.
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


_TRUTHS = {"true": True, "false": False, "True": True, "False": False}


def _whole_number(value: Any) -> Any:
    if value.__class__ is dict:
        value = value["id"]
    if value.__class__ is not str:
        return value
    if value and not (value.isascii() and value.removeprefix("-").isdigit()):
        raise ValueError("not a whole number")
    return int(value) if value else None
