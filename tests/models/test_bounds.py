"""No row may stop a load: models and audits run whatever the amounts, numbers and times of a row are."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipeline.models import run_audits, run_models
from pipeline.models.model import Model
from pipeline.resources import all_resources
from pipeline.resources.columns import table_columns

from ..marks import long_from
from .bench import PROJECT, SETTINGS, clear, empty_warehouse, insert_api_rows, keep_history
from .sales.company import Company
from .sales.random_companies import random_company
from .sales.values import Row
from .test_sales import load

USD = {"currency": "USD"}
# Of each kind of column the values of one run: what an extract lets through at most.
LARGEST = [
    {
        "DECIMAL(38, 9)": "99999999999999999999999999999",
        "BIGINT": "9223372036854775807",
        "TIMESTAMPTZ": "'10000-01-01 06:59:59+00'",
        "DATE": "'9999-12-31'",
    },
    {
        "DECIMAL(38, 9)": "-99999999999999999999999999999",
        "BIGINT": "-9223372036854775807",
        "TIMESTAMPTZ": "'0001-01-01 (BC) 00:00:00+00'",
        "DATE": "'0001-01-01'",
    },
    {"DECIMAL(38, 9)": "999999999999.999999999", "BIGINT": "0"},
    {"DECIMAL(38, 9)": "1e-9"},
]
TABLES = {"orders_received": "number", "line_items": "id", "order_payments": "id", "products": "id", "customers": "id"}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_warehouse()
    yield connection
    connection.close()


def plant(con: duckdb.DuckDBPyConnection, orders: int) -> None:
    """Insert so many orders with a line and a payment each: two with a discount in per cent, the others in dollars."""
    clear(con)
    for number in range(orders):
        insert_api_rows(con, "orders_received", [{
            "number": f"o{number}", "seller": 1, "customer": 7, "status": "Shipped", "paid": False, "discount": "3",
            "discount_type": "%" if number < 2 else "$", "created_on": "2026-03-01T09:00:00Z", "credits": "1",
            "total": USD | {"amount": "194.80"}, "payment_balance": "144.80",
        }])  # fmt: skip
    insert_api_rows(con, "line_items", [
        {"id": 2 * number + half, "order": f"o{number}", "product": 1, "quantity": "24", "unit_multiplier": 12,
         "ordered_unit_price": USD | {"amount": 100}, "sale_price": USD | {"amount": half}}
        for number in range(orders) for half in (0, 1)
    ])  # fmt: skip
    insert_api_rows(con, "order_payments", [
        {"id": number, "order": f"o{number}", "total": USD | {"amount": 50}, "payment_date": "2026-03-20"}
        for number in range(orders)
    ])  # fmt: skip
    insert_api_rows(con, "products", [{"id": 1, "seller": 1, "brand": 10, "name": "Flower", "quantity": "5"}])
    insert_api_rows(con, "customers", [{"id": 7, "name": "Seven"}])


def columns_of(kind: str) -> list[tuple[str, str]]:
    return [
        (table, name)
        for table, key in TABLES.items()
        for name, its_kind, _ in table_columns(all_resources()[table])
        if its_kind == kind and name not in (key, "order") and not name.startswith("_")
    ]


def each_alone() -> Iterator[dict[str, str]]:
    """Yield the values one by one: next to others the row of one may be worth nothing."""
    for values in LARGEST:
        for kind, value in values.items():
            yield {kind: value}


@pytest.mark.parametrize("values", long_from(2, [*LARGEST, *each_alone()]), ids=str)
def test_no_value_of_any_column_stops_the_models_or_the_audits(
    con: duckdb.DuckDBPyConnection, values: dict[str, str]
) -> None:
    plant(con, 4)
    for kind, value in values.items():
        for table, name in columns_of(kind):
            con.execute(f'UPDATE raw.{table} SET "{name}" = {value}')
    keep_history(con)

    run_models(con, SETTINGS, PROJECT)
    results = run_audits(con, SETTINGS, PROJECT)

    assert {each.audit_id for each in results if each.severity == "error" and each.failures} == set()


def test_digits_too_many_in_a_price_and_a_quantity_cost_their_line_alone(con: duckdb.DuckDBPyConnection) -> None:
    plant(con, 5)
    for line, price, quantity in ((0, "99999999", "99999999"), (4, "10000000000", "2400000000"), (8, "1e7", "9e4")):
        con.execute(
            f"UPDATE raw.line_items SET ordered_unit_price_amount = {price}, quantity = {quantity} WHERE id = {line}"
        )
    keep_history(con)

    run_models(con, SETTINGS, PROJECT)
    failures = {each.audit_id: each.failures for each in run_audits(con, SETTINGS, PROJECT)}

    assert con.execute("SELECT sum(open_balance) FROM marts.ar_aging").fetchall() == [(Decimal("724.00"),)]
    assert failures["amounts_out_of_bounds"] == 2  # the third is a large amount
    assert failures["discount_parts"] == failures["sales_equal"] == 0


# What is no amount or quantity from that bound on, by resource and field.
BOUNDS = {
    "orders": dict.fromkeys(
        ("total", "credits", "payment_balance", "discount", "final_tax", "tax_amount", "shipping_charge"), "1e12"
    ),
    "payments": {"total": "1e12"},
    "credits": {"amount": "1e12"},
    "buyer_orders": dict.fromkeys(("subtotal", "discount", "shipping_charge", "tax", "total"), "1e12"),
    "customers": {"discount_percent": "1e12"},
    "products": dict.fromkeys(("quantity", "reserved_qty", "available_inventory"), "1e12")
    | dict.fromkeys(("wholesale_price", "sale_price", "retail_price"), "1e8"),
    "inventory_items": dict.fromkeys(("quantity_in_product_uom", "reserved_qty_in_product_uom"), "1e12"),
}
LINE_BOUNDS = dict.fromkeys(("quantity", "ordered_unit_price", "wholesale_price"), "1e8")
MONEY = {"total", "shipping_charge", "amount", "wholesale_price", "sale_price", "retail_price", "ordered_unit_price"}
CLOSE_FIELDS = ("quantity", "reserved_quantity", "available_quantity")
AT_BOUND, WITHOUT = "at the bound", "without"


def bounded(bounds: dict[str, str], rows: list[Row], name: str) -> list[Row]:
    """The rows, of each of which one field is at its bound, or of the other company null."""
    fields, found = list(bounds), []
    for place, row in enumerate(rows):
        field = fields[place % len(fields)]
        value: Any = bounds[field] if name == AT_BOUND else None
        is_money = field in MONEY and isinstance(row.get(field), dict)
        found.append(row | {field: row[field] | {"amount": value} if is_money else value})
    return found


def whole_company() -> Company:
    """The first random company that has a row for each field with a bound."""
    companies = (random_company(seed, SETTINGS.as_of, sizes=[120]) for seed in itertools.count())
    return next(
        each for each in companies
        if len(each.closes) > 40 and len(each.shelf_closes) > 20
        and all(len(getattr(each, name)) >= len(fields) for name, fields in BOUNDS.items())
    )  # fmt: skip


def two_companies() -> list[Company]:
    """A company with amounts and quantities that are at their bounds, and the same without these."""
    whole, found = whole_company(), []
    for name, bound in ((AT_BOUND, Decimal("1e12")), (WITHOUT, None)):
        rows: dict[str, Any] = {each: bounded(bounds, getattr(whole, each), name) for each, bounds in BOUNDS.items()}
        rows["products"] = [row | {"inventory_management": 1} for row in rows["products"]]
        for order in rows["orders"]:
            order["tax_type"] = "$"
            order["line_items"] = bounded(LINE_BOUNDS, order["line_items"], name)
        quantities = itertools.cycle(("1e8" if name == AT_BOUND else None, "12"))
        rows["line_versions"] = [
            version._replace(row=version.row | {"quantity": quantity})
            for version, quantity in zip(whole.line_versions, quantities, strict=False)
        ]
        rows["closes"] = [
            close._replace(**{field: bound})
            for close, field in zip(whole.closes, itertools.cycle(CLOSE_FIELDS), strict=False)
        ]
        rows["shelf_closes"] = [
            close._replace(quantity=bound if place % 3 == 0 else close.quantity)
            for place, close in enumerate(whole.shelf_closes)
        ]
        found.append(replace(whole, company=name, timezone="UTC", **rows))
    return found


def test_an_amount_at_its_bound_is_none(con: duckdb.DuckDBPyConnection) -> None:
    load(con, two_companies())

    run_models(con, SETTINGS, PROJECT)

    assert [model.name for model in PROJECT.models if differ(con, model)] == []


def differ(con: duckdb.DuckDBPyConnection, model: Model, table: str | None = None) -> bool:
    """Say whether the two companies' rows of a mart differ; they are in `table` instead of the mart."""
    if not model.name.startswith("marts.") or not model.is_by_company:
        return False
    sides = [f"SELECT * EXCLUDE (_company) FROM {table or model.name} WHERE _company = '{name}'"
             for name in (AT_BOUND, WITHOUT)]  # fmt: skip
    return any(
        con.execute(f"{here} EXCEPT ALL {there} LIMIT 1").fetchall() for here, there in itertools.permutations(sides)
    )
