"""The budget: what is promised about any minute, whatever is asked for when, with the clock in the test's hand."""

import json
import math
import random
import stat
from collections import deque

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.leaflink import Pacer
from pipeline.leaflink.pacing import Bucket

MINUTE = 60.0


class Time:
    """A clock, a wall clock and a sleep that agree with each other, and take no time."""

    def __init__(self, wall_offset: float = 1_795_485_600.0) -> None:
        self.now = 50.0
        self.wall_offset = wall_offset
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.now + self.wall_offset

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await anyio.lowlevel.checkpoint()


def pacer(time: Time, rate: float = 300, burst: int = 1000, state_file=None) -> Pacer:
    return Pacer(rate, burst, state_file, clock=time.clock, wall=time.wall, sleep=time.sleep)


async def go(paced: Pacer, time: Time, requests: int) -> list[float]:
    stamps = []
    for _ in range(requests):
        await paced.acquire()
        stamps.append(time.now)
    return stamps


def most_in_a_minute(stamps: list[float]) -> int:
    window: deque[float] = deque()
    most = 0
    for stamp in stamps:
        window.append(stamp)
        while stamp - window[0] >= MINUTE:
            window.popleft()
        most = max(most, len(window))
    return most


rates = st.integers(1, 600) | st.floats(0.5, 600)
bursts = st.integers(1, 60)


@given(rates, bursts, st.lists(st.floats(0, 90) | st.just(0.0), min_size=1, max_size=250))
def test_no_minute_sees_more_than_the_burst_whatever_the_pauses(rate, burst, pauses):
    now, stamps = 0.0, []
    bucket = Bucket(rate, burst, now)

    for pause in pauses:
        now += pause
        while (wait := bucket.wait_seconds(now)) > 0:
            now += wait
        bucket.take(now)
        stamps.append(now)

    assert most_in_a_minute(stamps) <= burst
    for earlier in range(0, len(stamps), 7):
        passed = stamps[-1] - stamps[earlier]
        assert len(stamps) - earlier <= burst + rate * passed / MINUTE + 1e-6 * len(stamps) + 1


@given(rates, bursts)
def test_who_always_asks_gets_the_rate_in_the_long_run(rate, burst):
    now, given_out = 0.0, 0
    bucket = Bucket(rate, burst, now)

    while given_out < 300:
        while (wait := bucket.wait_seconds(now)) > 0:
            now += wait
        bucket.take(now)
        given_out += 1

    # The window is a second longer than the minute. The last request went at `now`.
    slowest = max(MINUTE / rate, (MINUTE + 1) / burst)
    assert now <= slowest * 300 + (MINUTE + 1)


async def test_a_run_may_burst_and_then_goes_at_the_rate():
    time = Time()

    stamps = await go(pacer(time), time, 1600)

    assert stamps[999] == stamps[0]
    assert most_in_a_minute(stamps) == 1000
    assert stamps[-1] - stamps[1300] == pytest.approx(299 / 5, abs=1)


async def test_a_burst_of_nothing_means_no_more_than_the_rate():
    time = Time()

    stamps = await go(pacer(time, rate=30, burst=0), time, 200)

    assert most_in_a_minute(stamps) == 30


async def test_no_rate_means_no_waiting():
    time = Time()

    await go(pacer(time, rate=0, burst=5), time, 5000)

    assert time.slept == []


async def test_requests_go_in_the_order_of_asking():
    time = Time()
    paced = pacer(time, rate=60, burst=2)
    order = []

    async def ask(number: int) -> None:
        await paced.acquire()
        order.append(number)

    async with anyio.create_task_group() as group:
        for number in range(40):
            group.start_soon(ask, number)
            await anyio.lowlevel.checkpoint()

    assert order == list(range(40))


async def test_a_waiter_that_is_cancelled_has_used_nothing():
    time = Time()
    paced = Pacer(60, 1, clock=time.clock, wall=time.wall, sleep=lambda seconds: anyio.sleep_forever())
    await paced.acquire()

    for _ in range(5):
        with anyio.move_on_after(0):
            await paced.acquire()
    time.now += 61

    await paced.acquire()


async def test_a_pause_holds_everyone_back_until_its_end():
    time = Time()
    paced = pacer(time)
    started = time.now
    await paced.acquire()

    paced.pause(20)
    paced.pause(5)
    stamps = await go(paced, time, 3)

    assert [stamp - started for stamp in stamps] == [20, 20, 20]


async def test_a_pause_without_a_rate_holds_too():
    time = Time()
    paced = pacer(time, rate=0)

    paced.pause(7)
    await paced.acquire()

    assert time.slept == [7]


async def test_throttling_shrinks_the_burst_that_is_left_once_for_each_pause():
    time = Time()
    paced = pacer(time, rate=60, burst=1000)
    for _ in range(10):
        paced.pause(1)

    stamps = await go(paced, time, 600)

    at_once = sum(stamp == stamps[0] for stamp in stamps)
    assert at_once == 501  # half of a thousand, and what a second of pause refilled


