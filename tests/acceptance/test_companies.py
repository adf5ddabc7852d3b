"""Several companies in `leafhouse.toml`: side by side, never mixed, each owner with a budget, each night its own."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import pipeline
from pipeline.errors import IncompleteError
from pipeline.jobs.extract import Extracted, extract_companies
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load
from pipeline.jobs.run import run
from pipeline.sandbox import Sandbox, SandboxConfig, serve
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView

from .nights import NOW

# Two companies of one person and one of another; the three sandboxes use the same ids for other rows.
OWNERS = {"acme": "jane", "birch": "jane", "cedar": "john"}
RESOURCES = {"orders_received": "number", "customers": "id"}


@dataclass
class Street:
    """A sandbox for each company, and one data folder for all."""

    data: Path
    sandboxes: dict[str, Sandbox]
    servers: dict[str, AsyncExitStack]

    async def extract(self) -> Extracted:
        view = ExtractView(Output(as_json=True), "live")
        return await extract_companies(open_job(read_settings()), full=False, only=None, view=view)

    def raw(self, resource: str, company: str) -> dict[Any, Any]:
        key = RESOURCES[resource]
        con = pipeline.connect(self.data / "warehouse.duckdb")
        try:
            query = f'select "{key}", created_on from raw.{resource} where _company = ? and _deleted_at is null'
            return dict(con.execute(query, [company]).fetchall())
        finally:
            con.close()

    def source(self, resource: str, company: str) -> set[Any]:
        return {row[RESOURCES[resource]] for row in self.sandboxes[company].rows(resource)}


@asynccontextmanager
async def open_street(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("LEAFLINK_GIVE_UP_SECONDS", "0.5")
    street, toml = Street(folder / "data", {}, {}), []
    async with AsyncExitStack() as all_servers:
        for seed, (name, owner) in enumerate(OWNERS.items(), 1):
            sandbox = Sandbox.open(folder / name, SandboxConfig(orders=40 + seed, seed=seed), NOW)
            all_servers.callback(sandbox.close)
            server = await all_servers.enter_async_context(AsyncExitStack())
            base_url = await server.enter_async_context(serve(sandbox, key=f"key-{name}", clock=lambda: NOW))
            street.sandboxes[name], street.servers[name] = sandbox, server
            monkeypatch.setenv(f"KEY_OF_{name.upper()}", f"key-{name}")
            wanted = json.dumps(list(RESOURCES))
            toml.append(
                f'[companies.{name}]\nkey = "KEY_OF_{name.upper()}"\nbase_url = "{base_url}"\nowner = "{owner}"\n'
                f"resources = {wanted}\n"
            )
        (folder / "leafhouse.toml").write_text("\n".join(toml))
        yield street


async def test_the_rows_of_a_company_never_stand_under_the_name_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_street(tmp_path, monkeypatch) as street:
        extracted = await street.extract()
        load(open_job(read_settings()), as_of=None)

        assert extracted.failures == {}
        for resource in RESOURCES:
            for company in OWNERS:
                assert street.raw(resource, company).keys() == street.source(resource, company)


async def test_the_keys_of_one_owner_share_a_budget_that_another_owner_does_not_touch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_street(tmp_path, monkeypatch) as street:
        extracted = await street.extract()

    asked = {"jane": 0, "john": 0}
    for company, manifest in extracted.manifests.items():
        asked[OWNERS[company]] += manifest.requests
    buckets = json.loads((street.data / "pacing.json").read_text()).values()  # one for each key
    assert sorted(len(bucket["ages"]) for bucket in buckets) == sorted(asked[owner] for owner in OWNERS.values())


async def test_an_outage_of_one_company_leaves_the_night_of_the_others_intact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_street(tmp_path, monkeypatch) as street:
        await street.extract()
        load(open_job(read_settings()), as_of=None)
        before = street.raw("orders_received", "birch")
        for sandbox in street.sandboxes.values():
            sandbox.advance(NOW.replace(day=26))
        await street.servers["birch"].aclose()

        view = ExtractView(Output(as_json=True), "live")
        result = await run(open_job(read_settings()), full=False, only=None, as_of=None, accept_shrink=False, view=view)

        assert [sentence.partition(":")[0] for sentence in result.refused] == ["birch"]
        assert street.raw("orders_received", "birch") == before
        for company in ("acme", "cedar"):
            found = street.raw("orders_received", company).keys()
            assert found == street.source("orders_received", company)


async def test_when_every_company_fails_so_does_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_street(tmp_path, monkeypatch) as street:
        for server in street.servers.values():
            await server.aclose()

        with pytest.raises(IncompleteError):
            await street.extract()
