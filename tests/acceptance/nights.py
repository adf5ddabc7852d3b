"""Running the nightly job in this process against a sandbox that is served over real HTTP."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

import pipeline
from pipeline import clock
from pipeline.extract.selection import selected
from pipeline.jobs.extract import extract
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load
from pipeline.jobs.load_result import LoadResult
from pipeline.landing import Manifest, new_run_id
from pipeline.sandbox import Sandbox, SandboxConfig, serve
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView
from pipeline.warehouse.build import Build

from .expected import Row, actual_row, expected_row, same

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = "night-key"
# Those that move the most, with their keys: for tests that more would make longer, and that would show no more.
FIVE = {
    "customers": "id", "line_items": "id", "order_payments": "id", "orders_received": "number", "products": "id",
}  # fmt: skip
ONLY = ",".join(FIVE)


@dataclass
class House:
    """A sandbox, served, and a data folder that reads it as a live source."""

    sandbox: Sandbox
    data_dir: Path
    only: str | None = None
    _opened: tuple[int, duckdb.DuckDBPyConnection] | None = None

    async def extract(self, *, full: bool = False, only: str | None = None) -> Manifest:
        job = open_job(read_settings())
        return await extract(job, full=full, only=only or self.only, observer=ExtractView(Output(as_json=True), "live"))

    def load(self) -> LoadResult:
        return load(open_job(read_settings()), as_of=None)

    async def night(self, *, full: bool = False) -> LoadResult:
        await self.extract(full=full)
        return self.load()

    async def read(self, *, full: bool = False) -> None:
        """Extract and `merge`: a night for those who look at raw only."""
        await self.extract(full=full)
        self.merge()

    def merge(self) -> None:
        """Merge what was landed and publish it: without marts, and without tables of what is not read at all."""
        job, load_id = open_job(read_settings()), new_run_id(clock.now())
        with Build(job.settings.data_dir, job.landing, selected(self.only), load_id) as build:
            for manifest in build.pending():
                build.merge(manifest)
            build.close_inputs()
            build.publish()

    def connect(self) -> duckdb.DuckDBPyConnection:
        return pipeline.connect(self.data_dir / "warehouse.duckdb")

    def raw(self, resource: str) -> pa.Table:
        return self._published().sql(f"select * from raw.{resource} where _deleted_at is null").to_arrow_table()

    def _published(self) -> duckdb.DuckDBPyConnection:
        """Return a connection, the same one until something else is published: to open it takes longer than to read."""
        inode = (self.data_dir / "warehouse.duckdb").stat().st_ino
        if self._opened is None or self._opened[0] != inode:
            self._opened = inode, self.connect()
        return self._opened[1]

    def differences(self, resource: str, key: str, rows: Iterable[Row] | None = None) -> list[Any]:
        """Return how raw differs from the sandbox, or `rows`: keys on one side, and (key, column, expected, actual)."""
        table = self.raw(resource)
        actual = {row[key]: actual_row(row) for row in rows_of(table)}
        assert len(actual) == table.num_rows, "keys are unique"
        rows = self.sandbox.rows(resource) if rows is None else rows
        expected = {row[key]: expected_row(row, table.schema) for row in rows}
        found: list[Any] = sorted(actual.keys() ^ expected.keys(), key=str)
        for each in expected.keys() & actual.keys():
            for name, value in expected[each].items():
                if value != actual[each][name] and not same(value, actual[each][name]):
                    found.append((each, name, value, actual[each][name]))
        return found


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """Return rows, with microseconds since 1970 for an instant of a year that Python does not know."""
    columns = {
        name: [_value_of(each) for each in column] if pa.types.is_timestamp(column.type) else column.to_pylist()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _value_of(moment: pa.TimestampScalar) -> datetime | int | None:
    try:
        value: datetime | None = moment.as_py()
    except (OverflowError, ValueError):
        return int(moment.value)
    return value


@contextmanager
def our_clock_of(sandbox: Sandbox, ahead: timedelta = timedelta()) -> Iterator[None]:
    """Set our own clock to the sandbox's, or so far ahead of it; it goes on while the sandbox's stands still."""
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "now", lambda: sandbox.now + timedelta(seconds=time.monotonic() - began) + ahead)
        yield


@asynccontextmanager
async def open_house(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    orders: int,
    seed: int = 1,
    only: str | None = None,
    **server: Any,
) -> AsyncIterator[House]:
    """Make and serve a sandbox, and point the settings at it. Our own clock is the sandbox's meanwhile."""
    sandbox = Sandbox.open(folder / "source", SandboxConfig(orders=orders, seed=seed), NOW)
    try:
        settings = {"rate_per_minute": 0, "clock": lambda: sandbox.now} | server
        async with serve(sandbox, key=KEY, **settings) as base_url:
            monkeypatch.setenv("LEAFLINK_BASE_URL", base_url)
            monkeypatch.setenv("LEAFLINK_API_KEY", KEY)
            monkeypatch.setenv("LEAFLINK_RATE_PER_MINUTE", "0")
            monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "data"))
            with our_clock_of(sandbox):
                yield House(sandbox, folder / "data", only)
    finally:
        sandbox.close()
