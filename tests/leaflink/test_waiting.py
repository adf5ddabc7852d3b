"""How headers become waits, and when patience ends: with the clock in the test's hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from tenacity import AsyncRetrying, RetryCallState

from pipeline.leaflink.errors import Hiccup
from pipeline.leaflink.waiting import Patience, Waits, asked_wait, http_date

DATE = "Tue, 24 Nov 2026 02:00:00 GMT"
EPOCH = 1_795_485_600  # DATE, in seconds since 1970


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 2.5 "}, 2.5),
        ({"Retry-After": "Tue, 24 Nov 2026 02:00:30 GMT"}, 30),
        ({"Retry-After": "Tue, 24 Nov 2026 04:00:30 +0200"}, 30),
        ({"Retry-After": "Tuesday, 24-Nov-26 02:00:30 GMT"}, 30),
        ({"Retry-After": "3600"}, 120),
        ({"Retry-After": "99999999999999999999"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 120),
        ({"Retry-After": "Tue, 24 Nov 2026 01:59:59 GMT"}, None),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "٧"}, None),
        ({"Retry-After": ""}, None),
        ({"RateLimit-Reset": "12"}, 12),
        ({"X-RateLimit-Reset": "12"}, 12),
        ({"X-RateLimit-Reset": str(EPOCH + 9)}, 9),
        ({"X-RateLimit-Reset": str(EPOCH - 9)}, None),
        ({"Retry-After": "3", "RateLimit-Reset": "12"}, 3),
        ({"Retry-After": "rubbish", "RateLimit-Reset": "12"}, 12),
        ({"RateLimit-Reset": "-1", "X-RateLimit-Reset": "4"}, 4),
    ],
)
def test_what_the_server_asks_for_is_read_and_what_makes_no_sense_is_not(headers, seconds):
    assert asked_wait(CIMultiDict({"Date": DATE, **headers}), throttled=True) == seconds


def test_headers_on_the_rate_count_only_when_the_rate_was_the_trouble():
    headers = CIMultiDict({"Date": DATE, "X-RateLimit-Reset": "45", "RateLimit-Reset": "45"})

    assert asked_wait(headers, throttled=False) is None
    headers["Retry-After"] = "3"
    assert asked_wait(headers, throttled=False) == 3


def test_a_date_counts_from_the_servers_clock_not_from_ours():
    assert asked_wait(CIMultiDict({"Date": DATE.replace("2026", "2020"), "Retry-After": DATE}), throttled=True) == 120


def test_without_a_servers_clock_a_date_of_the_past_asks_for_nothing():
    assert asked_wait(CIMultiDict({"Retry-After": "Tue, 24 Nov 2015 02:00:00 GMT"}), throttled=True) is None


@given(
    st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{8} [A-Z+0-9]{1,6}")
)
def test_no_header_breaks_the_reading_or_asks_for_more_than_the_longest_wait(text):
    seconds = asked_wait(CIMultiDict({"Date": DATE, "Retry-After": text, "X-RateLimit-Reset": text}), throttled=True)

    assert seconds is None or 0 < seconds <= 120
    date = http_date(text)
    assert date is None or date.utcoffset().total_seconds() == 0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def patience(clock: Clock) -> Patience:
    return Patience(Waits(give_up=300, unreachable=15, backoff=1), clock)


FAILED = Hiccup("status 503")
REFUSED = Hiccup("refused", unreachable=True)


def test_patience_ends_after_so_long_without_a_good_answer_to_anyone():
    clock = Clock()
    patient = patience(clock)

    clock.now += 299
    assert not patient.is_over(1000, FAILED)
    patient.good()
    clock.now += 299
    assert not patient.is_over(1000, FAILED)
    clock.now += 1
    assert patient.is_over(1000, FAILED)
    assert patient.silent_seconds(1000) == 300


def test_time_in_which_nothing_was_asked_does_not_count():
    clock = Clock()
    patient = patience(clock)
    patient.good()

    clock.now += 5000

    assert not patient.is_over(clock.now, FAILED)


def test_a_host_that_never_was_there_gets_less_patience_than_one_that_was():
    clock = Clock()
    patient = patience(clock)

    clock.now += 15
    assert patient.is_over(1000, REFUSED)
    assert not patient.is_over(1000, FAILED)
    patient.good()
    clock.now += 15
    assert not patient.is_over(1000, REFUSED)


def call_after(tries: int) -> RetryCallState:
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = tries
    return state


@given(st.integers(1, 2000))
def test_back_off_grows_with_the_tries_up_to_half_a_minute(tries):
    wait = patience(Clock()).wait_seconds(1000, FAILED, call_after(tries))

    assert 0 <= wait <= min(30, 2 ** min(tries - 1, 10))


def test_waits_are_cut_at_the_end_of_the_patience():
    clock = Clock()
    patient = patience(clock)
    asked = Hiccup("status 429", wait_seconds=120)

    assert patient.wait_seconds(1000, asked, call_after(1)) == 120
    clock.now += 290
    assert patient.wait_seconds(1000, asked, call_after(2)) == 10
    clock.now += 20
    assert patient.wait_seconds(1000, asked, call_after(3)) == 0
