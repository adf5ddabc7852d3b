"""The nightly job, end to end: what raw and the marts hold against the source's own state."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pipeline.jobs.doctor import diagnose
from pipeline.jobs.job import open_job
from pipeline.resources import all_resources
from pipeline.sandbox.api.server import _Handler
from pipeline.sandbox.world.customers import Buyer
from pipeline.sandbox.world.orders import rep_objects
from pipeline.sandbox.world.tables import TABLES
from pipeline.settings import read_settings
from tests.models import ledger, sales
from tests.models.comparison import differences
from tests.models.ledger.source import Row, Source, id_of
from tests.models.sales.company import RESOURCES, Close, Company, ShelfClose

from ..marks import long_from
from .nights import NOW, ONLY, House, open_house

# Every resource that the sandbox serves, with its key.
KEYS = {name: resource.key for name, resource in all_resources().items() if name in TABLES}


# Tables with the id of a load in their rows, or with what it changed.
OF_A_LOAD = {
    "intermediate.headlines", "intermediate.order_moves", "intermediate.volumes", "marts.ar_daily",
    "marts.ar_roll_forward", "marts.changes", "marts.order_changes",
}  # fmt: skip


@pytest.mark.every_mart
@pytest.mark.parametrize("orders", long_from(1, [150, 5_000]))
async def test_so_many_orders_land_value_for_value_and_the_marts_tie_out_to_the_cent(
    orders: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=orders) as house:
        await house.night(full=True)

        for resource, key in KEYS.items():
            assert house.differences(resource, key)[:5] == [], resource
        assert_marts_equal_the_oracle(house)


@pytest.mark.every_resource
async def test_an_incremental_night_brings_what_changed_and_a_full_one_finds_what_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "15")
    async with open_house(tmp_path, monkeypatch, orders=60) as house:
        first = await house.night()
        house.sandbox.advance(NOW + timedelta(hours=2))
        second = await house.night()

        assert [run.kind for run in (*first.intake.runs, *second.intake.runs)] == ["full", "incremental"]
        for resource, key in KEYS.items():
            assert [each for each in house.differences(resource, key) if not is_deleted_draft(house, each)] == []

        await house.read(full=True)

        for resource, key in KEYS.items():
            assert house.differences(resource, key) == []
        con = house.connect()
        gone = con.execute("select count(*) from raw.orders_received where _deleted_at is not null").fetchone()
        con.close()
        assert gone is not None
        assert gone[0] > 0


def is_deleted_draft(house: House, difference: Any) -> bool:
    """Whether a key is only in raw because a deleted order shows in no list of changes: a full read finds it."""
    con = house.connect()
    row = con.execute(
        "select status from raw.orders_received where number = ? "
        'or number = (select "order" from raw.line_items where cast(id as varchar) = ?)',
        [str(difference), str(difference)],
    ).fetchone()
    con.close()
    return row == ("Draft",)


@pytest.mark.every_resource
async def test_nothing_but_get_ever_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    methods = Counter[str]()
    answer = _Handler.answer

    async def noting(self: _Handler, request: web.BaseRequest) -> web.StreamResponse:
        methods[request.method] += 1
        return await answer(self, request)

    monkeypatch.setattr(_Handler, "answer", noting)
    monkeypatch.setenv("LEAFHOUSE_ALSO", "orders-received-comments,orders-delivery-information")
    async with open_house(tmp_path, monkeypatch, orders=10) as house:
        await house.extract()
        house.sandbox.advance(NOW + timedelta(hours=5))
        await house.extract()
        await diagnose(open_job(read_settings()))

    assert set(methods) == {"GET"}
    assert methods.total() > 100


@pytest.mark.long
@pytest.mark.every_mart
async def test_loading_the_same_landing_twice_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await house.night()
        before = digests(house)
        load_id = house.load().load_id

        assert digests(house) == before
        con = house.connect()
        moved = con.execute("select * from order_changes where run_id = ?", [load_id]).fetchall()
        moved += con.execute("select * from changes where run_id = ? and change <> 0", [load_id]).fetchall()
        con.close()
        assert moved == []


async def test_a_short_count_fails_the_run_and_leaves_the_warehouse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.errors import IncompleteError
    from pipeline.sandbox.store.store import Store

    async with open_house(tmp_path, monkeypatch, orders=60, only=ONLY) as house:
        await house.night()
        before = (house.data_dir / "warehouse.duckdb").read_bytes()
        honest: Callable[..., int] = Store.count
        monkeypatch.setattr(Store, "count", lambda *args, **kwargs: honest(*args, **kwargs) + 1)

        with pytest.raises(IncompleteError, match="rows received"):
            await house.extract(full=True)

        assert (house.data_dir / "warehouse.duckdb").read_bytes() == before


def digests(house: House) -> dict[str, Any]:
    """Return a digest of every table but those that say what a load changed."""
    con = house.connect()
    tables = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_schema in ('raw', 'staging', 'intermediate', 'marts') order by 1"
    ).fetchall()
    found = {
        name: con.execute(f"select count(*), bit_xor(hash(t)) from {name} as t").fetchone()
        for (name,) in tables
        if name not in OF_A_LOAD
    }
    con.close()
    return found


def assert_marts_equal_the_oracle(house: House) -> None:
    """Compare every mart that plain Python calculates from what the sandbox holds, row by row."""
    sandbox, con = house.sandbox, house.connect()
    as_of, timezone, run_id = con.execute("select max(as_of), max(timezone), max(load_id) from meta.loads").fetchone()
    closes = con.execute(f"select {', '.join(Close._fields)} from history.inventory_daily").fetchall()
    shelves = con.execute(f"select {', '.join(ShelfClose._fields)} from history.retailer_inventory_daily").fetchall()
    rows = {name: list(sandbox.rows(name)) for name in KEYS}
    rows["orders_received"] = with_children(rows)
    source = Source(rows, as_of, timezone, run_id=run_id, last_day=as_of)
    company = Company(
        rows["orders_received"], rows["products"], rows["customers"], rows["order_payments"], timezone,
        closes=[Close(*close) for close in closes], shelf_closes=[ShelfClose(*close) for close in shelves],
        **{name: rows[name] for name in RESOURCES if name not in ("products", "customers")},
    )  # fmt: skip
    calculated = {mart: (key, calculate(source)) for mart, (key, calculate) in ledger.MARTS.items()}
    calculated |= {
        mart: (sales.KEYS[mart], calculate()) for mart, calculate in sales.expectation(company, as_of, 90).items()
    }
    found = []
    for mart, (key, expected) in calculated.items():
        table = con.sql(f"select * from marts.{mart}").to_arrow_table().to_pylist()
        found.append(differences(mart, ["_company", *key.split()], table, expected))
    con.close()
    assert "\n".join(filter(None, found)) == ""


def with_children(rows: dict[str, list[Row]]) -> list[Row]:
    """Return the orders with the children that a list of them can have inside: lines, reps, the customer."""
    lines = defaultdict(list)
    for line in rows["line_items"]:
        lines[line["order"]].append(line)
    customers = {customer["id"]: Buyer.of(customer).short() for customer in rows["customers"]}
    return [
        order
        | {
            "line_items": lines[order["number"]],
            "sales_reps": rep_objects(order["sales_reps"]),
            "customer": customers.get(id_of(order["customer"]), order["customer"]),
        }
        for order in rows["orders_received"]
    ]
