"""A night that is killed at any moment, and the one after it: the same warehouse as without the kill."""

import asyncio
import os
import shutil
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest

from pipeline.warehouse.reader import attach
from tests.acceptance.commands import CHECKOUT
from tests.acceptance.nights import NOW, ONLY, House, open_house
from tests.forked import run_forked

from . import killed

Digests = dict[str, tuple[int, int]]
# What differs from run to run although the rows are the same.
_BOOKKEEPING = {"_run_id", "_extracted_at", "_deleted_reason", "run_id"}
# A load that is made again says once more what it changed: nothing.
_OF_LOADS = {"marts.changes", "marts.order_changes", "marts.ar_roll_forward"}
_COMMANDS = {"run": ("run", "--only", ONLY), "load": ("load",)}
_LONGEST_WAIT_SECONDS = 0.3
_GLANCE_SECONDS = 0.05


def digests_of(warehouse: Path) -> Digests:
    """Return rows and a sum of hashes of the tables of raw, history and marts, without the bookkeeping."""
    with closing(attach(warehouse)) as con:
        columns: dict[str, list[str]] = {}
        for table, column in con.execute(
            "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() "
            "WHERE schema_name IN ('raw', 'history', 'marts') ORDER BY ALL"
        ).fetchall():
            columns.setdefault(table, []).extend([] if column in _BOOKKEEPING else [f'"{column}"'])
        return {
            table: con.execute(
                f"SELECT count(*), coalesce(sum(hash(kept)), 0) FROM (SELECT {', '.join(names)} FROM {table}) AS kept"
            ).fetchall()[0]
            for table, names in columns.items()
            if table not in _OF_LOADS
        }


@dataclass
class Scene:
    """A source at rest, and two data folders to start from: one night behind it, or that night landed but not loaded.

    `steps` says how many steps each command takes from its folder to the warehouse `after`.
    """

    house: House
    folder: Path
    before: Digests
    after: Digests
    steps: dict[str, int]

    async def kill(self, seed: int, monkeypatch: pytest.MonkeyPatch) -> str:
        """Kill a command at a moment picked by `seed`, let it run again, and say where it was killed.

        Raises AssertionError when the published file did not open at some instant, or ends otherwise than undisturbed.
        """
        rng = Random(f"kill {seed}")
        command = rng.choice(("run", "load"))
        step, wait = rng.randint(1, self.steps[command]), rng.choice((0.0, rng.uniform(0.0, _LONGEST_WAIT_SECONDS)))
        house = self._start_from(command, monkeypatch)
        with _read_all_the_time(house.data_dir / "warehouse.duckdb"):
            code, _ = await start(command, step, wait)
        assert code in (-signal.SIGKILL, -signal.SIGALRM, 0), code
        assert digests_of(house.data_dir / "warehouse.duckdb") in (self.before, self.after)

        if command == "run":
            await house.extract()
        house.load()

        found = digests_of(house.data_dir / "warehouse.duckdb")
        assert found == self.after, {name for name, digest in found.items() if digest != self.after.get(name)}
        assert [path for path in house.data_dir.rglob("*") if path.suffix == ".part" or path.name == "building"] == []
        return f"{command}, step {step}"

    def _start_from(self, command: str, monkeypatch: pytest.MonkeyPatch) -> House:
        data = self.folder / "killed"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.folder / f"before {command}", data)
        monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(data))
        return House(self.house.sandbox, data, ONLY)


@asynccontextmanager
async def open_scene(folder: Path, monkeypatch: pytest.MonkeyPatch, *, orders: int) -> AsyncIterator[Scene]:
    """Make the scene: a source, a first night, and the second one undisturbed."""
    async with open_house(folder, monkeypatch, orders=orders, only=ONLY) as house:
        warehouse = house.data_dir / "warehouse.duckdb"
        await house.night()
        before = digests_of(warehouse)
        shutil.copytree(house.data_dir, folder / "before run")
        house.sandbox.advance(NOW + timedelta(hours=2))
        run_steps = await _count_steps("run")
        after = digests_of(warehouse)
        assert after != before
        shutil.copytree(folder / "before run", folder / "before load")
        monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "before load"))
        await house.extract()
        shutil.copytree(folder / "before load", folder / "loaded")
        monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "loaded"))
        load_steps = await _count_steps("load")
        assert digests_of(folder / "loaded" / "warehouse.duckdb") == after
        yield Scene(house, folder, before, after, {"run": run_steps, "load": load_steps})


async def _count_steps(command: str) -> int:
    code, errors = await start(command, 0, 0.0)
    assert code == 0, errors
    return int(errors.split()[-1])


async def start(command: str, step: int, wait: float) -> tuple[int, str]:
    """Run a command that is killed `wait` seconds after a step; return its exit code and what it wrote to stderr."""
    run = partial(run_forked, killed.main, step, wait, *_COMMANDS[command], folder=CHECKOUT, environment=os.environ)
    code, _, errors = await asyncio.to_thread(run)
    return code, errors


@contextmanager
def _read_all_the_time(warehouse: Path) -> Iterator[None]:
    """Open the published file again and again meanwhile; raise what that raised."""
    stop, problems = threading.Event(), list[BaseException]()

    def read() -> None:
        while not stop.wait(_GLANCE_SECONDS):
            try:
                with closing(attach(warehouse)) as con:
                    con.execute("SELECT count(*) FROM raw.orders_received").fetchall()
            except BaseException as error:
                problems.append(error)
                return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        stop.set()
        reader.join()
    if problems:
        raise problems[0]
