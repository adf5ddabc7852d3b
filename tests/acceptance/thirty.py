"""Nights in a row with a moved clock, and the room that the data folder takes after each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.jobs.load_result import LoadResult
from pipeline.settings import read_settings

from .nights import NOW, House, open_house

Watch = Callable[[House, LoadResult], None]


@dataclass(frozen=True)
class Sizes:
    """The bytes of a data folder after a night: of the landing, of the published warehouse, and of all that is kept."""

    night: int
    landing: int
    warehouse: int
    kept: int

    @property
    def all(self) -> int:
        return self.landing + self.kept


def sizes_of(data_dir: Path, night: int) -> Sizes:
    """Return the sizes of a folder."""
    warehouse = (data_dir / "warehouse.duckdb").stat().st_size
    return Sizes(night, bytes_in(data_dir / "landing"), warehouse, bytes_in(data_dir / "kept"))


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def live_through(house: House, nights: int, watch: Watch = lambda *_: None) -> list[Sizes]:
    """Load once a day while the source moves on, and return the sizes after each night; `watch` sees what each did."""
    found = []
    for night in range(nights):
        house.sandbox.advance(NOW + timedelta(days=night))
        watch(house, await house.night())
        found.append(sizes_of(house.data_dir, night))
    return found


async def afresh(folder: Path, house: House, monkeypatch: pytest.MonkeyPatch) -> Sizes:
    """Return the sizes of a new data folder that has read all of the same source once."""
    with monkeypatch.context() as patched:
        patched.setenv("LEAFHOUSE_DATA_DIR", str(folder))
        other = House(house.sandbox, folder)
        await other.night(full=True)
    return sizes_of(folder, 0)


def needed(fresh: Sizes) -> int:
    """Return what a folder needs: a landing that was read once, a warehouse, and as many earlier ones as are kept."""
    return fresh.landing + fresh.warehouse * (1 + read_settings().keep_warehouses)


__all__ = ["Sizes", "afresh", "bytes_in", "live_through", "needed", "open_house", "sizes_of"]
