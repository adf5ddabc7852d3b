"""The warehouse that the pages under docs/ show: three nights of the sandbox, the same ones wherever it is built."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.sandbox.trouble.wiggling import wiggle

from ..acceptance.nights import NOW, open_house


@asynccontextmanager
async def open_documented(folder: Path) -> AsyncIterator[duckdb.DuckDBPyConnection]:
    """Build the warehouse in `folder`, and yield a connection to it."""
    with pytest.MonkeyPatch.context() as patched:
        async with open_house(folder, patched, orders=400) as house:
            rng = random.Random(11)
            for days in (0, 1, 2):
                house.sandbox.advance(NOW + timedelta(days=days))
                for _ in range(12 if days else 0):
                    wiggle(house.sandbox, rng, touch=True)
                await house.night()
            con = house.connect()
            try:
                yield con
            finally:
                con.close()
