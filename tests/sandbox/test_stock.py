"""Batches, their documents and inventory fit the products, whatever happens to these."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.sandbox import Sandbox
from pipeline.sandbox.trouble.wiggling import wiggle

from .conftest import NOW, Client

BATCH_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "id=5002,5003": lambda row: row["id"] in (5002, 5003),
    "owner=3244": lambda row: row["owner"] == "3244",
    "company_slug=high-meadow": lambda row: row["owner"] == "3107",
    "batch_date__gte=2026-06-01": lambda row: (row["batch_date"] or "") >= "2026-06-01",
    "batch_date__lt=2026-06-01T00:00:00Z": lambda row: (row["batch_date"] or "9") < "2026-06-01",
    "products=20003": lambda row: row["id"] == 5003,
    "thca=5,20.5": lambda row: row["thca"] is not None and 5 <= Decimal(row["thca"]) <= Decimal("20.5"),
}


def assert_stock_fits(sandbox: Sandbox) -> None:
    """What lies at the facilities is what products have in stock, of batches that are theirs."""
    stock: Counter[int] = Counter()
    reserved: Counter[int] = Counter()
    newest: defaultdict[int, int] = defaultdict(int)
    facilities = {row["id"] for row in sandbox.rows("inventory_facilities")}
    for assignment in sandbox.rows("product_batches"):
        product = int(assignment["product"])
        newest[product] = max(newest[product], assignment["batch"])
    for item in sandbox.rows("inventory_items"):
        assert item["facility"] in facilities
        assert Decimal(item["quantity"]) == Decimal(item["quantity_in_product_uom"])
        if not item["is_archived"]:
            assert Decimal(item["quantity"]) >= Decimal(item["reserved_qty"]) >= 0
            assert item["batch"] == newest[item["product"]]
            stock[item["product"]] += Decimal(item["quantity"])
            reserved[item["product"]] += Decimal(item["reserved_qty"])
    managed = {row["id"]: row for row in sandbox.rows("products") if row["inventory_management"] == 1}
    assert stock == {key: Decimal(row["quantity"]) for key, row in managed.items()}
    assert reserved == {key: Decimal(row["reserved_qty"]) for key, row in managed.items()}


def assert_batches_fit(sandbox: Sandbox) -> None:
    """Batches are their products' sellers', lines name one of their product's, and documents are in both places."""
    batches = {row["id"]: row for row in sandbox.rows("batches")}
    products = {row["id"]: row for row in sandbox.rows("products")}
    pairs = {(int(row["product"]), row["batch"]) for row in sandbox.rows("product_batches")}
    for product, batch in pairs:
        assert batches[batch]["owner"] == str(products[product]["seller"])
    assert {(row["product"], row["batch"]) for row in sandbox.rows("line_items") if row["batch"]} <= pairs
    inside = [document | {"batch": key} for key, row in batches.items() for document in row["documents"]]
    assert sorted(inside, key=lambda row: row["id"]) == list(sandbox.rows("batch_documents"))
    for row in batches.values():
        if row["thc"] is not None:
            assert Decimal(row["total_thc"]) >= Decimal(row["thc"])
            assert Decimal(row["total_cannabinoids"]) == sum(
                Decimal(row[name]) for name in ("thc", "thca", "cbd", "cbda", "cbg", "cbn")
            )


def test_stock_and_batches_fit_the_products_of_a_new_sandbox(shared: Sandbox):
    assert_stock_fits(shared)
    assert_batches_fit(shared)
    assert {row["facility_id"] for row in shared.rows("orders_received")} <= {301, "302", None}


def test_stock_and_batches_follow_what_happens_to_products(own: Sandbox):
    before = own.count("batches"), own.count("product_batches")
    for hours in range(1, 40, 4):
        own.advance(NOW + timedelta(hours=hours))
        rng = random.Random(hours)
        for _ in range(10):
            wiggle(own, rng, touch=True)

    assert_stock_fits(own)
    assert_batches_fit(own)
    assert (own.count("batches") - 10, own.count("product_batches") - 10) == before


async def test_archived_items_are_shown_only_when_asked_for(shared: Sandbox, client: Client):
    items = list(shared.rows("inventory_items"))
    live = [row for row in items if not row["is_archived"]]
    archived = next(row for row in items if row["is_archived"])

    assert 0 < len(live) < len(items)
    assert await client.everything("inventory/items/?limit=100") == live
    assert await client.everything("inventory/items/?limit=100&include_archived=false") == live
    assert await client.everything("inventory/items/?limit=100&include_archived=true") == items
    assert (await client.ask(f"inventory/items/{archived['id']}/"))[0] == 404
    assert await client.get(f"inventory/items/{archived['id']}/?include_archived=true") == archived
    assert await client.everything(f"inventory/items/?product={live[0]['product']}") == [
        row for row in live if row["product"] == live[0]["product"]
    ]


@pytest.mark.parametrize("query", BATCH_FILTERS)
async def test_batches_are_filtered(shared: Sandbox, client: Client, query: str):
    expected = [row for row in shared.rows("batches") if BATCH_FILTERS[query](row)]

    assert expected
    assert await client.everything(f"batches/?{query}") == expected


async def test_batches_are_found_by_their_number(shared: Sandbox, client: Client):
    first, second, *_ = shared.rows("batches")
    numbers = f"{first['production_batch_number']},{second['production_batch_number']}"

    assert await client.everything(f"batches/?production_batch_number={numbers}") == [first, second]
    for query in ("thc=much", "batch_date__gt=soon", "owner=x"):
        assert (await client.ask(f"batches/?{query}"))[0] == 400
