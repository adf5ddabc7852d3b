"""Every filter leaves exactly the rows it should, and the shape of rows follows the query."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.sandbox import Sandbox

from .conftest import Client, client_of

CUT = datetime(2026, 6, 1, tzinfo=UTC)
EARLIER = datetime(2025, 6, 1, tzinfo=UTC)  # before the first order: products and customers are older


def at(row: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(row[name])


def customer_id(row: dict[str, Any]) -> int:
    return row["customer"]["id"] if isinstance(row["customer"], dict) else row["customer"]


def rep_ids(row: dict[str, Any]) -> list[int]:
    return [rep["id"] if isinstance(rep, dict) else rep for rep in row["sales_reps"]]


ORDER_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "created_on__gte=2026-06-01T00:00:00Z": lambda row: at(row, "created_on") >= CUT,
    "created_on__lt=2026-06-01": lambda row: at(row, "created_on") < CUT,
    "modified__gte=2026-05-31T18:00:00-06:00": lambda row: at(row, "modified") >= CUT,
    "modified__lt=2026-06-01T02:00:00%2B02:00": lambda row: at(row, "modified") < CUT,
    "status=SHIPPED,draft": lambda row: row["status"] in ("Shipped", "Draft"),
    "status__not=complete,Shipped": lambda row: row["status"] not in ("Complete", "Shipped"),
    "paid=false": lambda row: not row["paid"],
    "paid=True": lambda row: row["paid"],
    "paid=perhaps": lambda row: True,
    "brand=811": lambda row: row["brand"] == 811,
    "brand__in=811,871": lambda row: row["brand"] in (811, 871),
    "sales_rep=42": lambda row: 42 in rep_ids(row),
    "classification=medical": lambda row: row["classification"] == "Medical",
    "user=iokafor": lambda row: row["user"] == "iokafor",
    "manual=true": lambda row: row["manual"],
    "company_slug=tidewater": lambda row: row["seller"] == 3244,
    "seller__slug__iexact=High-Meadow": lambda row: row["seller"] == 3107,
    "company_slug=nobody": lambda row: False,
    "external_id_seller__icontains=so-1": lambda row: "so-1" in (row["external_id_seller"] or "").lower(),
    "paid=false&status=complete&created_on__lt=2026-06-01": lambda row: (
        not row["paid"] and row["status"] == "Complete" and at(row, "created_on") < CUT
    ),
}
PRODUCT_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "modified__gt=2026-06-01": lambda row: at(row, "modified") > CUT,
    "last_edit__lte=2026-06-01": lambda row: at(row, "last_edit") <= CUT,
    "created_on__gte=2025-06-01": lambda row: at(row, "created_on") >= EARLIER,
    "listing_state=archived": lambda row: row["listing_state"] == "Archived",
    "archived=false": lambda row: row["listing_state"] != "Archived",
    "brand=872": lambda row: row["brand"] == 872,
    "company=3244": lambda row: row["seller"] == 3244,
    "category=1": lambda row: row["category"] == 1,
    "search=GUMMIES": lambda row: "gummies" in row["name"].lower(),
    "parent__isnull=false": lambda row: row["parent"] is not None,
    "name=Delivery%20fee": lambda row: row["name"] == "Delivery fee",
}
CUSTOMER_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "id=140003": lambda row: row["id"] == 140003,
    "id__in=140003,140007,1": lambda row: row["id"] in (140003, 140007),
    "modified__gte=2026-06-01": lambda row: at(row, "modified") >= CUT,
    "created_on__lt=2025-06-01": lambda row: at(row, "created_on") < EARLIER,
    "archived=true": lambda row: row["archived"],
    "is_archived=0": lambda row: not row["archived"],
    "delinquent=1": lambda row: row["delinquent"],
    "owner=3107": lambda row: row["owner"] == 3107,
    "owner__slug=tidewater": lambda row: row["owner"] == 3244,
    "state=WA": lambda row: row["state"] == "WA",
    "name__startswith=Caf%C3%A9": lambda row: row["name"].startswith("Café"),
    "license_number__in=404-40002,402R-40006": lambda row: row["license_number"] in ("404-40002", "402R-40006"),
    "ext_acct_id=15": lambda row: str(row["ext_acct_id"]) == "15",
    "discount_percent__gte=2.5": lambda row: float(row["discount_percent"]) >= 2.5,
}


@pytest.mark.parametrize("query", ORDER_FILTERS)
async def test_orders_are_filtered(shared: Sandbox, client: Client, query: str):
    expected = [row for row in shared.rows("orders_received") if ORDER_FILTERS[query](row)]

    assert await client.everything(f"orders-received/?limit=100&{query}") == expected


@pytest.mark.parametrize("query", PRODUCT_FILTERS)
async def test_products_are_filtered(shared: Sandbox, client: Client, query: str):
    expected = [row for row in shared.rows("products") if PRODUCT_FILTERS[query](row)]

    assert expected
    assert await client.everything(f"products/?limit=100&{query}") == expected


@pytest.mark.parametrize("query", CUSTOMER_FILTERS)
async def test_customers_are_filtered(shared: Sandbox, client: Client, query: str):
    expected = [row for row in shared.rows("customers") if CUSTOMER_FILTERS[query](row)]

    assert expected
    assert await client.everything(f"customers/?limit=100&{query}") == expected


async def test_orders_are_found_by_what_identifies_them_and_whom_they_are_for(shared: Sandbox, client: Client):
    orders = list(shared.rows("orders_received"))
    order = next(row for row in orders if row["external_id_seller"])
    customer = shared.get("customers", customer_id(order))
    namesakes = [row["id"] for row in shared.rows("customers") if customer["name"] in (row["name"], row["nickname"])]
    own_number = order["external_id_seller"]

    async def found(**query: Any) -> list[str]:
        address = "&".join(f"{name}={value}" for name, value in query.items())
        return [row["number"] for row in await client.everything(f"orders-received/?limit=100&{address}")]

    assert await found(number=order["number"]) == [order["number"]]
    assert await found(order_id=order["number"]) == [order["number"]]
    assert order["number"] in await found(order_id=own_number)
    assert await found(external_id_seller=own_number) == await found(order_id=own_number)
    assert await found(buyer=order["buyer"] or 0) == [
        row["number"] for row in orders if row["buyer"] == (order["buyer"] or 0)
    ]
    wanted = [row["number"] for row in orders if customer_id(row) in namesakes]
    assert await found(customer=customer["name"].replace("&", "%26")) == wanted


async def test_lines_are_filtered(shared: Sandbox, client: Client):
    orders = {row["number"]: row for row in shared.rows("orders_received")}
    lines = list(shared.rows("line_items"))
    first, second = lines[0]["order"], lines[-1]["order"]
    customer = customer_id(orders[first])
    expected: dict[str, list[Any]] = {
        f"order={first},{second}": [row for row in lines if row["order"] in (first, second)],
        f"id={lines[3]['id']}": [lines[3]],
        "product_id=20005": [row for row in lines if row["product"] == 20005],
        "product__name=Delivery%20fee": [row for row in lines if row["product"] in (20001, 20002)],
        "is_sample=true": [row for row in lines if row["is_sample"]],
        "company_slug=tidewater": [row for row in lines if orders[row["order"]]["seller"] == 3244],
        f"order__customers={customer}": [row for row in lines if customer_id(orders[row["order"]]) == customer],
        "order__created_on__gte=2026-06-01": [row for row in lines if at(orders[row["order"]], "created_on") >= CUT],
        "order__ship_date__gte=2026-06-01": [
            row for row in lines if (shipped := orders[row["order"]]["ship_date"]) and at({"at": shipped}, "at") >= CUT
        ],
    }

    for query, rows in expected.items():
        assert rows, query
        assert await client.everything(f"line-items/?limit=100&{query}") == rows, query


async def test_lines_are_not_filtered_by_the_change_of_their_order_unless_set(shared: Sandbox, client: Client):
    query = "line-items/?limit=1&order__modified__gte=2026-06-01"
    changed = [row["number"] for row in shared.rows("orders_received") if at(row, "modified") >= CUT]

    assert (await client.get(query))["count"] == shared.count("line_items")
    async with client_of(shared, ignored_filters=frozenset()) as strict:
        assert (await strict.get(query))["count"] == sum(len(shared.lines_of(number)) for number in changed)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("orders-received/", "created_on__gte=yesterday"),
        ("orders-received/", "modified__gte=2026-05-01T00:00:00+02:00"),  # the + was not percent-encoded
        ("orders-received/", "brand=Larkspur"),
        ("customers/", "id__in=1,two"),
        ("customers/", "discount_percent__lt=much"),
        ("line-items/", "id=99999999999999999999999"),
    ],
)
async def test_a_value_of_no_use_is_400_and_named(client: Client, path: str, parameter: str):
    async with client.session.get(
        f"{client.base}{path}?{parameter}", headers={"Authorization": "App sandbox"}
    ) as response:
        status, body = response.status, await response.json()

    assert status == 400
    assert list(body) == [parameter.split("=")[0]]


async def test_orders_carry_their_lines_only_when_asked(shared: Sandbox, client: Client):
    plain = await client.get("orders-received/?limit=30")
    whole = await client.get("orders-received/?limit=30&include_children=line_items")

    assert not any("line_items" in row for row in plain["results"])
    for row in whole["results"]:
        assert row["line_items"] == shared.lines_of(row["number"])
        assert len(row["line_items"]) >= 1


async def test_customers_and_reps_are_objects_when_asked(shared: Sandbox, client: Client):
    orders = await client.everything("orders-received/?limit=100&include_children=line_items,customer,sales_reps")

    for row, plain in zip(orders, shared.rows("orders_received"), strict=True):
        assert row["customer"]["id"] == customer_id(plain)
        assert [rep["id"] for rep in row["sales_reps"]] == rep_ids(plain)
        assert all(rep["user"] for rep in row["sales_reps"])
        assert row["line_items"] == shared.lines_of(row["number"])


async def test_fields_can_be_chosen(shared: Sandbox, client: Client):
    chosen = (await client.get("orders-received/?limit=5&fields_include=number,total"))["results"]
    others = (await client.get("products/?limit=5&fields_exclude=name,quantity"))["results"]
    with_lines = (await client.get("orders-received/?limit=5&fields_include=no&include_children=line_items"))["results"]

    assert all(row == {name: shared.get("orders_received", row["number"])[name] for name in row} for row in chosen)
    assert all(list(row) == ["number", "total"] for row in chosen)
    assert all(row.keys() == shared.get("products", row["id"]).keys() - {"name", "quantity"} for row in others)
    assert all(list(row) == ["line_items"] for row in with_lines)


async def test_a_lines_product_can_be_expanded(shared: Sandbox, client: Client):
    plain = (await client.get("line-items/?limit=10"))["results"]
    expanded = (await client.get("line-items/?limit=10&expand=product"))["results"]

    assert [row["product"] for row in expanded] == [shared.get("products", row["product"]) for row in plain]
