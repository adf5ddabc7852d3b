"""A small sandbox that all tests read, one of its own for each test that changes it, and clients for both."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pipeline.sandbox import Sandbox, SandboxConfig, serve
from pipeline.sandbox.store.store import from_json
from pipeline.sandbox.world.tables import TABLES

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
RESOURCES = ("orders_received", "line_items", "customers", "products", "order_payments")
EVERY = tuple(TABLES)


class Client:
    """Asks one server, with the sandbox's key unless another header is given."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self.session, self.base = session, base

    async def ask(self, path: str, *, method: str = "GET", key: str | None = "App sandbox") -> tuple[int, Any, Any]:
        """Return status, body and headers."""
        headers = {"Authorization": key} if key else {}
        async with self.session.request(method, self.base + path, headers=headers) as response:
            return response.status, from_json(await response.read()), response.headers

    async def get(self, path: str) -> Any:
        """Return the body of an answer that must be good."""
        status, body, _ = await self.ask(path)
        assert status == 200, body
        return body

    async def everything(self, path: str) -> list[Any]:
        """Return all rows of a list, following `next`."""
        rows: list[Any] = []
        address = path
        while address:
            page = await self.get(address.removeprefix(self.base))
            rows += page["results"]
            address = page["next"]
        return rows


@asynccontextmanager
async def client_of(sandbox: Sandbox, **settings: Any) -> AsyncIterator[Client]:
    """Serve the sandbox, without a rate limit unless told otherwise, and yield a client."""
    async with serve(sandbox, **{"rate_per_minute": 0} | settings) as base, aiohttp.ClientSession() as session:
        yield Client(session, base)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox to look at, not to change."""
    sandbox = Sandbox.open(tmp_path_factory.mktemp("shared"), SandboxConfig(orders=600), NOW)
    yield sandbox
    sandbox.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox to change."""
    sandbox = Sandbox.open(tmp_path, SandboxConfig(orders=120), NOW)
    yield sandbox
    sandbox.close()


@pytest.fixture
async def client(shared: Sandbox) -> AsyncIterator[Client]:
    """A client of the shared sandbox."""
    async with client_of(shared) as client:
        yield client
