"""How many requests at a time: up slowly, down fast, never outside its bounds."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.leaflink.concurrency import AdaptiveLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


async def crowd(limiter: AdaptiveLimiter, requests: int) -> list[int]:
    """Let many requests ask at once and all end well; return the limit that each met at its end."""
    limits = []

    async def request() -> None:
        async with limiter:
            await anyio.lowlevel.checkpoint()
            limits.append(limiter.limit)
            limiter.good()

    async with anyio.create_task_group() as group:
        for _ in range(requests):
            group.start_soon(request)
    return limits


async def test_each_round_of_good_answers_adds_one_up_to_the_maximum():
    limits = await crowd(AdaptiveLimiter(maximum=9), 100)

    assert limits[:30] == [4] * 4 + [5] * 5 + [6] * 6 + [7] * 7 + [8] * 8
    assert set(limits[30:]) == {9}


async def test_answers_while_places_are_free_add_nothing():
    limiter = AdaptiveLimiter(maximum=16)

    for _ in range(50):
        async with limiter:
            limiter.good()

    assert limiter.limit == 4


async def test_failures_of_one_round_halve_once():
    clock = Clock()
    limiter = AdaptiveLimiter(16, clock)
    sent_at = [clock() for _ in range(4)]

    for at in sent_at:
        limiter.overloaded(at)
    assert limiter.limit == 2

    limiter.overloaded(clock())
    limiter.overloaded(clock())
    assert limiter.limit == 1


@pytest.mark.parametrize("maximum", [1, 2, 3])
async def test_a_maximum_below_the_start_is_kept(maximum):
    limiter = AdaptiveLimiter(maximum)

    await crowd(limiter, 20)

    assert limiter.limit == maximum


@given(st.lists(st.sampled_from(["good", "overloaded"]), max_size=40), st.integers(1, 32))
async def test_the_limit_stays_within_its_bounds_and_places_are_never_lost(history, maximum):
    clock = Clock()
    limiter = AdaptiveLimiter(maximum, clock)

    for outcome in history:
        if outcome == "good":
            await crowd(limiter, 5)
        else:
            limiter.overloaded(clock())
        assert 1 <= limiter.limit <= maximum

    assert len(await crowd(limiter, 40)) == 40


async def test_a_cut_holds_back_those_that_come_after():
    clock = Clock()
    limiter = AdaptiveLimiter(16, clock)
    inside, peak = 0, 0

    async def request() -> None:
        nonlocal inside, peak
        async with limiter:
            inside += 1
            peak = max(peak, inside)
            await anyio.lowlevel.checkpoint()
            inside -= 1

    limiter.overloaded(clock())
    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(request)

    assert peak == 2
