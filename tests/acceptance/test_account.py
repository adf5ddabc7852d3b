"""Whose folder is it: whatever changes of key, scheme, address or account, two accounts never meet in one folder."""

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
from pydantic import SecretStr

from pipeline.datafolder import Account, keep_account
from pipeline.errors import ConfigurationError
from pipeline.jobs.account import check_account
from pipeline.jobs.extract import Extracted, extract, extract_companies, open_source
from pipeline.jobs.job import open_job
from pipeline.landing import Landing, Manifest
from pipeline.leaflink import Client, Pacer, Source
from pipeline.sandbox import Sandbox, SandboxConfig, serve
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView

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
changes = pytest.mark.parametrize("change", CHANGES)
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


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "10")
    ours, other = (
        Sandbox.open(tmp_path / name, SandboxConfig(orders=25, seed=seed), NOW)
        for seed, name in enumerate(("ours", "other"), 1)
    )
    yield Town(tmp_path, monkeypatch, ours, other)
    ours.close()
    other.close()


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


@changes
async def test_the_same_account_goes_on_incrementally(town: Town, change: str) -> None:
    await town.first_night()
    noted = note_of(town.folder)

    async with town.served(town.ours, **CHANGES[change]) as house:
        manifest = await house.extract()
        house.merge()

        assert manifest.kind == "incremental"
        assert_equal_to_the_source(house)
    assert note_of(town.folder) != noted
    assert note_of(town.folder)["companies"] == noted["companies"]


@changes
async def test_another_account_is_refused_between_two_nights(town: Town, change: str) -> None:
    await town.first_night()

    async with town.served(town.other, **CHANGES[change]) as house:
        with refused(town.folder):
            await house.extract()

    async with town.served(town.ours, is_moved=True) as house:
        assert (await house.extract()).kind == "incremental"


@changes
async def test_another_account_is_refused_between_extract_and_load(town: Town, change: str) -> None:
    async with town.served(town.ours) as house:
        await house.extract()

    async with town.served(town.other, **CHANGES[change]) as house:
        with refused(town.folder):
            await house.extract()
        house.merge()

    assert_equal_to_the_source(town.house)


async def test_an_interrupted_night_is_not_taken_up_with_other_settings(town: Town) -> None:
    await town.first_night()
    run = json.loads((await town.killed_night()).read_bytes().splitlines()[0])["run_id"]

    for change in CHANGES.values():
        town.restore()
        async with town.served(town.ours, **change) as house:
            manifest = await house.extract()
            house.merge()

            assert_equal_to_the_source(house)
            assert manifest.run_id != run


async def test_an_interrupted_first_night_leaves_nothing_in_the_folder_of_another_account(town: Town) -> None:
    await town.killed_night(windows=1)

    for change in CHANGES.values():
        town.restore()
        async with town.served(town.other, **change) as house:
            await house.extract()
            house.merge()

            assert_equal_to_the_source(house)
            landing = house.data_dir / "landing"
            reads = [read for manifest in Landing(landing).manifests() for read in manifest.resources]
            assert set(landing.rglob("*.parquet")) == {landing / batch.file for read in reads for batch in read.batches}
            assert not list(landing.glob("_journal*"))


async def test_an_interrupted_night_waits_for_its_own_key_while_others_are_refused(town: Town) -> None:
    await town.first_night()
    journal = await town.killed_night()
    run = json.loads(journal.read_bytes().splitlines()[0])["run_id"]
    port = town.port

    async with town.served(town.other, key=NEW_KEY) as house:
        with refused(town.folder):
            await house.extract()
    town.port = port
    async with town.served(town.ours) as house:
        manifest = await house.extract()

    assert manifest.run_id == run


async def test_a_key_that_is_refused_says_what_to_do_on_the_command_line(town: Town) -> None:
    await town.first_night()
    async with town.served(town.other, key=NEW_KEY):
        home = commands.House(town.folder, os.environ["LEAFLINK_BASE_URL"], {"LEAFLINK_API_KEY": NEW_KEY})
        says = ("another account", "(404)", "new folder for this account", "the old key, scheme and base URL back")
        await asyncio.to_thread(home.refuses, "run", "--only", ONLY, code=3, says=says)
        outcome = await asyncio.to_thread(home.run, "doctor")

    assert outcome.code == 3
    assert "holds data of another account" in outcome.stdout