async def test_two_runs_in_a_row_share_the_budget(tmp_path):
    time = Time()
    file = tmp_path / "data" / "pacing.json"
    first = pacer(time, state_file=file)
    first.attach("one")
    stamps = await go(first, time, 900)
    first.save()

    time.wall_offset += time.now  # the next process: its own monotonic clock starts anew, the wall clock goes on
    offset = time.now
    time.now = 0.0
    second = pacer(time, state_file=file)
    second.attach("one")
    stamps += [offset + stamp for stamp in await go(second, time, 900)]

    assert most_in_a_minute(stamps) <= 1000
    assert stamps[999] == stamps[0]
    assert stamps[1000] - stamps[999] > 0


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 60), st.floats(0, 80)), min_size=1, max_size=12), st.integers(0, 2**32))
def test_no_minute_sees_more_than_the_burst_across_any_number_of_restarts(tmp_path_factory, runs, seed):
    file = tmp_path_factory.mktemp("pacing") / "pacing.json"
    rolls = random.Random(seed)
    time = Time()
    stamps: list[float] = []

    async def all_runs() -> None:
        for requests, pause in runs:
            paced = pacer(time, rate=120, burst=40, state_file=file)
            paced.attach("one")
            for _ in range(requests):
                await paced.acquire()
                stamps.append(time.now)
                time.now += rolls.random() / 10
            paced.save()
            time.now += pause

    anyio.run(all_runs)

    assert most_in_a_minute(stamps) <= 40


async def test_a_killed_run_leaves_all_but_its_last_second(tmp_path):
    time = Time()
    file = tmp_path / "pacing.json"
    killed = pacer(time, rate=60, burst=100, state_file=file)
    killed.attach("one")
    for _ in range(50):
        await killed.acquire()
        time.now += 0.1

    after = pacer(time, rate=60, burst=100, state_file=file)
    after.attach("one")
    started = time.now
    stamps = await go(after, time, 100)

    assert 50 <= sum(stamp == started for stamp in stamps) <= 50 + 5 + 10


async def test_keys_have_budgets_of_their_own_unless_they_share_a_pacer(tmp_path):
    time = Time()
    file = tmp_path / "pacing.json"
    shared = pacer(time, rate=60, burst=10, state_file=file)
    shared.attach("one")
    shared.attach("two")
    await go(shared, time, 10)
    shared.save()
    other = pacer(time, rate=60, burst=10, state_file=file)
    other.attach("other")
    await go(other, time, 1)
    other.save()

    for name, left in (("one", 0), ("two", 0), ("other", 9), ("new", 10)):
        later = pacer(time, rate=60, burst=10, state_file=file)
        later.attach(name)
        started = time.now
        stamps = await go(later, time, 11)
        assert sum(stamp == started for stamp in stamps) == left
        time.now = started


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff\xfe",
        b"not json",
        b"[]",
        b'{"one": 7}',
        b'{"one": {"at": "now", "tokens": 3, "ages": []}}',
        b'{"one": {"at": 1e999, "tokens": 3, "ages": []}}',
        b'{"one": {"at": 1, "tokens": NaN, "ages": []}}',
        b"[" * 100_000,
    ],
)
async def test_a_state_that_cannot_be_read_counts_as_a_bucket_just_emptied(tmp_path, content):
    time = Time()
    file = tmp_path / "pacing.json"
    file.write_bytes(content)
    paced = pacer(time, rate=60, burst=10, state_file=file)

    paced.attach("one")
    stamps = await go(paced, time, 12)
    paced.save()

    assert most_in_a_minute(stamps) <= 10
    assert stamps[0] - 50.0 == pytest.approx(1)
    assert list(json.loads(file.read_bytes())) == ["one"]


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=50)
@given(finite, finite, st.lists(finite, max_size=30))
def test_no_saved_state_breaks_the_promise_or_stops_the_run(tmp_path_factory, at, tokens, ages):
    time = Time()
    file = tmp_path_factory.mktemp("pacing") / "pacing.json"
    file.write_text(json.dumps({"one": {"at": at, "tokens": tokens, "ages": ages}}))
    paced = pacer(time, rate=60, burst=10, state_file=file)
    paced.attach("one")

    async def run() -> list[float]:
        return await go(paced, time, 25)

    stamps = anyio.run(run)

    assert most_in_a_minute(stamps) <= 10
    assert math.isfinite(stamps[-1])
    assert stamps[-1] - 50.0 <= 5 * MINUTE


async def test_a_state_from_the_future_is_a_state_of_now(tmp_path):
    time = Time()
    file = tmp_path / "pacing.json"
    first = pacer(time, rate=60, burst=10, state_file=file)
    first.attach("one")
    await go(first, time, 10)
    first.save()

    time.wall_offset -= 10_000
    started = time.now
    second = pacer(time, rate=60, burst=10, state_file=file)
    second.attach("one")
    stamps = await go(second, time, 1)

    assert stamps[0] - started == pytest.approx(61)


async def test_the_state_is_for_its_owner_only_and_leaves_nothing_beside_it(tmp_path):
    time = Time()
    file = tmp_path / "data" / "pacing.json"
    paced = pacer(time, state_file=file)
    paced.attach("one")
    await paced.acquire()
    paced.save()
    paced.save()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert list(file.parent.iterdir()) == [file]


async def test_a_folder_that_cannot_be_written_to_does_not_stop_the_run(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    time = Time()
    paced = pacer(time, state_file=tmp_path / "data" / "pacing.json")

    paced.attach("one")
    await go(paced, time, 3)
    paced.save()


@pytest.mark.parametrize(("rate", "burst"), [(300, 1000), (300, 40), (240, 0), (0, 0)])
@pytest.mark.parametrize("before", [0, 30, 900])
async def test_how_long_requests_will_take_is_foretold_and_takes_nothing(rate: int, burst: int, before: int) -> None:
    time = Time()
    paced = pacer(time, rate, burst)
    await go(paced, time, before)
    time.now += 7

    foretold, began = paced.seconds_for(1_200), time.now
    assert paced.seconds_for(1_200) == foretold
    stamps = await go(paced, time, 1_200)

    assert stamps[-1] - began == pytest.approx(foretold, abs=0.01)
