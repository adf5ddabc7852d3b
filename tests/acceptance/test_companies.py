"""Several companies in `leafhouse.toml`: side by side, never mixed, each owner with a budget, each night its own."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import pipeline
from pipeline.errors import IncompleteError
from pipeline.jobs.extract import ExtractResult, extract_companies
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load
from pipeline.jobs.run import run
from pipeline.resources import all_resources
from pipeline.sandbox import Sandbox, SandboxConfig, serve
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView
from pipeline.terminal.load_view import LoadView
from pipeline.terminal.status_view import show_status
from pipeline.warehouse.status import read_status

from . import commands
from .nights import FIVE, NOW, House, our_clock_of

# Two companies of one person and one of another; the three sandboxes use the same ids for other rows.
OWNERS = {"acme": "jane", "birch": "jane", "cedar": "john"}
RESOURCES = {"orders_received": "number", "customers": "id"}
# The marts whose sales are held equal.
OF_SALES = (
    "brand_performance", "customer_value", "orders_assigned", "product_performance", "reorders", "rep_performance",
)  # fmt: skip


@dataclass
class Street:
    """A sandbox for each company, and one data folder for all."""

    data: Path
    sandboxes: dict[str, Sandbox]
    servers: dict[str, AsyncExitStack]

    async def extract(self, *, full: bool = False) -> ExtractResult:
        view = ExtractView(Output(as_json=True), "live")
        return await extract_companies(open_job(read_settings()), full=full, only=None, observer=view)

    def merge(self) -> None:
        House(self.sandboxes["acme"], self.data, ",".join(FIVE)).merge()

    def later(self) -> None:
        """Move every source on, by two days."""
        for sandbox in self.sandboxes.values():
            sandbox.advance(sandbox.now + timedelta(days=2))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        con = pipeline.connect(self.data / "warehouse.duckdb")
        try:
            return con.execute(query).fetchall()
        finally:
            con.close()

    def raw(self, resource: str, company: str) -> dict[Any, Any]:
        key = RESOURCES[resource]
        query = f"select \"{key}\", created_on from raw.{resource} where _company = '{company}' and _deleted_at is null"
        return dict(self.ask(query))

    def source(self, resource: str, company: str) -> set[Any]:
        return {row[RESOURCES[resource]] for row in self.sandboxes[company].rows(resource)}


@asynccontextmanager
async def open_street(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    resources: Iterable[str] = RESOURCES,
    forbidden: Mapping[str, set[str]] | None = None,
) -> AsyncIterator[Street]:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("LEAFLINK_GIVE_UP_SECONDS", "0.5")
    street, toml = Street(folder / "data", {}, {}), []
    async with AsyncExitStack() as all_servers:
        for seed, (name, owner) in enumerate(OWNERS.items(), 1):
            sandbox = Sandbox.open(folder / name, SandboxConfig(orders=40 + seed, seed=seed), NOW)
            all_servers.callback(sandbox.close)
            server = await all_servers.enter_async_context(AsyncExitStack())
            may_not = {"forbidden": (forbidden or {}).get(name, set())}
            served = serve(sandbox, key=f"key-{name}", clock=lambda sandbox=sandbox: sandbox.now, **may_not)
            base_url = await server.enter_async_context(served)
            street.sandboxes[name], street.servers[name] = sandbox, server
            monkeypatch.setenv(f"KEY_OF_{name.upper()}", f"key-{name}")
            wanted = json.dumps(list(resources))
            toml.append(
                f'[companies.{name}]\nkey = "KEY_OF_{name.upper()}"\nbase_url = "{base_url}"\nowner = "{owner}"\n'
                f"resources = {wanted}\n"
            )
        (folder / "leafhouse.toml").write_text("\n".join(toml))
        with our_clock_of(street.sandboxes["acme"]):
            yield street


async def test_the_rows_of_a_company_never_stand_under_the_name_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_street(tmp_path, monkeypatch) as street:
        extracted = await street.extract()
        street.merge()

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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_street(tmp_path, monkeypatch, resources=FIVE) as street:
        await street.extract()
        first = load(open_job(read_settings()), as_of=None)
        before = street.raw("orders_received", "birch")
        street.later()
        await street.servers["birch"].aclose()

        view = ExtractView(Output(as_json=True), "live")
        result = await run(
            open_job(read_settings()), full=False, only=None, as_of=None, accept_shrink=False, observer=view
        )

        LoadView(Output(as_json=False)).done(result)
        assert "\n  birch: not read, its rows of the last run stay. " in capsys.readouterr().out
        assert result.as_document()["failed"].keys() == {"birch"}
        assert street.raw("orders_received", "birch") == before
        for company in ("acme", "cedar"):
            found = street.raw("orders_received", company).keys()
            assert found == street.source("orders_received", company)
        assert result.as_of - first.as_of == timedelta(days=2)
        assert street.ask("select _company, as_of from marts.ar_aging group by all order by all") == [
            ("acme", result.as_of), ("birch", first.as_of), ("cedar", result.as_of),
        ]  # fmt: skip
        # It is said again by every load until the company has been read.
        again = load(open_job(read_settings()), as_of=None)
        assert again.intake.failed == {"birch": "It was not read since 2026-11-24 12:00 UTC."}


@pytest.mark.long
async def test_a_company_that_lost_too_much_keeps_its_rows_and_the_others_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_street(tmp_path, monkeypatch, resources=FIVE) as street:
        await street.extract()
        street.merge()
        before = street.raw("orders_received", "birch")
        street.later()
        known = [row for row in street.sandboxes["birch"].rows("orders_received") if row["number"] in before]
        orders = [row for row in known if row["status"] != "Draft"][:30]
        for order in orders:
            street.sandboxes["birch"].delete("orders_received", order["number"])
        refused = (await street.extract(full=True)).manifests["birch"].run_id

        result = load(open_job(read_settings()), as_of=None)

        assert [(each.manifest.run_id, each.manifest.company) for each in result.intake.refused_runs] == [
            (refused, "birch")
        ]
        assert {run.company for run in result.intake.runs} == {"acme", "cedar"}
        assert street.raw("orders_received", "birch") == before
        for company in ("acme", "cedar"):
            assert street.raw("orders_received", company).keys() == street.source("orders_received", company)
        LoadView(Output(as_json=False)).done(result)
        show_status(Output(as_json=False), read_status(street.data, all_resources()))
        said = capsys.readouterr().out
        assert said.count(f"birch: Run set aside: {refused}. orders_received: 30 of ") == 2
        assert "birch: not read" not in said

        for order in orders:
            street.sandboxes["birch"].put("orders_received", order)
        scopes = {
            company: {read.scope for read in manifest.resources if read.resource == "orders_received"}
            for company, manifest in (await street.extract()).manifests.items()
        }
        again = load(open_job(read_settings()), as_of=None)

        assert scopes["birch"] == {"all"}
        assert again.intake.refused_runs == []
        for company in OWNERS:
            assert street.raw("orders_received", company).keys() == street.source("orders_received", company)


async def test_a_command_prints_one_document_that_names_all_companies_and_those_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_street(tmp_path, monkeypatch) as street:
        await street.servers["birch"].aclose()
        home, own = commands.House(tmp_path, ""), ("KEY_OF_", "LEAFHOUSE_", "LEAFLINK_")
        settings = {name: value for name, value in os.environ.items() if name.startswith(own)}
        settings |= {"LEAFLINK_BASE_URL": None, "LEAFLINK_API_KEY": None}

        extracted = await asyncio.to_thread(home.run, "extract", "--json", **settings)
        planned = await asyncio.to_thread(home.run, "plan", "--json", **settings)

    document = json.loads(extracted.stdout)
    assert extracted.code == 5, extracted
    assert {name: manifest["company"] for name, manifest in document["companies"].items()} == {
        "acme": "acme",
        "cedar": "cedar",
    }
    assert list(document["failed"]) == ["birch"]
    assert document["failed"]["birch"] in extracted.stderr
    assert json.loads(planned.stdout)["companies"].keys() == OWNERS.keys()


@pytest.mark.marts("ar_aging_by_customer", *OF_SALES)
@pytest.mark.long
async def test_what_one_company_is_refused_holds_back_its_own_rows_of_the_marts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of_birch: set[str] = set()
    async with open_street(tmp_path, monkeypatch, resources=FIVE, forbidden={"birch": of_birch}) as street:
        await street.extract()
        first = load(open_job(read_settings()), as_of=None)
        before = street.ask("select * from marts.ar_aging where _company = 'birch' order by all")
        of_birch.add("order_payments")
        street.later()
        await street.extract()
        second = load(open_job(read_settings()), as_of=None)

        assert street.ask("select * from marts.ar_aging where _company = 'birch' order by all") == before != []
        assert street.ask("select _company, as_of from marts.ar_aging group by all order by all") == [
            ("acme", second.as_of), ("birch", first.as_of), ("cedar", second.as_of),
        ]  # fmt: skip
        assert street.ask("select _company, as_of, kept_because from meta.models where model = 'marts.ar_aging'") == [
            ("acme", second.as_of, None),
            ("birch", first.as_of, "order_payments was refused"),
            ("cedar", second.as_of, None),
        ]
        assert {each.audit_id for each in second.outcome.audits if each.failures is None} == set()
        assert {each.skipped for each in second.outcome.audits if each.audit_id == "sales_equal"} == {
            "birch: marts.customer_value is not of this load: order_payments was refused"
        }
        LoadView(Output(as_json=False)).done(second)
        status = read_status(street.data, all_resources())
        show_status(Output(as_json=False), status)
        found = {each.resource: each.completeness.partition(":")[0] for each in status.resources}
        assert (found["orders_received"], found["order_payments"]) == ("complete", "complete, refused")
        line = f"birch: kept as of {first.as_of}, since order_payments was refused: ar_aging, ar_aging_by_customer, "
        assert capsys.readouterr().out.count(line) == 2


async def test_when_every_company_fails_so_does_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_street(tmp_path, monkeypatch) as street:
        for server in street.servers.values():
            await server.aclose()

        with pytest.raises(IncompleteError):
            await street.extract()