async def test_the_note_is_private_and_holds_no_key(town: Town) -> None:
    await town.first_night()

    note = town.folder / "data" / "accounts.json"
    assert note.stat().st_mode & 0o777 == 0o600
    assert OLD_KEY not in note.read_text()
    assert note_of(town.folder) == {
        "origin": f"http://127.0.0.1:{town.port}/api/v2/", "scheme": "App", "key": note_of(town.folder)["key"],
        "owner": "default", "companies": sorted(str(row["id"]) for row in town.ours.rows("companies")),
    }  # fmt: skip


async def test_with_the_settings_of_last_time_nothing_is_asked(town: Town) -> None:
    await town.first_night()
    async with town.served(town.ours):
        asked_again = await requests_of_check()
        (town.folder / "data" / "accounts.json").unlink()
        asked_anew = await requests_of_check()

    assert asked_again == 0
    assert asked_anew > 0


async def test_a_nightly_copy_of_the_account_is_another_one(town: Town) -> None:
    await town.first_night()
    async with town.served(town.ours):
        job = open_job(read_settings())
    (company,), note = job.companies, Account(origin="https://app.leaflink.com/api/v2/", scheme="App", key="", owner="")
    keep_account(job.settings.data_dir, company.name, note)
    source = Source("https://www.sandbox.leaflink.com/api/v2/", SecretStr(NEW_KEY))

    async with Client(source, Pacer(0, 0)) as client:
        with refused(town.folder, "www.sandbox.leaflink.com holds a copy"):
            await check_account(job, company, client)
        assert client.stats.requests == 0


async def requests_of_check() -> int:
    job = open_job(read_settings())
    (company,) = job.companies
    async with open_source(job, company) as source, Client(source, Pacer(0, 0)) as client:
        await check_account(job, company, client)
        return client.stats.requests


@pytest.mark.parametrize("lost", ["landing", "warehouse.duckdb", "accounts.json"])
async def test_any_part_of_the_data_folder_tells_whose_it_is(town: Town, lost: str) -> None:
    await town.first_night()
    path = town.folder / "data" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    async with town.served(town.other, key=NEW_KEY) as house:
        with refused(town.folder):
            await house.extract()
    async with town.served(town.ours, key=NEW_KEY) as house:
        await house.read()

        assert_equal_to_the_source(house)
    assert note_of(town.folder)["companies"]


@pytest.mark.parametrize("only", ["customers", "products", "order_payments", "line_items"])
async def test_rows_under_the_ids_of_another_account_do_not_prove_it(town: Town, only: str) -> None:
    town.only = only
    await town.first_night()
    held = {row[FIVE[only]] for row in town.ours.rows(only)}
    assert held & {row[FIVE[only]] for row in town.other.rows(only)}

    async with town.served(town.other, key=NEW_KEY) as house:
        with refused(town.folder, "is another row there"):
            await house.extract()
    async with town.served(town.ours, key=NEW_KEY) as house:
        await house.read()

        assert_equal_to_the_source(house)


async def test_what_the_key_may_not_see_is_passed_over(town: Town) -> None:
    town.server = {"forbidden": {"companies", "orders_received"}}
    await town.first_night()

    async with town.served(town.other, key=NEW_KEY) as house:
        with refused(town.folder):
            await house.extract()
    async with town.served(town.ours, key=NEW_KEY) as house:
        assert (await house.extract()).kind == "incremental"


async def test_a_key_that_shows_nothing_of_what_is_held_is_refused(town: Town) -> None:
    await town.first_night()

    async with town.served(town.ours, key=NEW_KEY, forbidden={*FIVE, "contacts", "reports"}) as house:
        with refused(town.folder, "LEAFLINK_AUTH_SCHEME .*Nothing was changed"):
            await house.extract()


