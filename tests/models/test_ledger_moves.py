"""What must not change the marts, and what must change them in a known way, whatever the definitions are."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import pytest

from pipeline.models import run_models

from .bench import PROJECT, SETTINGS, empty_warehouse, rows_of
from .comparison import differences
from .ledger.companies import random_source
from .ledger.source import Row, Source, cents
from .test_ledger import MARTS, forget, load

SOURCE = replace(random_source(4, SETTINGS.as_of), timezone="UTC")
RECEIVABLES = [mart for mart in MARTS if mart.startswith("ar_") or mart in {"collections", "expected_cash"}]
PREDICATES = ["is_sample", "is_on_sale", "is_sale", "customer_state = 'CO'", "brand_id = 10"]
MEASURES = ["units", "cases", "line_amount", "list_amount", "discount", "net_amount"]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_warehouse()
    run_models(connection, SETTINGS, PROJECT)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def before(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    return marts_of(con, SOURCE)


def marts_of(con: duckdb.DuckDBPyConnection, source: Source) -> dict[str, list[Row]]:
    forget(con)
    load(con, [source])
    return {mart: rows_of(con, f"marts.{mart}") for mart in MARTS}


def changed(**rows: list[Row]) -> Source:
    return Source(SOURCE.rows | rows, SOURCE.as_of, SOURCE.timezone)


def same(marts: list[str], found: dict[str, list[Row]], expected: dict[str, list[Row]]) -> None:
    texts = [differences(mart, MARTS[mart][0].split(), found[mart], expected[mart]) for mart in marts]
    assert "\n".join(filter(None, texts)) == ""


def columns(rows: list[Row], *names: str) -> list[Row]:
    return [{name: row[name] for name in names} for row in rows]


def test_the_order_in_which_rows_arrive_changes_nothing(con, before) -> None:
    shuffled = {name: Random(1).sample(rows, len(rows)) for name, rows in SOURCE.rows.items()}

    same(list(MARTS), marts_of(con, changed(**shuffled)), before)


def test_loading_the_same_rows_twice_changes_nothing(con, before) -> None:
    forget(con)
    load(con, [SOURCE])
    load(con, [SOURCE])

    same(list(MARTS), {mart: rows_of(con, f"marts.{mart}") for mart in MARTS}, before)


def test_a_payment_split_in_two_changes_no_receivables(con, before) -> None:
    payments = SOURCE.rows["order_payments"]
    whole = max(payments, key=lambda payment: Decimal(payment["total"]["amount"]))
    parts = ["1.01", str(Decimal(whole["total"]["amount"]) - Decimal("1.01"))]
    split = [
        whole | {"id": 900 + place, "total": whole["total"] | {"amount": part}} for place, part in enumerate(parts)
    ]

    found = marts_of(con, changed(order_payments=[each for each in payments if each is not whole] + split))

    same(RECEIVABLES, found, before)


def test_a_payment_and_its_reversal_change_no_balance(con, before) -> None:
    payments = SOURCE.rows["order_payments"]
    orders = {row["order_number"] for row in before["ar_aging"] if row["last_payment_date"]}
    order = next(payment["order"] for payment in payments if payment["order"] in orders)
    day = SETTINGS.as_of.isoformat()
    pair = [
        {"id": 900 + place, "order": order, "total": {"amount": amount, "currency": None}, "payment_date": day}
        for place, amount in enumerate(["77.77", "-77.77"])
    ]

    found = marts_of(con, changed(order_payments=payments + pair))

    names = ("order_number", "open_balance", "bucket", "days_past_due", "is_stale")
    assert (
        differences("ar_aging", names[:1], columns(found["ar_aging"], *names), columns(before["ar_aging"], *names))
        == ""
    )


def test_a_rejected_order_changes_nothing_else(con, before) -> None:
    orders = SOURCE.rows["orders_received"]
    order = next(order for order in orders if order["status"] == "Complete") | {"number": "extra", "status": "Rejected"}
    order |= {"credits": None, "discount": None}  # nothing that the company's own ways are read from

    found = marts_of(con, changed(orders_received=[*orders, order]))

    same(RECEIVABLES, found, before)
    rest = {"fct_orders": [row for row in found["fct_orders"] if row["order_number"] != "extra"]}
    same(["fct_orders"], rest, before)


def test_all_money_doubled_doubles_every_balance(con, before) -> None:
    def doubled(row: Row, *names: str) -> Row:
        changes: dict[str, Any] = {}
        for name in names:
            value = row.get(name)
            if isinstance(value, dict):
                changes[name] = value | {"amount": str(2 * cents(Decimal(value["amount"])))}
            elif value is not None:
                changes[name] = str(2 * cents(Decimal(str(value))))
        return row | changes

    orders = [doubled(order, "total", "credits", "payment_balance") for order in SOURCE.rows["orders_received"]]
    payments = [doubled(payment, "total") for payment in SOURCE.rows["order_payments"]]

    found = marts_of(con, changed(orders_received=orders, order_payments=payments))

    twice = [row | {"open_balance": 2 * row["open_balance"]} for row in before["ar_aging"]]
    names = ("order_number", "open_balance", "bucket")
    assert differences("ar_aging", names[:1], columns(found["ar_aging"], *names), columns(twice, *names)) == ""


def test_all_dates_moved_by_a_week_change_no_age(con, before) -> None:
    week = timedelta(days=7)

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: moved(each) for name, each in value.items()}
        if isinstance(value, str) and len(value) >= 10 and value[:2] == "20" and value[4] == "-":
            kind: Callable[[str], Any] = date.fromisoformat if len(value) == 10 else datetime.fromisoformat
            return (kind(value) + week).isoformat()
        return value

    rows = {name: [moved(row) for row in each] for name, each in SOURCE.rows.items()}

    found = marts_of(con, Source(rows, SOURCE.as_of + week, SOURCE.timezone))

    names = ("order_number", "open_balance", "bucket", "days_past_due", "days_open", "is_stale")
    assert (
        differences("ar_aging", names[:1], columns(found["ar_aging"], *names), columns(before["ar_aging"], *names))
        == ""
    )


@pytest.mark.parametrize("predicate", PREDICATES)
def test_a_measure_is_the_sum_of_its_parts(con, before, predicate: str) -> None:
    whole = con.execute(
        f"SELECT {', '.join(f'sum({name})' for name in MEASURES)} FROM marts.fct_order_lines"
    ).fetchone()
    kinds = [predicate, f"NOT ({predicate})", f"({predicate}) IS NULL"]
    sums = ", ".join(" + ".join(f"coalesce(sum({name}) FILTER ({kind}), 0)" for kind in kinds) for name in MEASURES)

    parts = con.execute(f"SELECT {sums} FROM marts.fct_order_lines").fetchone()

    assert parts == whole
