"""Every field in every type that is documented for its kind, mixed by chance, lands as what was meant by it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decoding.rows import RowDecoder
from pipeline.resources import Resource, all_resources
from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.types import Kind, Money, Record

RESOURCES = all_resources()


class Both:
    """A value in the form that it is sent in, and as it must land."""

    def __init__(self, sent: Any, lands: Any) -> None:
        self.sent, self.lands = sent, lands


def whole(rng: Random) -> Both:
    number = rng.randrange(10**6)
    return Both(rng.choice((number, str(number))), number)


def key(rng: Random) -> Both:
    number = rng.randrange(10**6)
    return Both(number, number)


def text(rng: Random) -> Both:
    number = rng.randrange(10**6)
    return rng.choice((Both(f"text {number}", f"text {number}"), Both(number, str(number))))


def key_text(rng: Random) -> Both:
    found = f"key {rng.randrange(10**6)}"
    return Both(found, found)


def truth(rng: Random) -> Both:
    value = rng.random() < 0.5
    return Both(rng.choice((value, str(value), str(value).lower())), value)


def amount(rng: Random) -> Both:
    cents = rng.randrange(-(10**7), 10**7)
    value = Decimal(cents).scaleb(-2)
    return Both(rng.choice((str(value), f"{value}00", cents / 100)), value)


def instant(rng: Random) -> Both:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=rng.randrange(10**15))
    offset = timedelta(hours=rng.randrange(-12, 13))
    sign, hours = "-" if offset < timedelta() else "+", abs(offset) // timedelta(hours=1)
    return Both(f"{(moment + offset).replace(tzinfo=None).isoformat()}{sign}{hours:02}:00", moment)


def instant_or_day(rng: Random) -> Both:
    if rng.random() < 0.5:
        return instant(rng)
    day = date(2020, 1, 1) + timedelta(days=rng.randrange(3000))
    return Both(day.isoformat(), datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def day(rng: Random) -> Both:
    found = date(2020, 1, 1) + timedelta(days=rng.randrange(3000))
    return Both(found.isoformat(), found)


def anything(rng: Random) -> Both:
    sent = rng.choice(({"a": [1, None]}, ["x"], "text", 7, True))
    return Both(sent, orjson.dumps(sent).decode())


def texts(rng: Random) -> Both:
    found = [f"text {rng.randrange(9)}" for _ in range(rng.randrange(1, 3))]
    return Both(found[0] if len(found) == 1 and rng.random() < 0.5 else found, found)


KINDS: dict[Kind, Callable[[Random], Both]] = {
    Kind.INTEGER: whole, Kind.LOOSE_INTEGER: whole, Kind.TEXT: text, Kind.LOOSE_TEXT: text, Kind.BOOLEAN: truth,
    Kind.LOOSE_BOOLEAN: truth, Kind.EXACT: amount, Kind.INSTANT: instant, Kind.INSTANT_OR_DAY: instant_or_day,
    Kind.DAY: day, Kind.JSON: anything, Kind.TEXTS: texts,
}  # fmt: skip


def value_of(shape: Shape, rng: Random) -> Both:
    """Return a value of a field in one of the types that are documented for fields of its shape."""
    if not shape.is_required and rng.random() < 0.1:
        return Both(None, None)
    if shape.is_list:
        items = [value_of(replace(shape, is_list=False, is_required=True), rng) for _ in range(rng.randrange(3))]
        sent = [item.sent for item in items]
        is_single = shape.record is not None and len(items) == 1 and isinstance(sent[0], dict) and rng.random() < 0.3
        return Both(sent[0] if is_single else sent, [item.lands for item in items])
    if shape.record is Money:
        money = amount(rng)
        if rng.random() < 0.5:
            return Both(money.sent, {"amount": money.lands, "currency": None})
        return Both({"amount": money.sent, "currency": "USD"}, {"amount": money.lands, "currency": "USD"})
    if shape.record is not None:
        if shape.is_reference and rng.random() < 0.3:
            number = whole(rng)
            return Both(number.sent, dict.fromkeys(shape.record.model_fields) | {"id": number.lands})
        return row_of(shape.record, None, rng)
    assert shape.kind is not None
    found = KINDS[shape.kind](rng)
    if shape.kind in (Kind.INTEGER, Kind.LOOSE_INTEGER) and rng.random() < 0.2:
        return Both({"id": found.sent, "name": "in full"}, found.lands)
    return found


def row_of(record: type[Record], key_name: str | None, rng: Random) -> Both:
    """Return a row, or an object inside one."""
    sent, lands = {}, {}
    for name, info in record.model_fields.items():
        shape = shape_of(info)
        read_key = key if shape.kind is Kind.INTEGER else key_text
        both = read_key(rng) if name == key_name else value_of(shape, rng)
        sent[name], lands[name] = both.sent, both.lands
    return Both(sent, lands)


def columns(resource: Resource, lands: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that the fields of a row become."""
    found: dict[str, Any] = {}
    for name, info in resource.record.model_fields.items():
        if shape_of(info).is_money:
            money = lands[name] or {"amount": None, "currency": None}
            found |= {f"{name}_amount": money["amount"], f"{name}_currency": money["currency"]}
        else:
            found[name] = lands[name]
    return found


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda each: each.name)
@settings(max_examples=6)  # of each of 31 resources
@given(seed=st.integers(0, 10**6), size=st.integers(1, 12))
def test_documented_types_mixed_by_chance_land_as_what_was_meant(resource: Resource, seed: int, size: int) -> None:
    rng = Random(seed)
    rows = [row_of(resource.record, resource.key, rng) for _ in range(size)]

    decoder = RowDecoder(resource)
    for start in (0, size // 2):  # what was learned from the first rows holds for the others
        some = rows[start:]
        decoded = decoder.decode([orjson.dumps(row.sent) for row in some])

        assert decoded.rejected == []
        assert decoded.fields.slow_rows == 0
        for row, landed in zip(some, decoded.table.to_pylist(), strict=True):
            expected = columns(resource, row.lands) | {"_extra": None, "_odd": None}
            assert {name: landed[name] for name in expected} == expected
