"""Two accounts with other rows under the same ids, and the data folder that either may be read into."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigurationError
from pipeline.jobs.account import check_account
from pipeline.jobs.extract import open_source
from pipeline.jobs.job import open_job
from pipeline.leaflink import Client, Pacer
from pipeline.sandbox import Sandbox, serve
from pipeline.settings import read_settings

from ..marks import long_from
from . import commands
from .nights import FIVE, ONLY, House

OLD_KEY, NEW_KEY = "the-old-key", "the-new-key"
# What may change of the settings: each alone, and all at once.
CHANGES: dict[str, dict[str, Any]] = {
    "key": {"key": NEW_KEY},
    "scheme": {"scheme": "Token"},
    "address": {"is_moved": True},
    "all": {"key": NEW_KEY, "scheme": "Token", "is_moved": True},
}
changes = pytest.mark.parametrize("change", long_from(1, ["all", "key", "scheme", "address"]))
# Processes of their own are started here, whose clock is this machine's.
NOW = datetime.now(UTC).replace(microsecond=0)
WHAT_TO_DO = "Set LEAFHOUSE_DATA_DIR to a new folder .*Nothing was changed"


@dataclass
class Town:
    """Two accounts with other rows under the same ids, and a data folder that starts as the first one's."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    ours: Sandbox
    other: Sandbox
    port: int = 0
    port_of_killed: int = 0
    only: str = f"{ONLY},order_event_logs"  # a list that is read from its end: only the first night is a full one
    server: dict[str, Any] = field(default_factory=dict)

    @property
    def house(self) -> House:
        return House(self.ours, self.folder / "data", self.only)

    @asynccontextmanager
    async def served(
        self, sandbox: Sandbox, *, key: str = OLD_KEY, scheme: str = "App", is_moved: bool = False, **server: Any
    ) -> AsyncIterator[House]:
        """Serve an account where the last one was, unless it is moved, and point the settings at it."""
        settings = {"rate_per_minute": 0, "clock": lambda: sandbox.now} | self.server | server
        port = 0 if is_moved else self.port
        async with serve(sandbox, port=port, key=key, scheme=scheme, **settings) as base_url:
            self.port = int(base_url.split(":")[2].split("/")[0])
            for name, value in {
                "LEAFLINK_BASE_URL": base_url, "LEAFLINK_API_KEY": key, "LEAFLINK_AUTH_SCHEME": scheme,
                "LEAFLINK_RATE_PER_MINUTE": "0", "LEAFHOUSE_DATA_DIR": str(self.folder / "data"),
            }.items():  # fmt: skip
                self.monkeypatch.setenv(name, value)
            yield House(sandbox, self.folder / "data", self.only)

    async def first_night(self) -> None:
        async with self.served(self.ours) as house:
            await house.read()
        self.ours.advance(NOW + timedelta(hours=3))

    async def killed_night(self, windows: int = 0) -> Path:
        """Start an extract and kill it once it has a journal of so many windows, which is returned."""
        journal = self.folder / "data" / "landing" / "_journal-default.jsonl"
        processes: list[subprocess.Popen[str]] = []

        def kill() -> None:
            if journal.exists() and len(journal.read_bytes().splitlines()) > windows:
                processes[0].kill()

        async with self.served(self.ours, between=kill) as house:
            home = commands.House(self.folder, os.environ["LEAFLINK_BASE_URL"], {"LEAFLINK_API_KEY": OLD_KEY})
            data = {
                "LEAFHOUSE_DATA_DIR": str(house.data_dir),
                "LEAFLINK_MAX_CONNECTIONS": "1",
                "LEAFLINK_PAGE_SIZE": "10",
            }
            processes.append(home.start("extract", "--only", self.only, **data))
            outcome = await asyncio.to_thread(commands.finish, processes[0])
        assert outcome.code == -9, outcome
        return journal

    def restore(self) -> None:
        """Put the data folder back as the killed night left it, and the address too."""
        data, kept = self.folder / "data", self.folder / "killed"
        if kept.exists():
            shutil.rmtree(data)
        else:
            shutil.move(data, kept)
            self.port_of_killed = self.port
        shutil.copytree(kept, data)
        self.port = self.port_of_killed


@contextmanager
def refused(folder: Path, says: str = WHAT_TO_DO) -> Iterator[None]:
    """Expect that an extract is refused with exit 3 and leaves every file of the data folder as it was."""
    before = files_of(folder)
    assert before
    with pytest.raises(ConfigurationError, match=says) as caught:
        yield
    assert caught.value.exit_code == 3
    assert files_of(folder) == before


def files_of(folder: Path) -> dict[Path, bytes]:
    files = (path for path in (folder / "data").rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if path.name not in ("pacing.json", "lock")}


def assert_equal_to_the_source(house: House) -> None:
    assert house.only is not None
    for resource in house.only.split(","):
        assert house.differences(resource, FIVE.get(resource, "id")) == []


def note_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "data" / "accounts.json").read_bytes())["default"]
    return found


async def requests_of_check() -> int:
    job = open_job(read_settings())
    (company,) = job.companies
    async with open_source(job, company) as source, Client(source, Pacer(0, 0)) as client:
        await check_account(job, company, client)
        return client.stats.requests
