"""What must not change the marts, and what must change them in a known way, whatever the definitions are."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import pytest

from .bench import SETTINGS, rows_of
from .comparison import differences
from .ledger.companies import random_source
from .ledger.receivables import ar_aging
from .ledger.source import Row, Source, cents
from .test_ledger import MARTS, forget, load

SOURCE = replace(random_source(4, SETTINGS.as_of), timezone="UTC")
RECEIVABLES = [mart for mart in MARTS if mart.startswith("ar_") or mart in {"collections", "expected_cash"}]
PREDICATES = ["is_sample", "is_on_sale", "is_sale", "customer_state = 'CO'", "brand_id = 10"]
MEASURES = ["units", "cases", "line_amount", "list_amount", "discount", "net_amount"]


Marts = dict[str, list[Row]]


def as_it_is() -> Source:
    return SOURCE


def shuffled() -> Source:
    return changed(**{name: Random(1).sample(rows, len(rows)) for name, rows in SOURCE.rows.items()})


def split() -> Source:
    """The largest payment in two."""
    payments = SOURCE.rows["order_payments"]
    amounts = [payment for payment in payments if payment["total"] is not None]
    whole = max(amounts, key=lambda payment: Decimal(payment["total"]["amount"]))
    parts = ["1.01", str(Decimal(whole["total"]["amount"]) - Decimal("1.01"))]
    halves = [
        whole | {"id": 900 + place, "total": whole["total"] | {"amount": part}} for place, part in enumerate(parts)
    ]
    return changed(order_payments=[each for each in payments if each is not whole] + halves)


def reversed_at_once() -> Source:
    """Another payment of an order that is paid in part, and its reversal."""
    payments, day = SOURCE.rows["order_payments"], SETTINGS.as_of.isoformat()
    orders = {row["order_number"] for row in ar_aging(SOURCE) if row["last_payment_date"]}
    order = next(payment["order"] for payment in payments if payment["order"] in orders)
    pair = [
        {"id": 900 + place, "order": order, "total": {"amount": amount, "currency": None}, "payment_date": day}
        for place, amount in enumerate(["77.77", "-77.77"])
    ]
    return changed(order_payments=payments + pair)


def with_a_rejected_order() -> Source:
    orders = SOURCE.rows["orders_received"]
    order = next(order for order in orders if order["status"] == "Complete") | {"number": "extra", "status": "Rejected"}
    order |= {"credits": None, "discount": None}  # nothing that the company's own ways are read from
    return changed(orders_received=[*orders, order])


def with_money_doubled() -> Source:
    def doubled(row: Row, *names: str) -> Row:
        changes: dict[str, Any] = {}
        for name in names:
            value = row.get(name)
            if isinstance(value, dict):
                changes[name] = value | {"amount": str(2 * cents(Decimal(value["amount"])))}
            elif value is not None:
                changes[name] = str(2 * cents(Decimal(str(value))))
        return row | changes

    return changed(
        orders_received=[
            doubled(order, "total", "credits", "payment_balance") for order in SOURCE.rows["orders_received"]
        ],
        order_payments=[doubled(payment, "total") for payment in SOURCE.rows["order_payments"]],
    )


def changed(**rows: list[Row]) -> Source:
    return Source(SOURCE.rows | rows, SOURCE.as_of, SOURCE.timezone)


def a_week_later() -> Source:
    """Every date a week later, that of the marts too."""
    week = timedelta(days=7)

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: moved(each) for name, each in value.items()}
        if isinstance(value, str) and len(value) >= 10 and value[:2] == "20" and value[4] == "-":
            kind: Callable[[str], Any] = date.fromisoformat if len(value) == 10 else datetime.fromisoformat
            return (kind(value) + week).isoformat()
        return value

    rows = {name: [moved(row) for row in each] for name, each in SOURCE.rows.items()}
    return Source(rows, SOURCE.as_of + week, SOURCE.timezone)


# Each is a company of one load: to run the models costs as much for one.
COMPANIES = {
    each.__name__: replace(each(), company=each.__name__)
    for each in (as_it_is, shuffled, split, reversed_at_once, with_a_rejected_order, with_money_doubled)
}


@pytest.fixture(scope="module")
def found(con: duckdb.DuckDBPyConnection) -> dict[str, Marts]:
    """The marts of each company. They are read before a test loads another one."""
    load(con, list(COMPANIES.values()))
    return marts_of(con)


@pytest.fixture(scope="module")
def before(found: dict[str, Marts]) -> Marts:
    return found["as_it_is"]


def marts_of(con: duckdb.DuckDBPyConnection) -> dict[str, Marts]:
    """Return the rows of every mart by company, as they would be if all companies had the same name."""
    marts: dict[str, Marts] = defaultdict(lambda: {mart: [] for mart in MARTS})
    for mart in MARTS:
        for row in rows_of(con, f"marts.{mart}"):
            marts[row.pop("_company")][mart].append(row)
    return marts


def same(marts: list[str], found: Marts, expected: Marts) -> None:
    texts = [differences(mart, MARTS[mart][0].split(), found[mart], expected[mart]) for mart in marts]
    assert "\n".join(filter(None, texts)) == ""


def same_open_orders(found: Marts, expected: list[Row], *names: str) -> None:
    names = ("order_number", "open_balance", "bucket", *names)
    left, right = ([{name: row[name] for name in names} for row in rows] for rows in (found["ar_aging"], expected))
    assert differences("ar_aging", names[:1], left, right) == ""


def test_the_order_in_which_rows_arrive_changes_nothing(found, before) -> None:
    same(list(MARTS), found["shuffled"], before)


def test_a_payment_split_in_two_changes_no_receivables(found, before) -> None:
    same(RECEIVABLES, found["split"], before)


def test_a_payment_and_its_reversal_change_no_balance(found, before) -> None:
    same_open_orders(found["reversed_at_once"], before["ar_aging"], "days_past_due", "is_stale")


def test_a_rejected_order_changes_nothing_else(found, before) -> None:
    marts = found["with_a_rejected_order"]

    same(RECEIVABLES, marts, before)
    rest = {"fct_orders": [row for row in marts["fct_orders"] if row["order_number"] != "extra"]}
    same(["fct_orders"], rest, before)


def test_all_money_doubled_doubles_every_balance(found, before) -> None:
    twice = [row | {"open_balance": 2 * row["open_balance"]} for row in before["ar_aging"]]

    same_open_orders(found["with_money_doubled"], twice)


@pytest.mark.parametrize("predicate", PREDICATES)
def test_a_measure_is_the_sum_of_its_parts(con, before, predicate: str) -> None:
    whole = con.execute(
        f"SELECT {', '.join(f'sum({name})' for name in MEASURES)} FROM marts.fct_order_lines"
    ).fetchone()
    kinds = [predicate, f"NOT ({predicate})", f"({predicate}) IS NULL"]
    sums = ", ".join(" + ".join(f"coalesce(sum({name}) FILTER ({kind}), 0)" for kind in kinds) for name in MEASURES)

    parts = con.execute(f"SELECT {sums} FROM marts.fct_order_lines").fetchone()

    assert parts == whole


def test_loading_the_same_rows_twice_changes_nothing(con, found, before) -> None:
    forget(con)
    load(con, [COMPANIES["as_it_is"]])
    load(con, [COMPANIES["as_it_is"]])

    same(list(MARTS), marts_of(con)["as_it_is"], before)


def test_all_dates_moved_by_a_week_change_no_age(con, found, before) -> None:
    forget(con)
    load(con, [a_week_later()])

    (marts,) = marts_of(con).values()
    same_open_orders(marts, before["ar_aging"], "days_past_due", "days_open", "is_stale")
