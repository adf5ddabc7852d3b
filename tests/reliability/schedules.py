"""Schedules of faults: a source that changed since the last night, and that answers badly while it is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest

from pipeline.errors import IncompleteError, LeafhouseError
from pipeline.landing import Manifest
from pipeline.sandbox import Faults
from pipeline.sandbox.trouble.faults import REQUEST_FAULTS, ROW_FAULTS
from pipeline.sandbox.trouble.spoiling import bad_field
from pipeline.sandbox.trouble.wiggling import wiggle
from tests.acceptance.nights import FIVE, ONLY, House, open_house

from .quick import be_quick

# A redirect is refused as a wrong setting (exit 3), whatever else goes wrong: it has a test of its own.
KINDS = tuple(name for name in (*REQUEST_FAULTS, *ROW_FAULTS) if name != "redirect")
# Rows with these land: what they hold is odd, but it is what the source says.
_LANDING = {
    "nul": "before\0after",
    "huge-row": "x" * 4 * 2**20,
    "year-0001": -62_135_614_800_000_000,
    "year-9999": 253_402_325_999_999_999,
}
# These have the client wait for a second each time.
_SLOW = {"429", "429-date"}
_COSTLY = {"bomb", "huge-row"}
# A schedule of ten bad answers is over before the run's patience is (2.5 s), one of forty is not.
_TRIES = 10
_HANG_SECONDS, _READ_SECONDS = 0.3, 0.15


@dataclass(frozen=True)
class Schedule:
    """The faults of one run, and which kind of run it is, all picked by `seed`."""

    seed: int
    is_full: bool
    page_size: int
    connections: int
    faults: Faults

    @classmethod
    def of(cls, seed: int) -> "Schedule":
        """Return the schedule of a seed. The first nineteen have two kinds each and together all of them."""
        rng = Random(f"schedule {seed}")
        names = KINDS[2 * seed : 2 * seed + 2] or rng.sample(KINDS, rng.choice((1, 1, 2, 3, 6)))
        gentle = bool(_SLOW & set(names))
        request_faults = [name for name in names if name in REQUEST_FAULTS]
        row_faults = [name for name in names if name in ROW_FAULTS]
        total = 0.04 if gentle else rng.choice((0.05, 0.1, 0.3, 0.6, 1.0))
        rates = {name: total / len(request_faults) for name in request_faults}
        rates |= {name: rng.choice((0.005, 0.02)) for name in row_faults}
        rates |= {name: min(rates[name], 0.02) for name in _COSTLY & set(names)}
        until = rng.choice((10, 40)) if gentle else rng.choice((None, 10, 40))
        return cls(
            seed=seed,
            is_full=rng.random() < 0.6,
            page_size=rng.choice((5, 11, 40)),
            connections=rng.choice((1, 4, 16)),
            faults=Faults(rates, seed=seed, until=until, hang_seconds=_HANG_SECONDS),
        )

    @property
    def is_hopeless(self) -> bool:
        """Whether every answer is bad for as long as a run tries again."""
        rate = sum(rate for name, rate in self.faults.rates.items() if name in REQUEST_FAULTS)
        return rate > 0.99 and (self.faults.until is None or self.faults.until > _TRIES)


async def good_night(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a source, and a data folder with one night of it, for schedules to come after."""
    async with open_house(folder, monkeypatch, orders=25, seed=1, only=ONLY) as house:
        await house.extract(full=True)
        house.merge()


async def play(schedule: Schedule, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run through a schedule after a `good_night`, and check what became of the warehouse. Returns how the run ended.

    Raises AssertionError for a promise that was not kept, such as an exit 4 of a schedule that is not hopeless,
    TimeoutError for a run that hangs, and what ended the run unless that is an exit 4; whichever it was, the old
    warehouse and its manifest are as they were.
    """
    be_quick(monkeypatch, read=_READ_SECONDS, unreachable=0.5)
    monkeypatch.setenv("LEAFLINK_GIVE_UP_SECONDS", "2.5")
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", str(schedule.page_size))
    monkeypatch.setenv("LEAFLINK_MAX_CONNECTIONS", str(schedule.connections))
    before = committed(folder / "data")
    async with open_house(folder, monkeypatch, orders=25, seed=1, only=ONLY, faults=schedule.faults) as house:
        change(house, Random(f"changes {schedule.seed}"), everywhere=schedule.is_full)
        try:
            with anyio.fail_after(60):
                manifest = await house.extract(full=schedule.is_full)
        except LeafhouseError as error:
            assert committed(folder / "data") == before, schedule
            if isinstance(error, IncompleteError):
                assert schedule.is_hopeless, (error, schedule)
                return "exit 4"
            raise
        house.merge()
        found = list(unexplained(house, manifest, schedule.faults))
        assert found == [], (found[:5], schedule)
    return "equal"


def committed(data_dir: Path) -> dict[Path, bytes]:
    """Return what a run that fails must not touch, byte for byte: the warehouse, and the manifests to load."""
    manifests = (data_dir / "landing" / "_manifests").iterdir()
    return {path: path.read_bytes() for path in (data_dir / "warehouse.duckdb", *manifests)}


def change(house: House, rng: Random, *, everywhere: bool) -> None:
    """Change the source: anything that a full run finds, or only orders, which any run finds."""
    sandbox = house.sandbox
    for _ in range(6):
        if everywhere:
            wiggle(sandbox, rng, touch=True)
        else:
            number = rng.choice([row["number"] for row in sandbox.rows("orders_received")])
            sandbox.edit_order(number, modified=sandbox.now, notes=f"note {rng.random()}")
            sandbox.add_order(sandbox.now)


def unexplained(house: House, manifest: Manifest, faults: Faults) -> Iterator[Any]:
    """Yield every difference between raw and the source but those that bad rows are the reason of.

    A bad row is in quarantine under the name of its field, and its old state stays, as do the lines of a bad order. A
    bad value that its row can do without is null, and kept beside it.
    What was deleted stays as well where a key could not be read: it might be the missing one.
    """
    con = house.connect()
    aside = con.execute("select resource, key, path from meta.quarantine").fetchall()
    for resource, key_name in FIVE.items():
        odd = f"select '{resource}', \"{key_name}\"::varchar, unnest(json_keys(_odd)) from raw.{resource}"
        aside += con.execute(f"{odd} where _odd is not null").fetchall()
    con.close()
    keyless = {read.resource for read in manifest.resources if read.keyless}
    order_of = {line["id"]: line["order"] for line in house.sandbox.rows("line_items")}
    for resource, key_name in FIVE.items():
        present = {row[key_name] for row in house.sandbox.rows(resource)}
        for each in house.differences(resource, key_name):
            key = each[0] if isinstance(each, tuple) else each
            fault = faults.of_row(resource, key)
            if fault in _LANDING and isinstance(each, tuple) and each[3] == _LANDING[fault]:
                continue
            if fault and any(
                (name, path.partition(".")[0]) == (resource, bad_field(resource, fault).partition(".")[0])
                and of in (None, str(key))
                for name, of, path in aside
            ):
                continue
            of_bad_order = key in order_of and faults.of_row("orders_received", order_of[key]) is not None
            if of_bad_order or (key not in present and resource in keyless):
                continue
            yield resource, each, fault
