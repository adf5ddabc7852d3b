"""No row may stop a load: models and audits run whatever the amounts, numbers and times of a row are."""

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from pipeline.models import run_audits, run_models
from pipeline.resources import all_resources
from pipeline.resources.columns import table_columns

from ..marks import long_from
from .bench import PROJECT, SETTINGS, clear, empty_warehouse, insert_api_rows, keep_history

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


@pytest.mark.parametrize("values", [*LARGEST, *long_from(0, each_alone())], ids=str)
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