async def test_where_no_row_can_tell_the_companies_do(town: Town) -> None:
    town.only = "product_categories"
    await town.first_night()

    async with town.served(town.ours, key=NEW_KEY) as house:
        await house.extract()
    for company in list(town.other.rows("companies")):
        town.other.delete("companies", company["id"])
        town.other.put("companies", company | {"id": company["id"] + 1000})
    async with town.served(town.other, key=OLD_KEY, is_moved=True) as house:
        with refused(town.folder, "the key sees company .*Nothing was changed"):
            await house.extract()
    async with town.served(town.ours, key=OLD_KEY, forbidden={"companies"}) as house:
        with refused(town.folder, "the key sees none of what is held"):
            await house.extract()


async def test_a_key_for_fewer_companies_or_for_more_is_refused(town: Town) -> None:
    await town.first_night()
    sellers = {row["seller"] for row in town.ours.rows("orders_received")}
    assert len(sellers) > 1
    narrow = Sandbox.open(Path(shutil.copytree(town.folder / "ours", town.folder / "narrow")), SandboxConfig(), NOW)
    left = min(sellers)
    narrow.delete("companies", left)
    for order in [row for row in narrow.rows("orders_received") if row["seller"] == left]:
        narrow.delete_order(order["number"])

    async with town.served(narrow, key=NEW_KEY) as house:
        with refused(town.folder, f"the newest 5 rows held of company {left}"):
            await house.extract()
        town.folder = town.folder / "narrow night"
        town.monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(town.folder / "data"))
        await House(narrow, town.folder / "data", ONLY).read()
    async with town.served(town.ours) as house:
        with refused(town.folder, f"also brings orders of company {left}"):
            await house.extract()
    narrow.close()


async def test_rows_that_are_gone_prove_nothing_while_others_are_there(town: Town) -> None:
    await town.first_night()
    newest = sorted(town.ours.rows("orders_received"), key=lambda row: row["created_on"])[-2:]
    for order in newest:
        town.ours.delete_order(order["number"])

    async with town.served(town.ours, key=NEW_KEY) as house:
        await house.read()

        assert_equal_to_the_source(house)


async def test_companies_that_change_their_keys_are_refused_both(town: Town) -> None:
    async with town.served(town.ours), serve(town.other, key=NEW_KEY, rate_per_minute=0) as other_url:
        ours_url = os.environ["LEAFLINK_BASE_URL"]
        for name in ("LEAFLINK_BASE_URL", "LEAFLINK_API_KEY", "LEAFLINK_AUTH_SCHEME"):
            town.monkeypatch.delenv(name)
        town.monkeypatch.setenv("KEY_OF_OURS", OLD_KEY)
        town.monkeypatch.setenv("KEY_OF_OTHER", NEW_KEY)
        write_companies(acme=("KEY_OF_OURS", ours_url), birch=("KEY_OF_OTHER", other_url))
        manifests = (await read_companies()).manifests
        assert manifests.keys() == {"acme", "birch"}

        write_companies(birch=("KEY_OF_OURS", ours_url), acme=("KEY_OF_OTHER", other_url))
        with refused(town.folder):
            await read_companies()


def write_companies(**companies: tuple[str, str]) -> None:
    sections = [f'[companies.{name}]\nkey = "{key}"\nbase_url = "{url}"\n' for name, (key, url) in companies.items()]
    Path("leafhouse.toml").write_text("\n".join(sections))


async def read_companies() -> Extracted:
    view = ExtractView(Output(as_json=True), "live")
    return await extract_companies(open_job(read_settings()), full=False, only=ONLY, view=view)


async def test_the_embedded_sandbox_is_an_account_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(tmp_path / "data"))
    embedded = tmp_path / "data" / "sandbox"
    Sandbox.open(embedded, SandboxConfig(orders=25), NOW).close()
    await read_embedded()
    assert note_of(tmp_path)["origin"] == "sandbox"
    assert await requests_of_check() == 0

    shutil.rmtree(embedded)
    Sandbox.open(embedded, SandboxConfig(orders=25, seed=2), NOW).close()
    landed = sorted((tmp_path / "data" / "landing").rglob("*"))
    with pytest.raises(ConfigurationError, match="holds data of another sandbox"):
        await read_embedded()
    assert sorted((tmp_path / "data" / "landing").rglob("*")) == landed


async def read_embedded() -> Manifest:
    view = ExtractView(Output(as_json=True), "sandbox")
    return await extract(open_job(read_settings()), full=False, only=ONLY, view=view)
