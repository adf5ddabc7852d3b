"""The amounts of lines equal price x quantity / unit multiplier in plain Python, wherever the numbers are awkward."""

import itertools
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import duckdb
import pytest

from pipeline.models import run_models

from .bench import COMPANY, SETTINGS, Part, clear, empty_warehouse, insert_api_rows, rows_of
from .comparison import differences

Row = dict[str, Any]
PART = Part(tables=("intermediate.line_readings",))
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
# Halves of a millionth and just below, short numbers and long ones, and the bounds from which on a number is none.
NUMBERS = [
    *("0", "0.0001", "0.005", "0.0347", "0.035", "7.1246", "0.000000001", "0.0000005", "0.000005999"),
    *("5999.999999999", "99999.9999", "100000", "1000000", "99999999.999999999"),
]
BOUND = "100000000"
MULTIPLIERS = [None, 0, 1, 2, 7, 12, 1_000_000]
LISTED = [
    *(None, "0", "-1", "0.0001", "0.0347", "0.000000001", "5999.999999999", "99999.9999", "1000000", "99999999.9999"),
    BOUND,
]
PRODUCTS = {1: None, 2: "12", 3: "0", 4: "0.0000005", 5: BOUND}


def awkward_lines() -> Iterator[Row]:
    """Yield lines of one order: every price with every quantity and multiplier, and of the rest each in turn."""
    listed, products = itertools.cycle(LISTED), itertools.cycle(PRODUCTS)
    signed = [*NUMBERS, *(f"-{number}" for number in NUMBERS[1:]), BOUND, f"-{BOUND}", None]
    for price, quantity in itertools.product(signed, signed):
        for multiplier in MULTIPLIERS:
            yield {
                "quantity": quantity,
                "unit_multiplier": multiplier,
                "ordered_unit_price": money(price, "USD"),
                "wholesale_price": next(listed),
                "product": next(products),
            }
    for sale, currency in itertools.product(("0", "-1", "0.0001", "100000.0001", BOUND), ("USD", "CAD", None)):
        yield {
            "quantity": "3",
            "unit_multiplier": 7,
            "ordered_unit_price": money("5", None),
            "sale_price": money(sale, currency),
            "wholesale_price": None,
            "product": 2,
        }


def money(text: str | None, currency: str | None) -> Row | None:
    return None if text is None else {"amount": text, "currency": currency}


def expected(key: int, line: Row) -> Row:
    """What a line of an order in USD is worth by either reading of its price."""
    sale = Decimal((line.get("sale_price") or {}).get("amount") or 0)
    stated = line["sale_price" if sale > 0 else "ordered_unit_price"] or {}
    price, quantity = below_bound(stated.get("amount")), below_bound(line["quantity"])
    currency, multiplier = stated.get("currency") or "USD", line["unit_multiplier"] or 1
    list_price, basis = below_bound(line["wholesale_price"]), "line"
    if list_price is None or list_price <= 0:
        list_price, basis = below_bound(PRODUCTS[line["product"]]), "product"
        if list_price is None or list_price <= 0 or currency != "USD":
            list_price, basis = None, "none"
    return {
        "_company": COMPANY,
        "line_id": key,
        "order_number": "o",
        "product_id": line["product"],
        "currency": currency,
        "order_currency": "USD",
        "is_sample": False,
        "is_on_sale": sale > 0,
        "quantity": quantity,
        "unit_multiplier": multiplier,
        "cases": amount(Decimal(1), quantity, multiplier),
        "price": price,
        "list_price": list_price,
        "list_basis": basis,
        "selling_unit_amount": amount(price, quantity, multiplier),
        "base_unit_amount": amount(price, quantity, 1),
        "selling_unit_list_amount": amount(list_price, quantity, multiplier),
        "base_unit_list_amount": amount(list_price, quantity, 1),
    }


def below_bound(text: str | None) -> Decimal | None:
    number = None if text is None else Decimal(text)
    return number if number is not None and abs(number) < Decimal(BOUND) else None


def amount(price: Decimal | None, quantity: Decimal | None, divisor: int) -> Decimal | None:
    """To six decimals, half away from zero; a trillion or more is none."""
    if price is None or quantity is None:
        return None
    exact = EXACT.divide(EXACT.multiply(price, quantity), Decimal(divisor))
    rounded = exact.quantize(Decimal("0.000001"), context=EXACT)
    return rounded if abs(rounded) < 10**12 else None


def load(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Fill raw with the awkward lines, and return what is to be made of them."""
    lines = list(awkward_lines())
    clear(con)
    order = {"number": "o", "status": "Accepted", "created_on": "2026-03-01T09:00:00Z", "total": money("1", "USD")}
    insert_api_rows(con, "orders_received", [order])
    insert_api_rows(con, "line_items", [{"id": key, "order": "o"} | line for key, line in enumerate(lines)])
    products = [{"id": key, "wholesale_price": money(price, "USD")} for key, price in PRODUCTS.items()]
    insert_api_rows(con, "products", products)
    return [expected(key, line) for key, line in enumerate(lines)]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_warehouse()
    yield connection
    connection.close()


def test_amounts_of_lines_equal_the_independent_calculation(con: duckdb.DuckDBPyConnection) -> None:
    rows = load(con)

    run_models(con, SETTINGS, PART)

    assert differences("line_readings", ["line_id"], rows_of(con, "intermediate.line_readings"), rows) == ""
