"""What stands around orders and customers fits them, at the start and after every step."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.sandbox import Sandbox

from .conftest import NOW, Client

CUT = datetime.fromisoformat("2026-06-01T00:00:00+00:00")


def at(row: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(row[name])


def rows_by_id(sandbox: Sandbox, resource: str) -> dict[Any, dict[str, Any]]:
    return {row["id"]: row for row in sandbox.rows(resource)}


def assert_fits(sandbox: Sandbox, now: datetime) -> None:
    """Assert all of the properties below."""
    assert_staff_stands_behind_reps_and_companies_behind_both(sandbox)
    assert_licenses_stand_behind_customers_and_products(sandbox)
    assert_contacts_and_entries_are_of_customers(sandbox, now)
    assert_credits_are_those_of_the_orders(sandbox)
    assert_shelves_follow_deliveries(sandbox, now)
    assert_purchases_add_up(sandbox, now)
    assert_codes_and_reports_are_of_the_companies(sandbox, now)


def assert_staff_stands_behind_reps_and_companies_behind_both(sandbox: Sandbox) -> None:
    companies, staff = rows_by_id(sandbox, "companies"), rows_by_id(sandbox, "company_staff")
    brands = rows_by_id(sandbox, "brands")
    names = {row["username"] for row in staff.values()}
    for order in sandbox.rows("orders_received"):
        for rep in order["sales_reps"]:
            key = rep["id"] if isinstance(rep, dict) else rep
            assert staff[key]["company"] == order["seller"]
            assert not isinstance(rep, dict) or rep["user"] == staff[key]["display_name"]
        assert order["user"] is None or order["user"] in names
        assert {brands[brand]["company"] for brand in order["brand_ids"]} <= {order["seller"]}
    for member in staff.values():
        assert member["company"] in companies
    for customer in sandbox.rows("customers"):
        assert {staff[manager]["company"] for manager in customer["managers"]} <= {customer["owner"]}
    statuses, tiers = rows_by_id(sandbox, "customer_statuses"), rows_by_id(sandbox, "customer_tiers")
    for customer in sandbox.rows("customers"):
        assert customer["status"] is None or statuses[customer["status"]]["is_stock"]
        assert customer["tier"] is None or customer["tier"] in tiers


def assert_licenses_stand_behind_customers_and_products(sandbox: Sandbox) -> None:
    licenses, types = rows_by_id(sandbox, "licenses"), rows_by_id(sandbox, "license_types")
    numbers = {row["number"]: row for row in licenses.values()}
    for customer in sandbox.rows("customers"):
        assert customer["license_type"] is None or (
            numbers[customer["license_number"]]["type"] == types[customer["license_type"]]["type"]
        )
    for product in sandbox.rows("products"):
        assert licenses[product["license"]["id"]]["number"] == product["license"]["number"]
        assert licenses[product["license"]["id"]]["type"] == product["license"]["type"]


def assert_contacts_and_entries_are_of_customers(sandbox: Sandbox, now: datetime) -> None:
    customers, contacts = rows_by_id(sandbox, "customers"), rows_by_id(sandbox, "contacts")
    staff = rows_by_id(sandbox, "company_staff")
    customer_of = dict(sandbox.store.select("SELECT key, customer_id FROM contacts"))
    for key, contact in contacts.items():
        customer = customers[customer_of[key]]
        assert contact["owner"] == customer["owner"]
        assert at(customer, "created_on") <= at(contact, "created_on") <= at(contact, "modified") <= now
    for key, customer in customers.items():
        assert customer["contacts"] == [contact for contact in contacts if customer_of[contact] == key]
    for entry in sandbox.rows("activity_entries"):
        customer = customers[entry["customer"]]
        assert (entry["owner"], entry["company"]) == (customer["owner"], customer["partner"])
        assert staff[entry["author"]]["company"] == entry["owner"]
        assert entry["contact"] is None or customer_of[entry["contact"]] == customer["id"]
        assert (
            at(customer, "created_on") <= at(entry, "date") <= at(entry, "created_on") <= at(entry, "modified") <= now
        )


def assert_credits_are_those_of_the_orders(sandbox: Sandbox) -> None:
    orders = {row["number"]: row for row in sandbox.rows("orders_received")}
    used = {}
    for credit in sandbox.rows("credits"):
        order = orders[credit["applied_to"] or credit["order"]]
        assert credit["company"] == order["seller"]
        assert credit["customer"] == order["customer"] or credit["customer"] == {"id": order["customer"]}
        assert credit["amount"]["currency"] == order["total"]["currency"]
        assert (credit["status"] == "used") == credit["read_only"] == (credit["applied_to"] is not None)
        if credit["applied_to"]:
            assert credit["applied_to"] not in used
            used[credit["applied_to"]] = Decimal(str(credit["amount"]["amount"]))
    expected = {number: Decimal(str(row["credits"])) for number, row in orders.items() if Decimal(str(row["credits"]))}
    assert used == expected


def assert_shelves_follow_deliveries(sandbox: Sandbox, now: datetime) -> None:
    partners = {row["id"]: row["partner"] for row in sandbox.rows("customers")}
    products = rows_by_id(sandbox, "products")
    delivered: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for order in sandbox.rows("orders_received"):
        if order["status"] not in ("Shipped", "Complete"):
            continue
        customer = order["customer"]["id"] if isinstance(order["customer"], dict) else order["customer"]
        for line in sandbox.lines_of(order["number"]):
            delivered[partners[customer], products[line["product"]]["name"]] += Decimal(line["quantity"])
    for row in sandbox.rows("retailer_inventory"):
        assert 0 <= row["quantity"] <= delivered[row["company"], row["name"]]
        assert row["is_low"] == (row["quantity"] < 12)
        assert at(row, "created_on") <= at(row, "modified") <= now


def assert_purchases_add_up(sandbox: Sandbox, now: datetime) -> None:
    companies = rows_by_id(sandbox, "companies")
    for order in sandbox.rows("buyer_orders"):
        for line in order["line_items"]:
            assert line["total"] == line["price"] * line["quantity"]
        assert order["subtotal"] == sum(line["total"] for line in order["line_items"])
        assert order["total"] == order["subtotal"] - order["discount"] + order["tax"] + order["shipping_charge"]
        assert order["buyer"]["name"] == companies[order["buyer"]["id"]]["name"]
        assert order["is_delivered"] == (order["status"] == "Complete") == (order["delivered_date"] is not None)
        assert at(order, "created_on") <= at(order, "last_edited_on") <= now


def assert_codes_and_reports_are_of_the_companies(sandbox: Sandbox, now: datetime) -> None:
    staff, brands = rows_by_id(sandbox, "company_staff"), rows_by_id(sandbox, "brands")
    for code in sandbox.rows("promocodes"):
        assert code["brand"] in brands
        assert at(code, "start_date") < at(code, "end_date")
    for report in sandbox.rows("reports"):
        assert staff[report["user"]]["company"] == report["company"]
        assert (report["status"] == "completed") == (report["complete_time"] is not None)
        assert (report["complete_time"] is None) == (report["export"] is None)
        assert report["complete_time"] is None or at(report, "request_time") <= at(report, "complete_time") <= now


def test_everything_fits_at_the_start(shared: Sandbox):
    assert_fits(shared, NOW)
    assert shared.count("retailer_inventory") > 50
    assert shared.count("credits") > 6


def test_everything_still_fits_after_ten_nights(own: Sandbox):
    before = {name: list(own.rows(name)) for name in ("contacts", "activity_entries", "promocodes", "buyer_orders")}
    for night in range(1, 11):
        own.advance(NOW + timedelta(days=night))

    assert_fits(own, NOW + timedelta(days=10))
    customers = {key for (key,) in own.store.select("SELECT key + 600000 FROM customers")}
    assert customers <= {row["id"] for row in own.rows("licenses")}
    for name, rows in before.items():
        assert list(own.rows(name)) != rows, name


def test_a_change_of_a_contact_or_an_entry_shows_in_its_modified(own: Sandbox):
    for name in ("contacts", "activity_entries"):
        before = {row["id"]: row for row in own.rows(name)}
        since = own.now
        own.advance(since + timedelta(hours=3))
        changed = [row for row in own.rows(name) if row != before.get(row["id"])]

        assert changed, name
        assert before.keys() <= {row["id"] for row in own.rows(name)}
        # A contact of a new customer is as old as can be; it was not there before.
        assert all(at(row, "modified") > since for row in changed if row["id"] in before)


CONTACT_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "modified__gte=2026-06-01": lambda row: at(row, "modified") >= CUT,
    "created_on__lt=2026-06-01": lambda row: at(row, "created_on") < CUT,
    "first_name=Sam": lambda row: row["first_name"] == "Sam",
    "first_name__in=Sam,Quinn": lambda row: row["first_name"] in ("Sam", "Quinn"),
    "last_name__startswith=O'": lambda row: row["last_name"].startswith("O'"),
    "owner=3107,3244": lambda row: True,
    "company_slug=tidewater": lambda row: row["owner"] == 3244,
    "delete=true": lambda row: row["delete"],
}
ENTRY_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "date__gte=2026-06-01": lambda row: at(row, "date") >= CUT,
    "modified__lt=2026-06-01": lambda row: at(row, "modified") < CUT,
    "type=call,Visit": lambda row: row["type"] in ("Call", "Visit"),
    "author=41,57": lambda row: row["author"] in (41, 57),
    "owner_id=3244": lambda row: row["owner"] == 3244,
    "brand=811": lambda row: row["brand"] == 811,
    "search=monday": lambda row: "monday" in row["entry"].lower(),
    "is_deleted=false": lambda row: not row["delete"],
}
OTHER_FILTERS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "company-staff/?is_admin=true": lambda row: row["is_admin"],
    "company-staff/?company=3244": lambda row: row["company"] == 3244,
    "brands/?company__in=3107,3244": lambda row: True,
    "brands/?company_slug=high-meadow": lambda row: row["company"] == 3107,
    "promocodes/?company_slug=tidewater": lambda row: row["brand"] in (871, 872, 873),
    "promocodes/?brand=812": lambda row: row["brand"] == 812,
    "reports/?company_slug=tidewater": lambda row: row["company"] == 3244,
    "licenses/?id=31070": lambda row: row["id"] == 31070,
    "licenses/?number__in=403R-00871,WA-415502": lambda row: row["number"] in ("403R-00871", "WA-415502"),
    "customer-statuses/?is_stock=false": lambda row: not row["is_stock"],
    "customer-statuses/?search=auditor": lambda row: "auditor" in (row["description"] or ""),
    "retailer-inventory/?company=75010": lambda row: row["company"] == 75010,
    "credits/?status=used,cancelled": lambda row: row["status"] in ("used", "cancelled"),
    "credits/?company_slug=tidewater": lambda row: row["company"] == 3244,
    "credits/?amount_min=50": lambda row: row["amount"]["amount"] >= 50,
    "credits/?credit_date_before=2026-10-01": lambda row: row["credit_date"] <= "2026-10-01",
    "buyer/orders/?modified__gte=2026-06-01": lambda row: at(row, "last_edited_on") >= CUT,
    "buyer/orders/?status=complete": lambda row: row["status"] == "Complete",
    "buyer/orders/?seller__slug__iexact=Granite-Cup": lambda row: row["seller"]["id"] == 2950,
    "buyer/orders/?brand=12951": lambda row: row["seller"]["id"] == 2951,
    "buyer/orders/?user=obrandt": lambda row: row["created_by"]["username"] == "obrandt",
}


@pytest.mark.parametrize("query", CONTACT_FILTERS)
async def test_contacts_are_filtered(shared: Sandbox, client: Client, query: str):
    expected = [row for row in shared.rows("contacts") if CONTACT_FILTERS[query](row)]

    assert expected
    assert await client.everything(f"contacts/?limit=100&{query}") == expected


@pytest.mark.parametrize("query", ENTRY_FILTERS)
async def test_activity_entries_are_filtered(shared: Sandbox, client: Client, query: str):
    expected = [row for row in shared.rows("activity_entries") if ENTRY_FILTERS[query](row)]

    assert expected
    assert await client.everything(f"activity-entries/?limit=100&{query}") == expected


@pytest.mark.parametrize("query", OTHER_FILTERS)
async def test_other_lists_are_filtered(shared: Sandbox, client: Client, query: str):
    resource = query.partition("/?")[0].replace("/", "_").replace("-", "_")
    expected = [row for row in shared.rows(resource) if OTHER_FILTERS[query](row)]

    assert expected
    assert await client.everything(f"{query}&limit=100") == expected
