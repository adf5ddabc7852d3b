"""Clocks that are apart: an hour is told, a day ends the run before anything is committed."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.extract.clocks import Clocks, ClocksApart, check_clocks

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTES, HOURS, DAYS = 59 * timedelta(minutes=1), timedelta(hours=5), timedelta(days=3)

APART = {
    "the source is ahead": lambda by: Clocks(NOON + by, NOON),
    "we are ahead": lambda by: Clocks(NOON, NOON + by),
    "a cache answered": lambda by: Clocks(NOON, NOON, behind={"products": timedelta(), "customers": by}),
    "rows are newer than the source": lambda by: Clocks(NOON, NOON + by, newest={"customers": NOON + by}),
}


@pytest.mark.parametrize("clocks", APART.values(), ids=APART)
def test_less_than_an_hour_is_nothing_more_is_told_and_more_than_a_day_is_refused(clocks):
    assert check_clocks(clocks(MINUTES)) == ()

    told = check_clocks(clocks(HOURS))
    with pytest.raises(ClocksApart) as refused:
        check_clocks(clocks(DAYS))

    assert "5.0 hours" in told[0]
    assert "3 days" in str(refused.value)
    assert refused.value.exit_code == 4
    assert "Nothing was committed" in str(refused.value)
    assert "Run again later, it is safe." in str(refused.value)


def test_both_clocks_are_named_with_what_they_say():
    (told,) = check_clocks(Clocks(NOON + HOURS, NOON))

    assert "the source says 2026-11-24 17:00 UTC" in told
    assert "this machine 2026-11-24 12:00 UTC" in told


def test_the_listings_that_a_cache_answered_are_named_and_no_others():
    (told,) = check_clocks(Clocks(NOON, NOON, behind={"products": HOURS, "strains": MINUTES, "customers": HOURS}))

    assert told.startswith("customers, products: ")


def test_one_row_of_the_future_does_not_stop_the_nights_where_both_clocks_agree():
    (told,) = check_clocks(Clocks(NOON, NOON, newest={"customers": NOON + 365 * timedelta(days=1), "orders": NOON}))

    assert told.startswith("customers: ")


def test_rows_may_be_as_old_as_they_like():
    assert check_clocks(Clocks(NOON, NOON, newest={"strains": NOON - 365 * DAYS})) == ()


@pytest.mark.parametrize("by", [2 * timedelta(hours=1), -DAYS], ids=["later than now", "days ago"])
def test_what_a_run_that_was_cut_off_read_under_another_clock_is_refused(by):
    with pytest.raises(ClocksApart, match="customers: a run that was cut off"):
        check_clocks(Clocks(NOON, NOON, recalled={"customers": NOON + by}))


def test_what_a_run_that_was_cut_off_read_hours_ago_is_taken():
    assert check_clocks(Clocks(NOON, NOON, recalled={"customers": NOON - HOURS})) == ()
