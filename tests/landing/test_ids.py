"""The ids of runs and loads: in the order in which they began, whatever the clock said."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.landing import new_run_id

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def test_an_id_tells_the_moment_and_sorts_by_it_within_a_second_too() -> None:
    assert new_run_id(AT) == "20261124T020000Z-0000"
    assert new_run_id(AT) < new_run_id(AT + timedelta(milliseconds=1)) < new_run_id(AT + timedelta(seconds=1))


@given(st.lists(moments, max_size=20))
def test_whatever_the_clock_says_each_id_sorts_after_all_before_it(clock: list[datetime]) -> None:
    known: list[str] = []
    for now in clock:
        known.append(new_run_id(now, known))

    assert known == sorted(set(known))


def test_after_a_clock_that_was_ahead_the_ids_go_on_from_there_until_time_has_caught_up() -> None:
    ahead = new_run_id(AT + timedelta(days=400))

    assert new_run_id(AT, {ahead}) == "20271229T020001Z-0000"
    assert new_run_id(AT + timedelta(days=401), {ahead}) == "20271230T020000Z-0000"


def test_runs_side_by_side_that_follow_the_same_one_differ() -> None:
    ahead = {new_run_id(AT + timedelta(days=400))}

    assert new_run_id(AT, ahead) != new_run_id(AT + timedelta(milliseconds=1), ahead)


def test_names_that_are_no_ids_are_passed_over() -> None:
    assert new_run_id(AT, {"first", "", "20991124T020000Z-unreadable"}) == new_run_id(AT)


def test_ids_that_are_to_be_unique_differ_within_a_moment_and_sort_like_the_others() -> None:
    now = datetime(2026, 11, 24, 2, tzinfo=UTC)

    first, second = (new_run_id(now, is_unique=True) for _ in range(2))

    assert first != second
    assert first[:21] == second[:21] == new_run_id(now)
    assert new_run_id(now, [first]) > first
    assert new_run_id(now, [first], is_unique=True) > first
