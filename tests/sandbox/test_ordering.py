"""The orders that a resource can be listed in, over real HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from pipeline.sandbox import Sandbox
from pipeline.sandbox.store.table import Row
from pipeline.sandbox.trouble.ordering import ORDERS
from pipeline.sandbox.world.tables import TABLES

from .conftest import EVERY, RESOURCES, client_of

_LISTABLE = [
    ("line_items", "key"), ("line_items", "shuffled"), ("reports", "key"), ("license_types", "created"),
    *((name, order) for name in RESOURCES if name != "line_items" for order in ORDERS),
]  # fmt: skip


async def everything(sandbox: Sandbox, resource: str, **settings: Any) -> list[Row]:
    """Return all rows of a resource in pages of 97."""
    async with client_of(sandbox, **settings) as client:
        return await client.everything(f"{TABLES[resource].path}?include_archived=true&limit=97")


def wanted(resource: str, order: str) -> Callable[[Row], Any]:
    """Return what rows are to be sorted by; ties are left as they come from the order of keys."""
    names = {"key": TABLES[resource].key, "created": "created_on", "modified": "modified"}
    name = names[order.removeprefix("-")]
    return lambda row: row[name] if name == TABLES[resource].key else datetime.fromisoformat(row[name])


@pytest.mark.parametrize(("resource", "order"), _LISTABLE)
async def test_a_resource_is_listed_in_the_order_it_is_given(shared: Sandbox, resource: str, order: str):
    key = TABLES[resource].key

    rows = await everything(shared, resource, listed={resource: order})

    by_key = sorted(shared.rows(resource), key=lambda row: row[key])
    if order == "shuffled":
        assert sorted(rows, key=lambda row: row[key]) == by_key
        return
    # The signs turn the order of the field; rows that share it are in the order of their keys all the same.
    assert rows == sorted(by_key, key=wanted(resource, order), reverse=order.startswith("-"))


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_shuffled_list_is_in_no_other_order_and_stays_as_it_is(shared: Sandbox, resource: str):
    orders = [order for order in ORDERS if resource != "line_items" or order in ("key", "-key")]
    listed = {order: await everything(shared, resource, listed={resource: order}) for order in orders}

    shuffled = await everything(shared, resource, listed={resource: "shuffled"})

    assert shuffled not in [rows for order, rows in listed.items() if order != "shuffled"]
    assert shuffled == await everything(shared, resource, listed={resource: "shuffled"})
    async with client_of(shared, listed={resource: "shuffled"}) as client:
        single = [(await client.get(f"{TABLES[resource].path}?limit=1&offset={n}"))["results"] for n in range(20)]
    assert single == [[row] for row in shuffled[:20]]


async def test_a_change_leaves_the_other_rows_of_a_shuffled_list_in_their_order(own: Sandbox):
    before = await everything(own, "line_items", listed={"line_items": "shuffled"})
    gone = before[40]["id"]

    own.remove_line(gone)

    after = await everything(own, "line_items", listed={"line_items": "shuffled"})
    assert [row["id"] for row in after] == [row["id"] for row in before if row["id"] != gone]


@pytest.mark.parametrize("resource", EVERY)
async def test_a_star_orders_every_other_resource_that_has_the_field(shared: Sandbox, resource: str):
    rows = await everything(shared, resource, listed={"*": "-created", "customers": "key"})

    if resource == "customers" or "created_on" not in rows[0]:
        assert rows == list(shared.rows(resource))
    else:
        created = [datetime.fromisoformat(row["created_on"]) for row in rows]
        assert created == sorted(created, reverse=True)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ({"line_items": "modified"}, "line_items cannot be listed by 'modified': its rows have no modified"),
        ({"brands": "-created"}, "brands cannot be listed by '-created': its rows have no created_on"),
        ({"customers": "name"}, "customers cannot be listed by 'name'"),
        ({"*": "name"}, r"\* cannot be listed by 'name'"),
        ({"order-payments": "key"}, "There is no resource 'order-payments'"),
    ],
)
async def test_an_order_that_cannot_be_is_refused_before_anything_is_served(
    shared: Sandbox, listed: dict[str, str], message: str
):
    with pytest.raises(ValueError, match=message):
        await everything(shared, "customers", listed=listed)
