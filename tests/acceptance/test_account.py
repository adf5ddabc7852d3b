"""Whose folder is it: whatever changes of key, scheme, address or account, two accounts never meet in one folder."""

import asyncio
import json
import os

import pytest
from pydantic import SecretStr

from pipeline.datafolder.accounts import Account, keep_account
from pipeline.jobs.account import check_account
from pipeline.jobs.job import open_job
from pipeline.landing import Landing
from pipeline.leaflink import Client, Pacer, Source
from pipeline.settings import read_settings

from . import commands
from .nights import ONLY
from .towns import (
    CHANGES,
    NEW_KEY,
    OLD_KEY,
    Town,
    assert_equal_to_the_source,
    changes,
    note_of,
    refused,
    requests_of_check,
)


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


@changes
async def test_an_interrupted_night_is_not_taken_up_with_other_settings(town: Town, change: str) -> None:
    await town.first_night()
    run = json.loads((await town.killed_night()).read_bytes().splitlines()[0])["run_id"]

    async with town.served(town.ours, **CHANGES[change]) as house:
        manifest = await house.extract()
        house.merge()

        assert_equal_to_the_source(house)
        assert manifest.run_id != run


@pytest.mark.long
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


async def test_another_account_under_the_same_key_is_refused(town: Town) -> None:
    await town.first_night()
    async with town.served(town.other) as house:
        with refused(town.folder, "none of the newest rows held of orders_received"):
            await house.extract()
    async with town.served(town.ours) as house:
        assert (await house.extract()).kind == "incremental"


async def test_with_the_settings_of_last_time_one_row_is_asked_for(town: Town) -> None:
    await town.first_night()
    async with town.served(town.ours):
        asked_again = await requests_of_check()
        (town.folder / "data" / "accounts.json").unlink()
        asked_anew = await requests_of_check()

    assert asked_again == 1
    assert asked_anew > 1


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
