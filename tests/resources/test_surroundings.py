"""The forms that what stands around orders and customers is documented in, and those that differ from it."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pipeline.decoding.rows import DecodedRows, RowDecoder
from pipeline.resources import Changed, Full, all_resources

ORDER = {
    "id": "2f0d9c52-5b0a-4a7e-9c62-0d4f0a1b2c3d",
    "short_id": "0a1b2c3d",
    "status": "Shipped",
    "type": "Adult Use",
    "buyer": {
        "id": 5120,
        "name": "Corner Shop",
        "address": "1 Main St",
        "unit_number": None,
        "city": "Pueblo",
        "state": "CO",
        "zip": "81003",
        "phone": None,
        "email": "shop@corner.example",
        "licenses": [{"id": 77, "number": "402R-00017", "type": "Recreational", "classification": "Store"}],
    },
    "seller": {"id": "2950", "name": "Granite", "licenses": []},
    "source": "SGO",
    "created_by": {"id": None, "name": "Noa", "username": None, "email": None},
    "created_on": "2026-07-12T10:40:00.681487-06:00",
    "last_edited_on": "2026-07-14T14:13:53.753792-06:00",
    "currency": "USD",
    "line_items": [
        {
            "product": {
                "id": 7,
                "sku": 15,
                "name": "Jar",
                "brand": {"id": 3, "name": "Granite"},
                "unit_denomination": "One",
                "base_units_per_unit": None,
                "sold_in_multiples": True,
                "units_per_case": 10,
                "category": {"name": "Jars", "slug": "jars", "description": "Jars"},
                "sub_category": {"id": 10, "name": "Small", "slug": "small", "description": "", "category": 1},
            },
            "quantity": 1.5,
            "sold_by": "Case",
            "price": 220,
            "total": 330,
        }
    ],
    "subtotal": 330,
    "shipping_charge": 0,
    "discount": 0.5,
    "tax": "0",
    "total": 329.5,
    "payable_to": {"name": "Granite", "zipcode": "80001"},
    "payment_term": None,
    "payment_methods": [],
    "payment_due_date": "2026-08-11",
    "ship_date": None,
    "is_delivered": False,
    "delivered_date": None,
    "notes": "",
    "sales_reps": ["Lauren"],
    "delivery_address": {"address": "17 Highway", "unit_number": "1A", "zipcode": "81143"},
}


def decode(resource: str, row: dict[str, Any]) -> DecodedRows:
    return RowDecoder(all_resources()[resource]).decode([json.dumps(row).encode()])


def accepted(resource: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return the row as it lands; none of its values is odd."""
    (landed,) = decode(resource, row).table.to_pylist()
    assert landed["_odd"] is None
    return landed


def test_an_order_placed_keeps_cases_plain_amounts_and_lines():
    order = accepted("buyer_orders", ORDER)

    (line,) = order["line_items"]
    buyer = order["buyer"]
    assert [line[name] for name in ("quantity", "price", "total")] == [Decimal("1.5"), 220, 330]
    assert [order[name] for name in ("subtotal", "discount", "tax", "total")] == [
        330, Decimal("0.5"), 0, Decimal("329.5")
    ]  # fmt: skip
    assert (buyer["id"], order["seller"]["id"], buyer["licenses"][0]["number"]) == (5120, 2950, "402R-00017")
    assert (order["payable_to"]["zipcode"], line["product"]["sku"]) == ("80001", "15")
    assert order["payment_due_date"] == datetime(2026, 8, 11, 12, tzinfo=UTC)
    assert order["_extra"] is None


@pytest.mark.parametrize("term", ["net30", 4, "4"])
def test_a_payment_term_comes_as_a_code_or_as_a_number(term: object):
    assert accepted("buyer_orders", ORDER | {"payment_term": term})["payment_term"] == str(term)


@pytest.mark.parametrize("customer", [{"id": 7, "display_name": "Shop", "ext_acct_id": 4, "delinquent": False}, 7])
@pytest.mark.parametrize("amount", [{"amount": 12.5, "currency": "USD"}, {"amount": "12.50", "currency": "USD"}, 12.5])
def test_a_credit_comes_with_its_customer_or_the_id_alone(customer: Any, amount: Any):
    credit = accepted("credits", {"id": 1, "customer": customer, "amount": amount, "credit_date": "2026-03-01"})

    assert credit["customer"]["id"] == 7
    assert credit["amount_amount"] == Decimal("12.5")
    assert credit["credit_date"].date() == date(2026, 3, 1)


def test_a_report_that_runs_has_no_file_yet():
    row = {"number": "a", "status": "running", "complete_time": None, "export": None, "query": {"brand": [1, {}]}}

    report = accepted("reports", row)

    assert (report["complete_time"], report["export"]) == (None, None)
    assert json.loads(report["query"]) == {"brand": [1, {}]}


@pytest.mark.parametrize("discount", ["12.50", 12.5, 12])
def test_a_promocode_takes_its_percentage_as_a_text_or_as_a_number(discount: Any):
    code = accepted("promocodes", {"id": 1, "discount_amount": discount, "start_date": "2026-03-01"})

    assert code["discount_amount"] == Decimal(str(discount))
    assert code["start_date"] == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "resource",
    ["contacts", "activity_entries", "customer_statuses", "customer_tiers", "companies", "company_staff", "licenses",
     "license_types", "brands", "promocodes", "retailer_inventory", "credits"],
)  # fmt: skip
def test_a_row_without_its_key_is_refused_and_one_with_nothing_else_is_not(resource: str):
    assert accepted(resource, {"id": 5})["id"] == 5
    assert [row.path for row in decode(resource, {"id": None}).rejected] == ["id"]


def test_what_can_be_asked_for_by_its_change_is():
    ways = {name: resource.refresh for name, resource in all_resources().items()}

    assert isinstance(ways["contacts"], Changed)
    assert isinstance(ways["activity_entries"], Changed)
    # Its filters by change have no field of the rows to be checked against.
    assert isinstance(ways["buyer_orders"], Full)


def test_customers_come_with_their_contacts_as_ids_or_as_objects():
    contact = {"id": 7, "first_name": "Sam", "last_name": "", "email": None, "phone": 3035550100, "role": "Buyer"}
    row = {"id": 1, "contacts": [5, contact], "managers": [41, {"id": 42}], "tags": ["VIP", {"id": 3}]}

    customer = accepted("customers", row | {"service_zone": {"id": 2, "name": "North"}, "license_type": 4})

    contacts = customer["contacts"]
    assert [each["id"] for each in contacts] == [5, 7]
    assert (contacts[1]["first_name"], contacts[1]["phone"]) == ("Sam", "3035550100")
    assert (customer["managers"], customer["service_zone"], customer["license_type"]) == ([41, 42], 2, 4)
    assert json.loads(customer["tags"]) == ["VIP", {"id": 3}]
