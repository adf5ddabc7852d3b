"""Schedules of faults: what a store does while a run lands in it, and the runs after it until one is done."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

import duckdb

from pipeline import clock
from pipeline.errors import ConfigurationError
from pipeline.extract.selection import selected
from pipeline.landing import Bucket, Landing, StorageError, bucket, new_run_id
from pipeline.warehouse.build import Build
from tests.acceptance.commands import House
from tests.acceptance.nights import FIVE, ONLY
from tests.forked import _leafhouse, run_forked

from .server import Fault, Proxy, Weather, credentials

# An outage takes the seven seconds of Arrow's own patience each time: few schedules have one.
_OUTAGES_EVERY = 20
_PASSING: Sequence[Fault] = ("slow", "503", "cut", "lost", "torn")
_ENDING: Sequence[Fault] = ("kill", "die", "refuse")
# So many requests a run makes, and a first one; a fault beyond is none.
_REQUESTS, _FIRST_RUN = 120, 45
_MOST_RUNS = 6


@dataclass(frozen=True)
class Schedule:
    """Faults by request, picked by `seed`: passing ones at any, and in the first runs one that ends the run."""

    seed: int

    @property
    def has_outage(self) -> bool:
        """Whether the store answers nothing any more at some moment of the first run."""
        return self.seed % _OUTAGES_EVERY == 0

    @property
    def nights(self) -> int:
        """How many runs are to be done: the second one is planned upon the first."""
        return 1 + (self.seed % 3 == 0)

    def weathers(self) -> Iterator[Weather]:
        """Yield the weather of each run; from the fourth on nothing ends it."""
        rng = Random(f"store {self.seed}")
        rate = rng.choice((0.0, 0.02, 0.1, 0.2))
        for run in range(_MOST_RUNS):
            passing = {number: rng.choice(_PASSING) for number in range(1, _REQUESTS) if rng.random() < rate}
            ending: dict[int, Fault] = {}
            if run < rng.choice((1, 2, 3)):
                ending = {rng.randrange(1, _FIRST_RUN): rng.choice(_ENDING)}
            outage = rng.randrange(1, 60) if run == 0 and self.has_outage else None
            yield self._weather(passing | ending, outage)

    def _weather(self, faults: dict[int, Fault], outage: int | None) -> Weather:
        def fault_of(number: int, method: str, path: str) -> Fault | None:
            return "503" if outage is not None and number >= outage else faults.get(number)

        return Weather(fault_of)


def _quickly(tries: int, *arguments: str) -> None:
    """Run `leafhouse` with these arguments, with so many tries, close together."""
    bucket._WAITS_SECONDS = (0.01,) * (tries - 1)
    _leafhouse(*arguments)


@dataclass
class Watch:
    """A reader that lists the landing after every write, straight from the store."""

    landing: Landing
    seen: int = 0

    def look(self) -> None:
        """Assert that what is committed is whole, and that nothing of it is ever gone."""
        manifests = self.landing.manifests()
        assert len(manifests) >= self.seen, "a committed run is gone"
        if len(manifests) > self.seen:  # what was seen once is looked at again in the end
            self.check(manifests[-1].run_id)
            self.seen = len(manifests)

    def check(self, *run_ids: str) -> None:
        for manifest in self.landing.manifests():
            if not run_ids or manifest.run_id in run_ids:
                with self.landing.fetched(manifest.all_batches):
                    pass


def play(schedule: Schedule, house: House, url: str, proxy: Proxy) -> list[int]:
    """Extract through the weathers until as many runs are done as there are nights, and return the exit codes.

    Raises AssertionError for a state that no reader may see, and for a code that no fault explains.
    """
    watch, codes, done = Watch(Landing(Bucket(url, house.folder / "watch"))), list[int](), 0
    for weather in schedule.weathers():
        proxy.weather = weather
        weather.after_write = watch.look
        code, _, errors = run_forked(
            _quickly, 1 if schedule.has_outage else 5, "extract", "--only", ONLY, folder=house.folder,
            environment=house.environment(**credentials(proxy.url), LEAFHOUSE_LANDING=url),
            on_start=partial(_aim, weather),
        )  # fmt: skip
        codes.append(code)
        assert weather.errors == [], (weather.errors, schedule)
        faults = {fault for _, _, fault in weather.requests if fault}
        allowed = {0, -signal.SIGKILL} if faults & {"kill", "die"} else {0}
        allowed |= {ConfigurationError.exit_code} if "refuse" in faults else set()
        allowed |= {StorageError.exit_code} if "503" in faults else set()
        assert code in allowed, (code, errors, schedule)
        done += code == 0
        if done == schedule.nights:
            break
    assert done == schedule.nights, (codes, schedule)
    watch.check()
    return codes


def _aim(weather: Weather, process: int) -> None:
    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

    weather.kill = kill


def merge(data_dir: Path, landing: Landing) -> None:
    """Merge what was landed and publish it, without marts."""
    with Build(data_dir, landing, selected(ONLY), new_run_id(clock.now())) as build:
        for manifest in build.pending():
            build.merge(manifest)
        build.close_inputs()
        build.publish()


def digests(warehouse: Path) -> dict[str, tuple[int, str]]:
    """Return, of each resource, how many rows there are and a hash of them all, without run and time of reading."""
    with duckdb.connect(warehouse, read_only=True) as con:
        found = {}
        for resource in FIVE:
            ((rows, digest),) = con.execute(
                "SELECT count(*), md5(string_agg(row, chr(10) ORDER BY row)) FROM (SELECT CAST(to_json(r) AS VARCHAR) "
                f"AS row FROM (SELECT * EXCLUDE (_run_id, _extracted_at, _valid_from) FROM raw.{resource}) AS r)"
            ).fetchall()
            found[resource] = rows, digest
    return found
