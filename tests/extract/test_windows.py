"""Windows by creation: together they hold every instant once, and a filter that does nothing is noticed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decoding.heads import Head, HeadReader
from pipeline.extract.windows import Bound, IgnoredFilter, Window

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CREATED = "created_on"
instants = st.datetimes(datetime(1980, 1, 1), datetime(2040, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))


def holds(window: Window, moment: datetime) -> bool:
    return all(bound.holds(moment) for bound in window.bounds)


@given(moment=instants, low=st.none() | instants, high=st.none() | instants, cuts=st.integers(1, 6))
def test_the_parts_of_a_window_hold_what_it_holds_once_however_often_it_is_split(
    moment: datetime, low: datetime | None, high: datetime | None, cuts: int
) -> None:
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
    base = Window(bounds=(Bound(CREATED, low, high),))
    windows = [base]
    for _ in range(cuts):
        windows = [part for window in windows for part in window.split(CREATED, NOW) or (window,)]

    assert sum(holds(window, moment) for window in windows) == holds(base, moment)


def test_a_window_of_a_second_is_not_split() -> None:
    assert Window(bounds=(Bound(CREATED, NOW, NOW + timedelta(seconds=1)),)).split(CREATED, NOW) is None


def test_splitting_the_past_comes_to_an_end() -> None:
    window: Window | None = Window(bounds=(Bound(CREATED, None, NOW),))
    for _ in range(200):
        parts = window.split(CREATED, NOW) if window else None
        window = parts[0] if parts else None

    assert window is None


def test_a_filter_that_does_not_filter_is_noticed() -> None:
    window = Window(bounds=(Bound("modified", NOW),))

    window.check([Head("a", {"modified": NOW.isoformat()}), Head("b", {"modified": None})])
    with pytest.raises(IgnoredFilter, match="modified__gte"):
        window.check([Head("c", {"modified": (NOW - DAY).isoformat()})])


@pytest.mark.parametrize("value", [True, "true"])
def test_a_flag_that_does_not_filter_is_noticed(value: object) -> None:
    window = Window(flags={"paid": False})

    window.check([Head("a", {"paid": False}), Head("b", {"paid": None})])
    with pytest.raises(IgnoredFilter, match="paid=false"):
        window.check([Head("c", {"paid": value})])


def test_the_query_gives_the_bounds_in_utc() -> None:
    window = Window({"include_children": "line_items"}, {"paid": False}, (Bound(CREATED, NOW, NOW + DAY),))

    assert window.query() == {
        "include_children": "line_items",
        "paid": "false",
        "created_on__gte": "2026-11-24T12:00:00Z",
        "created_on__lt": "2026-11-25T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (b'{"id": 12}', "12"),
        (b'{"id": "ab\\u0041"}', "abA"),
        (b'{"id": 12, "modified": 1e400}', "12"),
        (b'{"id": 1.5}', None),
        (b'{"id": true}', None),
        (b'{"id": null}', None),
        (b"{}", None),
        (b"[]", None),
        (b'{"id": {"a": 1}}', None),
        (b'{"id": tru', None),
    ],
)
def test_keys_are_read_where_they_can_be(row: bytes, key: str | None) -> None:
    reader = HeadReader("id", ("modified",))

    assert [head.key for head in reader.read([b'{"id": 1, "modified": "2026-11-24T12:00:00Z"}', row])] == ["1", key]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-24T12:00:00.5-06:00", datetime(2026, 11, 24, 18, 0, 0, 500000, UTC)),
        ("2026-11-24T12:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        (7, None),
    ],
)
def test_instants_are_read_in_utc_where_they_can_be(value: object, moment: datetime | None) -> None:
    assert Head("a", {"modified": value}).moment("modified") == moment
