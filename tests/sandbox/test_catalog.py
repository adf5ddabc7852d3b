"""What products are sorted by and shown with fits the products, and stays so."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pipeline.resources import all_resources
from pipeline.sandbox import Sandbox
from pipeline.sandbox.world.tables import TABLES

from .conftest import EVERY, NOW, Client

LINE_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "id=8113": lambda row: row["id"] == 8113,
    "brand=811": lambda row: row["brand"] == 811,
    "company=3107": lambda row: row["brand"] in (811, 812, 813),
    "company_slug=tidewater": lambda row: row["brand"] in (871, 872, 873),
}
STRAIN_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "id=101": lambda row: row["id"] == 101,
    "name=Papaya%20Fog": lambda row: row["name"] == "Papaya Fog",
    "company=3107,3244": lambda row: row["company"] is not None,
    "company_slug=tidewater": lambda row: row["company"] == 3244,
    "company__isnull=true": lambda row: row["company"] is None,
    "parents=101,102": lambda row: {101, 102} & set(row["parents"]),
    "strain_classification=Sativa,11-cbd": lambda row: row["strain_classification"] in ("sativa", "11-cbd"),
}


def assert_images_fit(sandbox: Sandbox) -> None:
    """Every product has as many images as it says, one in each place."""
    positions = defaultdict(list)
    for image in sandbox.rows("product_images"):
        positions[image["product"]].append(image["position"])
    for product in sandbox.rows("products"):
        assert sorted(positions[product["id"]]) == list(range(1, product["image_count"] + 1))


@pytest.mark.parametrize("resource", sorted(set(EVERY) & all_resources().keys()))
def test_every_filter_of_the_contract_is_one_of_the_sandbox(resource: str):
    five = {"orders_received", "customers", "products", "line_items"}  # of their many filters, not all are made

    assert resource in five or all_resources()[resource].filters <= TABLES[resource].filters.keys()


def test_products_are_of_categories_lines_and_strains_that_there_are(shared: Sandbox):
    categories = {row["id"] for row in shared.rows("product_categories")}
    subcategories = {(row["category"], row["id"]) for row in shared.rows("product_subcategories")}
    lines = {row["id"]: row for row in shared.rows("product_lines")}
    strains = {row["id"] for row in shared.rows("strains")}

    assert {category for category, _ in subcategories} == categories
    for product in shared.rows("products"):
        assert (product["category"], product["sub_category"]) in subcategories
        assert product["is_ancillary"] or product["brand"] == lines[product["product_line"]]["brand"]
        assert strains.issuperset(product["strains"])
    for strain in shared.rows("strains"):
        assert strains.issuperset(strain["parents"])


def test_names_of_lines_are_those_that_orders_froze(shared: Sandbox):
    names = {row["name"] for row in shared.rows("product_lines")}

    assert {line["frozen_data"]["product"]["product_line_name"] for line in shared.rows("line_items")} <= names


def test_images_are_replaced_and_their_keys_never_come_back(own: Sandbox):
    assert_images_fit(own)
    seen = {row["id"] for row in own.rows("product_images")}
    held = seen

    for hours in range(1, 30):
        own.advance(NOW + timedelta(hours=hours))
        now = {row["id"] for row in own.rows("product_images")}
        assert now - held
        assert not (now - held) & seen
        seen, held = seen | now, now
    assert_images_fit(own)


@pytest.mark.parametrize("query", LINE_FILTERS)
async def test_product_lines_are_filtered(shared: Sandbox, client: Client, query: str):
    expected = [row for row in shared.rows("product_lines") if LINE_FILTERS[query](row)]

    assert expected
    assert await client.everything(f"product-lines/?{query}") == expected


@pytest.mark.parametrize("query", STRAIN_FILTERS)
async def test_strains_are_filtered(shared: Sandbox, client: Client, query: str):
    expected = [row for row in shared.rows("strains") if STRAIN_FILTERS[query](row)]

    assert expected
    assert await client.everything(f"strains/?{query}") == expected


async def test_images_are_filtered(shared: Sandbox, client: Client):
    images = list(shared.rows("product_images"))
    sellers = {row["id"]: row["seller"] for row in shared.rows("products")}
    product = images[0]["product"]

    assert await client.everything(f"product-images/?product={product}") == [
        row for row in images if row["product"] == product
    ]
    assert await client.everything(f"product-images/?id={images[1]['id']}") == [images[1]]
    assert await client.everything("product-images/?limit=100&company_slug=tidewater") == [
        row for row in images if sellers[row["product"]] == 3244
    ]
