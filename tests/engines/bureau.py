"""A bureau with the accounts of three companies, each in another zone: served, and moved from night to night."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.jobs.extract import extract_companies
from pipeline.jobs.job import open_job
from pipeline.sandbox import Sandbox, SandboxConfig, serve
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView
from tests.acceptance.nights import NOW, our_clock_of

ZONES = {"acme": "America/Denver", "birch": "UTC", "cedar": "Asia/Kolkata"}


@dataclass
class Bureau:
    """A sandbox for each company, and one data folder for all."""

    data: Path
    sandboxes: dict[str, Sandbox]

    async def extract(self, *, full: bool = False) -> None:
        view = ExtractView(Output(as_json=True), "live")
        result = await extract_companies(open_job(read_settings()), full=full, only=None, observer=view)
        assert result.failures == {}

    def later(self, days: int = 2) -> None:
        """Move every source on: orders come, change and go."""
        for sandbox in self.sandboxes.values():
            sandbox.advance(sandbox.now + timedelta(days=days))


@asynccontextmanager
async def open_bureau(folder: Path, monkeypatch: pytest.MonkeyPatch, orders: int) -> AsyncIterator[Bureau]:
    """Serve three companies of so many orders, and point the settings at them."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("LEAFLINK_RATE_PER_MINUTE", "0")
    bureau, toml = Bureau(folder / "data", {}), []
    async with AsyncExitStack() as servers:
        for seed, (name, zone) in enumerate(ZONES.items(), 1):
            sandbox = Sandbox.open(folder / name, SandboxConfig(orders=orders, seed=seed), NOW)
            servers.callback(sandbox.close)
            served = serve(sandbox, key=f"key-{name}", rate_per_minute=0, clock=lambda sandbox=sandbox: sandbox.now)
            base_url = await servers.enter_async_context(served)
            bureau.sandboxes[name] = sandbox
            monkeypatch.setenv(f"KEY_OF_{name.upper()}", f"key-{name}")
            toml.append(
                f'[companies.{name}]\nkey = "KEY_OF_{name.upper()}"\nbase_url = "{base_url}"\ntimezone = "{zone}"\n'
            )
        (folder / "leafhouse.toml").write_text("\n".join(toml))
        with our_clock_of(bureau.sandboxes["acme"]):
            yield bureau
