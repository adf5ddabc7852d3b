"""A listing that answers 404 is not offered: its rows stay, and the run is as good as any other."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, IncompleteError
from pipeline.sandbox.world.tables import TABLES

from .nights import ONLY, open_house

NEVER = "listing_states"  # which the sandbox does not offer
SIX = f"{ONLY},{NEVER}"


@pytest.mark.every_resource
async def test_a_listing_that_is_no_longer_offered_keeps_its_rows_and_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: set[str] = set()
    async with open_house(tmp_path, monkeypatch, orders=15, only=SIX, not_offered=hidden) as house:
        await house.night()
        rows = house.raw("customers")
        hidden.add("customers")
        (customer, *_) = house.sandbox.rows("customers")
        house.sandbox.delete("customers", customer["id"])

        manifest = await house.extract(full=True)
        result = house.load()

        assert [read.resource for read in manifest.resources if read.not_offered] == ["customers", NEVER]
        assert result.intake.refused == []
        assert house.raw("customers").equals(rows)
        assert house.differences("orders_received", "number") == []
        con = house.connect()
        assert con.sql(
            "select distinct resource from meta.reads join meta.completeness using (run_id, resource) "
            "where not_offered and verdict = 'not offered' and refused is null order by resource"
        ).fetchall() == [("customers",), (NEVER,)]
        con.close()


@pytest.mark.every_resource
async def test_once_it_is_offered_again_all_of_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = {"products"}
    async with open_house(tmp_path, monkeypatch, orders=15, only=SIX, not_offered=hidden) as house:
        await house.extract()
        hidden.clear()
        await house.read()

        assert house.differences("products", "id") == []


@pytest.mark.every_resource
async def test_lines_that_come_inside_their_orders_need_no_listing_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=15, only=SIX, not_offered={"line_items"}) as house:
        manifest = await house.extract()
        house.merge()

        assert [read.resource for read in manifest.resources if read.not_offered] == [NEVER]
        assert house.differences("line_items", "id") == []


async def test_a_listing_that_is_gone_halfway_was_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = {"companies"}  # which is asked for before anything else
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "5")
    async with open_house(
        tmp_path, monkeypatch, orders=40, not_offered=hidden, between=lambda: hidden.add("customers")
    ) as house:
        with pytest.raises(IncompleteError, match="customers/: not found"):
            await house.extract(only="customers")


async def test_where_nothing_is_offered_the_address_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=40, not_offered=set(TABLES)) as house:
        with pytest.raises(ConfigurationError, match="LEAFLINK_BASE_URL"):
            await house.extract()

        (read,) = (await house.extract(only="customers")).resources  # nobody can tell from one
        assert read.not_offered
