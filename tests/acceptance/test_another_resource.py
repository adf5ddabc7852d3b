"""A resource that LeafLink might add one day: one file, and its rows land. Nothing else of the API is offered here."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web

import pipeline.resources
from pipeline.jobs.extract import extract
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load
from pipeline.landing import Manifest, ResourceRead
from pipeline.resources import all_resources
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView

PALLETS = '''
"""Pallets in the warehouse: GET /pallets/."""

from pydantic import Field

from pipeline.resources.resource import Appended, Resource
from pipeline.resources.types import Exact, Record, RequiredInteger, Text


class Pallet(Record):
    """A pallet."""

    id: RequiredInteger = Field(description="Key of the pallet.")
    name: Text = Field(None, description="What is written on it.")
    weight: Exact = Field(None, description="Kilograms.")


PALLETS = Resource(path="pallets/", record=Pallet, key="id", refresh=Appended())
'''


@dataclass
class Yard:
    """An API of pallets alone, newest last."""

    pallets: list[dict[str, object]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        date = {"Date": format_datetime(datetime.now(UTC), usegmt=True)}
        if request.path != "/api/pallets/":
            return web.json_response({"detail": "Not found."}, status=404, headers=date)
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        self.offsets.append(offset)
        page = {"count": len(self.pallets), "results": self.pallets[offset : offset + limit]}
        return web.Response(text=json.dumps(page), content_type="application/json", headers=date)


def pallet(key: int) -> dict[str, object]:
    return {"id": key, "name": f"Pallet {key}", "weight": f"{key}.125"}


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the one file beside the other contracts."""
    folder = tmp_path / "resources"
    folder.mkdir()
    (folder / "pallets.py").write_text(PALLETS)
    monkeypatch.setattr(pipeline.resources, "__path__", [*pipeline.resources.__path__, str(folder)])
    all_resources.cache_clear()
    yield
    all_resources.cache_clear()
    sys.modules.pop("pipeline.resources.pallets", None)


@asynccontextmanager
async def served(yard: Yard, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/{path:.*}", yard.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        monkeypatch.setenv("LEAFLINK_BASE_URL", f"http://127.0.0.1:{runner.addresses[0][1]}/api/")
        monkeypatch.setenv("LEAFLINK_API_KEY", "yard-key")
        monkeypatch.setenv("LEAFLINK_RATE_PER_MINUTE", "0")
        monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "10")
        monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "data"))
        yield
    finally:
        await runner.cleanup()


async def night() -> Manifest:
    job = open_job(read_settings())
    manifest = await extract(job, full=False, only=None, observer=ExtractView(Output(as_json=True), "live"))
    load(job, as_of=None)
    return manifest


def read_of(manifest: Manifest) -> ResourceRead:
    (read,) = (each for each in manifest.resources if not each.not_offered)
    return read


def landed(folder: Path) -> list[tuple[int, str, str]]:
    con = pipeline.connect(folder / "data" / "warehouse.duckdb")
    try:
        return con.execute(
            "select id, name, cast(weight as varchar) from raw.pallets where _deleted_at is null order by id"
        ).fetchall()
    finally:
        con.close()


@pytest.mark.usefixtures("declared")
async def test_a_resource_takes_one_file_and_lands_and_is_read_from_its_tail_the_next_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = Yard([pallet(key) for key in range(1, 101)])
    async with served(yard, tmp_path, monkeypatch):
        first = read_of(await night())
        yard.pallets = [pallet(key) for key in range(1, 105) if key != 41]
        yard.offsets.clear()
        second = read_of(await night())

    assert (first.resource, first.scope, first.distinct) == ("pallets", "all", 100)
    assert (second.scope, second.gone) == ("changed", ("41",))
    assert len(yard.offsets) < 10  # of 11 pages
    assert landed(tmp_path) == [(key, f"Pallet {key}", f"{key}.125000000") for key in range(1, 105) if key != 41]
