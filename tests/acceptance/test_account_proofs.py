"""What shows whose a data folder is, where the settings have changed: held rows, companies, the embedded sandbox."""

import os
import shutil
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.jobs.extract import ExtractResult, extract, extract_companies
from pipeline.jobs.job import open_job
from pipeline.landing import Manifest
from pipeline.sandbox import Sandbox, SandboxConfig, serve
from pipeline.settings import read_settings
from pipeline.terminal.console import Output
from pipeline.terminal.extract_view import ExtractView

from ..marks import long_from
from .nights import FIVE, ONLY, House
from .towns import NEW_KEY, NOW, OLD_KEY, Town, assert_equal_to_the_source, note_of, refused, requests_of_check


@pytest.mark.parametrize("lost", long_from(1, ["accounts.json", "landing", "warehouse.duckdb"]))
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


@pytest.mark.parametrize("only", long_from(2, ["customers", "line_items", "products", "order_payments"]))
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


@pytest.mark.every_resource
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


async def read_companies() -> ExtractResult:
    view = ExtractView(Output(as_json=True), "live")
    return await extract_companies(open_job(read_settings()), full=False, only=ONLY, observer=view)


async def test_the_embedded_sandbox_is_an_account_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LEAFHOUSE_SANDBOX", "1")
    embedded = tmp_path / "data" / "sandbox"
    Sandbox.open(embedded, SandboxConfig(orders=25), NOW).close()
    await read_embedded()
    assert note_of(tmp_path)["origin"] == "sandbox"
    assert await requests_of_check() == 1

    shutil.rmtree(embedded)
    Sandbox.open(embedded, SandboxConfig(orders=25, seed=2), NOW).close()
    landed = sorted((tmp_path / "data" / "landing").rglob("*"))
    with pytest.raises(ConfigurationError, match="holds data of another sandbox"):
        await read_embedded()
    assert sorted((tmp_path / "data" / "landing").rglob("*")) == landed


async def read_embedded() -> Manifest:
    view = ExtractView(Output(as_json=True), "sandbox")
    return await extract(open_job(read_settings()), full=False, only=ONLY, observer=view)
