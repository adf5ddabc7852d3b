"""Careful values: a column whose values come in another form than its contract's, read one by one.

Only such a column pays for it: 0.1 us for a number as text that was met before, 1.8 for a new one (measured).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pipeline.decoding.oddities import Oddities, json_at
from pipeline.resources.columns import Shape, fields_inside
from pipeline.resources.types import Kind, Money
from pipeline.resources.values import (
    Parse,
    Unfit,
    parse_amount,
    parse_boolean,
    parse_day,
    parse_exact,
    parse_instant,
    parse_instant_or_day,
    parse_integer,
    parse_text,
    parse_texts,
)

_PARSERS: dict[Kind, Parse] = {
    Kind.INTEGER: parse_integer,
    Kind.LOOSE_INTEGER: parse_integer,
    Kind.TEXT: parse_text,
    Kind.LOOSE_TEXT: parse_text,
    Kind.BOOLEAN: parse_boolean,
    Kind.LOOSE_BOOLEAN: parse_boolean,
    Kind.EXACT: parse_exact,
    Kind.INSTANT: parse_instant,
    Kind.INSTANT_OR_DAY: parse_instant_or_day,
    Kind.DAY: parse_day,
    Kind.TEXTS: parse_texts,
}
# Gives the row that the value at a position of a column is of, and the path to it: `sales_reps.1.id`.
Place = Callable[[int], tuple[int, str]]


def parser_of(shape: Shape) -> Parse:
    """Return what reads a plain value of this shape."""
    assert shape.kind is not None
    parse = parse_amount if shape.kind is Kind.EXACT and shape.is_essential else _PARSERS[shape.kind]
    return _never_null(parse) if shape.is_required else parse


def _never_null(parse: Parse) -> Parse:
    def parse_never_null(value: Any) -> Any:
        if (found := parse(value)) is None:
            raise Unfit("it is empty")
        return found

    return parse_never_null


def read_plain(values: Sequence[Any], shape: Shape, place: Place, oddities: Oddities) -> list[Any]:
    """Return the values of a column as Arrow takes them; what does not fit is noted."""
    parse, known, found = parser_of(shape), dict[str, Any](), list[Any]()
    for position, value in enumerate(values):
        if value is None:
            found.append(None)
            continue
        is_text = value.__class__ is str
        if is_text and value in known:
            found.append(known[value])
            continue
        try:
            parsed = parse(value)
        except Unfit as error:
            row, path = place(position)
            found.append(oddities.note(row, path, value, error, shape))
            continue
        if is_text:
            known[value] = parsed
        found.append(parsed)
    return found


class CarefulReader:
    """Reads objects and lists that came in another form; `rows` are the rows that they are in, as they came."""

    def __init__(self, rows: Sequence[bytes], oddities: Oddities) -> None:
        self._rows = rows
        self._oddities = oddities

    def read(self, value: Any, shape: Shape, row: int, path: str) -> Any:
        """Return a value as Arrow takes it: an object as a dictionary, money too."""
        if value is None:
            return None
        if shape.is_list:
            item = replace(shape, is_list=False)
            if isinstance(value, dict) and shape.record is not None:
                value = [value]  # the document writes some lists as one of their objects
            if not isinstance(value, list):
                return self._oddities.note(row, path, value, Unfit("not a list"), shape)
            return [self.read(each, item, row, f"{path}.{index}") for index, each in enumerate(value)]
        if shape.record is not None:
            return self._read_object(value, shape, row, path)
        if shape.kind is Kind.JSON:
            return json_at(self._rows[row], path).decode("utf-8", "replace")
        try:
            return parser_of(shape)(value)
        except Unfit as error:
            return self._oddities.note(row, path, value, error, shape)

    def _read_object(self, value: Any, shape: Shape, row: int, path: str) -> Any:
        if shape.record is Money and not isinstance(value, dict):
            value = {"amount": value}
        elif shape.is_reference and not isinstance(value, dict):
            try:
                value = {"id": parse_integer(value)}
            except Unfit as error:
                return self._oddities.note(row, path, value, error, shape)
        if not isinstance(value, dict):
            return self._oddities.note(row, path, value, Unfit("not an object"), shape)
        found = {}
        for name, inner in fields_inside(shape).items():
            if inner.is_required and value.get(name) is None:
                self._oddities.note(row, f"{path}.{name}", None, Unfit("Field required"), inner)
            found[name] = self.read(value.get(name), inner, row, f"{path}.{name}")
        return found
