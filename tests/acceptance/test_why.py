"""`leafhouse diff` and `leafhouse why`: what changed between loads, in parts that add up."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import closing
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import pipeline
from pipeline.jobs.diff import diff, diff_loads
from pipeline.jobs.explanation import Explanation
from pipeline.jobs.why_loads import BUCKETS, why_net_sales_since, why_open_net
from pipeline.jobs.why_months import why_net_sales
from pipeline.sandbox.trouble.wiggling import wiggle
from pipeline.warehouse.rollback import list_warehouses

from ..few_marts import few_marts
from .commands import House as Folder
from .nights import open_house
from .test_open_shell import shell_on

# What is explained, and what it is compared with.
MARTS = (
    "ar_roll_forward", "ar_summary", "brand_performance", "changes", "dim_brands", "fct_order_lines", "order_changes",
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def data(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """Return a data folder with three loads, between which the orders changed; tests only read it."""
    rng, folder = random.Random(11), tmp_path_factory.mktemp("why")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LEAFHOUSE_TRAILING_DAYS", "400")
        async with open_house(folder, patched, orders=80) as house:
            with few_marts(*MARTS):
                await house.night()
                for _ in range(2):
                    for _ in range(60):
                        wiggle(house.sandbox, rng, touch=True)
                    await house.night()
    yield folder / "data"


@cache
def files(data: Path) -> dict[str, Path]:
    """Return the file that each load left, newest load first."""
    return {each.load_id: each.path for each in list_warehouses(data)}


def loads(data: Path) -> list[str]:
    return list(files(data))


def ask(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(pipeline.connect(path)) as con:
        return con.execute(sql, values).fetchall()


def assert_adds_up(explanations: list[Explanation]) -> None:
    for each in explanations:
        assert sum(part.change for part in each.parts) == each.change, each
        for part in each.parts:
            if part.movers == len(part.largest):
                assert sum(mover.change for mover in part.largest) == part.change


def test_receivables_are_explained_from_any_kept_load(data: Path) -> None:
    newest, *earlier = loads(data)
    moved = False
    for since in earlier:
        found = why_open_net(data, since=since)

        assert_adds_up(found)
        owed = "select sum(open_net) from marts.ar_summary where currency = ?"
        for each in found:
            assert (each.since, each.until) == (since, newest)
            before, after = (ask(files(data)[load], owed, each.currency)[0][0] or 0 for load in (since, newest))
            assert (each.before, each.after) == (before, after)
            moved |= any(part.movers for part in each.parts)
    assert moved, "the test changes something"


def test_buckets_and_sellers_add_up_to_all_receivables(data: Path) -> None:
    sellers = ask(files(data)[loads(data)[0]], "select distinct seller_name from marts.fct_orders")
    for cut in ([{"bucket": bucket} for bucket in BUCKETS], [{"seller": name} for (name,) in sellers]):
        changes: dict[str | None, Decimal] = {}
        for options in cut:
            found = why_open_net(data, **options)
            assert_adds_up(found)
            for each in found:
                changes[each.currency] = changes.get(each.currency, Decimal(0)) + each.change

        for each in why_open_net(data):
            assert changes.get(each.currency, 0) == each.change


def test_the_parts_are_those_of_ar_roll_forward(data: Path) -> None:
    newest = loads(data)[0]
    names = {"new": "new_billed", "ticks": "ticked"}
    for each in why_open_net(data):
        for part in each.parts:
            ((amount,),) = ask(
                files(data)[newest],
                f"select sum({names.get(part.name, part.name)}) from marts.ar_roll_forward "
                "where run_id = ? and currency = ?",
                newest, each.currency,
            )  # fmt: skip
            assert part.change == (amount or 0)


def test_sales_are_explained_by_the_changes_of_orders_and_by_months(data: Path) -> None:
    newest, since, *_ = loads(data)
    sales = "select sum(net_sales) from marts.fct_orders where is_sale and currency = ?"
    for each in why_net_sales_since(data, since):
        assert_adds_up([each])
        assert each.before == ask(files(data)[since], sales, each.currency)[0][0]
        assert each.after == ask(files(data)[newest], sales, each.currency)[0][0]
    (month,) = ask(
        files(data)[newest], "select max(month) from marts.brand_performance where is_complete_month"
    )[0]  # fmt: skip
    by_month = why_net_sales(data)
    assert by_month
    assert {each.until for each in by_month} == {f"{month:%Y-%m}"}
    for each in by_month:
        assert sum(part.change for part in each.parts) == each.change


def test_a_diff_is_what_changes_recorded_and_what_two_files_show(data: Path) -> None:
    newest, before, *_, oldest = loads(data)

    recorded = diff(data)

    assert (recorded.since, recorded.until) == (before, newest)
    assert recorded == diff_loads(data, before, None)
    items = [each.item for each in recorded.changes]
    assert items == sorted(items, key=lambda item: item != "total")
    assert any(each.change for each in recorded.changes)
    back, forth = diff_loads(data, newest, oldest), diff_loads(data, oldest, newest)
    assert [each.change for each in back.changes] == [-each.change for each in forth.changes]


def test_commands_print_what_they_found(data: Path) -> None:
    folder = Folder(data.parent, "")
    (name,) = ask(data / "warehouse.duckdb", "select min(seller_name) from marts.fct_orders")[0]
    for arguments in (
        ("diff",), ("diff", loads(data)[2]), ("why", "open_net", "--seller", name.upper()),
        ("why", "open_net", "--bucket", "1_30"), ("why", "net_sales", "--seller", name),
        ("why", "net_sales", "--since", loads(data)[1]),
    ):  # fmt: skip
        told, document = folder.run(*arguments), folder.run(*arguments, "--json")

        assert told.code == document.code == 0, (told, document)
        assert loads(data)[0] in told.stdout or "net_sales" in told.stdout
        assert json.loads(document.stdout)


def test_neither_of_two_warehouses_needs_a_lock(data: Path) -> None:
    newest, earlier, *_ = loads(data)
    expected = diff_loads(data, earlier, None)
    for load in (newest, earlier):
        with shell_on(files(data)[load]):
            assert diff_loads(data, earlier, None) == expected


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("diff", "20200101T000000Z-0000"), ("no such load is kept", "leafhouse rollback")),
        (("why", "profit"), ("profit", "open_net and net_sales")),
        (("why", "open_net", "--bucket", "1_31"), ("no such bucket", "1_30")),
        (("why", "open_net", "--brand", "x"), ("leave out --brand",)),
        (("why", "net_sales", "--bucket", "1_30"), ("leave out --bucket",)),
        (("why", "net_sales", "--month", "10/2026"), ("not a month", "YYYY-MM")),
        (("why", "net_sales", "--month", "2026-10", "--against", "2026-10"), ("compared with itself",)),
        (("why", "net_sales", "--since", "x", "--month", "2026-10"), ("leave out --month",)),
        (("why", "net_sales", "--brand", "zzz"), ("no such brand",)),
    ],
)
def test_what_cannot_be_explained_is_a_usage_error(
    data: Path, arguments: tuple[str, ...], says: tuple[str, ...]
) -> None:
    Folder(data.parent, "").refuses(*arguments, code=2, says=says)


def test_an_unknown_seller_names_the_nearest(data: Path) -> None:
    (name,) = ask(data / "warehouse.duckdb", "select min(seller_name) from marts.fct_orders")[0]
    says = ("no such seller", name)
    Folder(data.parent, "").refuses("why", "open_net", "--seller", name[:-1], code=2, says=says)


def test_a_first_load_has_nothing_to_compare_with(empty: Folder) -> None:
    assert empty.run("run").code == 0
    empty.refuses("diff", code=2, says=("nothing to compare with", "leafhouse rollback"))
    empty.refuses("why", "open_net", code=2, says=("the first load",))
