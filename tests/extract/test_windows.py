"""Windows by creation: together they hold every instant once, and a filter that does nothing is noticed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.windows import HeadReader, IgnoredFilter, Window, first_windows

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
instants = st.datetimes(datetime(1980, 1, 1), datetime(2040, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))


def holds(window: Window, moment: datetime) -> bool:
    return (window.low is None or moment >= window.low) and (window.high is None or moment < window.high)


@given(moment=instants, cuts=st.integers(0, 6))
def test_every_instant_lies_in_exactly_one_window_however_often_they_are_split(moment: datetime, cuts: int) -> None:
    windows = first_windows({}, "created_on", NOW)
    for _ in range(cuts):
        windows = [part for window in windows for part in window.split(NOW) or (window,)]

    assert sum(holds(window, moment) for window in windows) == 1


def test_a_window_of_a_second_is_not_split() -> None:
    assert Window({}, "created_on", NOW, NOW + timedelta(seconds=1)).split(NOW) is None


def test_splitting_the_past_comes_to_an_end() -> None:
    window: Window | None = Window({}, "created_on", None, NOW)
    for _ in range(200):
        parts = window.split(NOW) if window else None
        window = parts[0] if parts else None

    assert window is None


def test_a_filter_that_does_not_filter_is_noticed() -> None:
    window = Window({}, "modified", low=NOW)

    window.check([NOW])
    with pytest.raises(IgnoredFilter, match="modified__gte"):
        window.check([NOW, NOW - timedelta(seconds=1)])


def test_the_query_gives_the_bounds_in_utc() -> None:
    window = Window({"include_children": "line_items"}, "created_on", NOW, NOW + timedelta(days=1))

    assert window.query() == {
        "include_children": "line_items",
        "created_on__gte": "2026-11-24T12:00:00Z",
        "created_on__lt": "2026-11-25T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (b'{"id": 12}', "12"),
        (b'{"id": "ab\\u0041"}', "abA"),
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


def test_instants_are_read_in_utc_where_they_can_be() -> None:
    reader = HeadReader("id", ("created_on", "modified"))
    rows = [
        b'{"id": 1, "modified": "2026-11-24T12:00:00.5-06:00"}',
        b'{"id": 2, "modified": 7}',
        b'{"id": 3, "modified": "2026-11-24T12:00:00"}',
    ]

    assert list(reader.moments(reader.read(rows), "modified")) == [datetime(2026, 11, 24, 18, 0, 0, 500000, UTC)]
    assert list(reader.moments(reader.read(rows[:1]), "created_on")) == []
