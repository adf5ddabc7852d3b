"""What time it is at the source: what most of its answers agree on."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import IncompleteError
from pipeline.leaflink import ReadTimes, SourceClock, Stamp

from .server import DATE, answer

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def headers(date: datetime | None, age: object = None) -> dict[str, str]:
    found = {} if date is None else {"Date": format_datetime(date, usegmt=True)}
    return found if age is None else found | {"Age": str(age)}


def hear(clock: SourceClock, date: datetime, *, at: float = 0.0, age: object = None) -> Stamp:
    stamp = clock.hear(headers(date, age), at)
    assert stamp is not None
    return stamp


wrong_dates = st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))
wrong_ages = st.one_of(st.none(), st.integers(0, 10**9 - 1), st.sampled_from(["", "-5", "3.5", "soon", "9" * 30]))


@given(
    right=st.lists(st.integers(0, 3), min_size=1, max_size=30),
    wrong=st.lists(st.tuples(wrong_dates, wrong_ages), max_size=29),
    order=st.randoms(use_true_random=False),
)
def test_no_minority_of_wrong_dates_and_ages_moves_the_agreed_time(right, wrong, order):
    wrong = wrong[: len(right) - 1]
    answers = [(NOON + timedelta(seconds=late), None) for late in right] + wrong
    order.shuffle(answers)
    clock = SourceClock()
    for date, age in answers:
        clock.hear(headers(date, age), 100.0)

    assert NOON <= clock.at(100.0) <= NOON + timedelta(seconds=3)
    assert clock.at(160.0) - clock.at(100.0) == timedelta(minutes=1)


def test_an_answer_from_a_cache_that_gives_its_age_votes_for_the_right_time_and_is_known_to_be_old():
    clock = SourceClock()
    fresh, cached = hear(clock, NOON), hear(clock, NOON - 3 * DAY, age=3 * 86400)

    assert clock.at(0.0) == NOON
    assert (clock.behind(fresh), clock.behind(cached)) == (timedelta(), 3 * DAY)
    assert (clock.made_at(fresh), clock.made_at(cached)) == (NOON, NOON - 3 * DAY)


def test_an_answer_from_a_cache_without_an_age_is_known_by_its_date_even_when_it_came_first():
    clock = SourceClock()
    times = ReadTimes(clock)
    times.note(hear(clock, NOON - 3 * DAY))
    for second in range(1, 4):
        times.note(hear(clock, NOON + timedelta(seconds=second), at=second))

    assert times.behind == 3 * DAY
    assert times.began == NOON
    assert times.reached == NOON - 3 * DAY


def test_an_age_counts_where_a_cache_writes_a_date_of_its_own():
    clock = SourceClock()
    for second in range(3):
        hear(clock, NOON + timedelta(seconds=second), at=second)
    cached = hear(clock, NOON, age=7200)

    assert clock.at(0.0) == NOON
    assert clock.made_at(cached) == NOON - 2 * HOUR


def test_a_server_that_is_ahead_of_the_others_does_not_date_what_it_answers_later_than_it_came():
    clock = SourceClock()
    times = ReadTimes(clock)
    times.note(hear(clock, NOON + 365 * DAY))
    for second in range(1, 4):
        hear(clock, NOON + timedelta(seconds=second), at=second)

    assert (times.behind, times.began, times.reached) == (timedelta(), NOON, NOON)


def test_what_was_taken_over_from_a_run_that_was_cut_off_is_as_old_as_it_was_then():
    clock = SourceClock()
    times = ReadTimes(clock)
    assert (times.began, times.reached) == (None, None)
    times.recall(NOON - HOUR)
    times.recall(NOON - 2 * HOUR)
    times.note(hear(clock, NOON))

    assert (times.began, times.reached, times.behind) == (NOON - 2 * HOUR, NOON - 2 * HOUR, timedelta())


@pytest.mark.parametrize("date", [None, "yesterday", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_answers_without_a_date_count_as_made_when_they_came_once_another_had_one(leaflink, open_client, date):
    leaflink.script = [answer()]
    leaflink.always = answer(headers={"Date": date})
    async with open_client() as client:
        first = await client.get("products/", {})
        second = await client.get("products/", {})

        assert client.stats.retries == 0
        assert client.clock.behind(second.stamp) == timedelta()
        assert abs(second.server_time - first.server_time) < timedelta(minutes=1)


async def test_without_any_date_there_is_no_answer(leaflink, open_client):
    leaflink.always = answer(headers={"Date": None})
    async with open_client(give_up=0.2) as client:
        with pytest.raises(IncompleteError, match="without a readable Date"):
            await client.get("products/", {})


async def test_caches_are_asked_not_to_answer(leaflink, open_client):
    async with open_client() as client:
        await client.get("products/", {})

    assert leaflink.seen[0].headers["cache-control"] == "no-cache"


async def test_the_client_keeps_a_clock_that_its_answers_set(leaflink, open_client):
    async with open_client() as client:
        assert not client.clock.is_known
        response = await client.get("products/", {})

        assert format_datetime(response.server_time, usegmt=True) == DATE
        assert abs(client.clock.now() - response.server_time) < timedelta(minutes=1)
