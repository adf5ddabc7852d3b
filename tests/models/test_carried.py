"""What tables carry from one load to the next: closes of days, and what each load changed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipeline.models import ModelSettings, run_models

from .bench import SETTINGS, Part, empty_warehouse, insert_api_rows

# What compares loads, and what is looked at beside it.
PROJECT = Part(
    tables=(
        "marts.ar_by_rep", "marts.ar_daily", "marts.ar_roll_forward", "marts.changes", "marts.order_changes",
        "marts.orders_assigned",
    )
)  # fmt: skip
OPENING = Decimal("100.00")
NIGHTS = [replace(SETTINGS, as_of=date(2026, 3, day), run_id=f"202603{day + 1}T020000Z-0001") for day in (27, 28, 29)]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_warehouse()
    yield connection
    connection.close()


def order(number: str, total: str, **fields: Any) -> dict[str, Any]:
    return {
        "number": number,
        "short_id": number,
        "seller": 1,
        "customer": {"id": 7},
        "status": "Shipped",
        "total": {"amount": total, "currency": "USD"},
        "created_on": "2026-03-01T09:00:00Z",
        "modified": "2026-03-01T09:00:00Z",
        "payment_due_date": "2026-03-20T12:00:00Z",
    } | fields


def payment(key: int, number: str, amount: str, day: str) -> dict[str, Any]:
    amount_of_money = {"amount": amount, "currency": "USD"}
    return {"id": key, "order": number, "total": amount_of_money, "payment_date": f"{day}T12:00:00Z"}


def line(key: int, number: str, price: str, **fields: Any) -> dict[str, Any]:
    price_of_unit = {"amount": price, "currency": "USD"}
    return {"id": key, "order": number, "quantity": "1", "ordered_unit_price": price_of_unit} | fields


def load(con: duckdb.DuckDBPyConnection, settings: ModelSettings) -> None:
    """Run the models and publish."""
    run_models(con, settings, PROJECT)
    con.execute(
        "INSERT INTO meta.loads SELECT ?, now(), ?, ?, ?, ?",
        [settings.run_id, settings.as_of, settings.known_at, settings.timezone, settings.sell_through_days],
    )


def one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    rows = con.execute(query).fetchall()
    assert len(rows) == 1
    return rows[0]


def test_a_first_load_has_nothing_to_compare_with(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100")])

    load(con, NIGHTS[0])

    for table in ("order_changes", "changes", "ar_roll_forward"):
        assert one(con, f"SELECT count(*) FROM marts.{table}") == (0,), table
    assert one(con, "SELECT day, open_net, history_basis, run_id FROM marts.ar_daily") == (
        date(2026, 3, 27),
        OPENING,
        "recorded",
        NIGHTS[0].run_id,
    )


def test_a_company_that_the_last_load_did_not_show_has_nothing_to_compare_with(con) -> None:
    load(con, NIGHTS[0])
    insert_api_rows(con, "orders_received", [order("a", "100")])

    load(con, NIGHTS[1])

    assert one(con, "SELECT count(*) FROM marts.order_changes") == (0,)
    assert one(con, "SELECT count(*) FROM marts.changes") == (0,)


@pytest.mark.long
def test_receivables_roll_forward_from_load_to_load(con) -> None:
    orders = [
        order("paid", "100"),
        order("edited", "100"),
        order("credited", "100"),
        order("cancelled", "40"),
        order("deleted", "30"),
        order("ticked", "20"),
        order("waiting", "10", status="Accepted"),
        order("later", "5", ship_date="2026-03-28T12:00:00Z"),
    ]
    insert_api_rows(con, "orders_received", orders)
    load(con, NIGHTS[0])
    insert_api_rows(con, "orders_received", [order("new", "70", credits="3")])
    insert_api_rows(
        con, "order_payments", [payment(1, "paid", "60", "2026-03-28"), payment(2, "new", "1", "2026-03-28")]
    )
    con.execute("UPDATE raw.orders_received SET total_amount = 90 WHERE number = 'edited'")
    con.execute("UPDATE raw.orders_received SET credits = 7 WHERE number = 'credited'")
    con.execute("UPDATE raw.orders_received SET status = 'Cancelled' WHERE number = 'cancelled'")
    con.execute("UPDATE raw.orders_received SET _deleted_at = now() WHERE number = 'deleted'")
    con.execute("UPDATE raw.orders_received SET paid = true, paid_date = DATE '2026-03-28' WHERE number = 'ticked'")

    load(con, NIGHTS[1])

    query = "SELECT opening, new_billed, edits, removed, credits, payments, ticked, closing FROM marts.ar_roll_forward"
    assert one(con, query) == tuple(map(Decimal, ("390", "75", "-10", "-70", "-10", "-61", "-20", "294")))
    assert one(con, "SELECT run_id, previous_run_id, from_date, to_date FROM marts.ar_roll_forward") == (
        NIGHTS[1].run_id,
        NIGHTS[0].run_id,
        NIGHTS[0].as_of,
        NIGHTS[1].as_of,
    )
    kinds = dict(con.execute("SELECT order_number, kind FROM marts.order_changes").fetchall())
    assert kinds == {
        "paid": "paid",
        "edited": "edited",
        "credited": "edited",
        "cancelled": "status",
        "deleted": "deleted",
        "ticked": "paid",
        "later": "dated",
        "new": "new",
    }


@pytest.mark.long
def test_totals_of_changes_are_the_sums_of_order_changes(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100"), order("b", "50", status="Accepted")])
    insert_api_rows(con, "line_items", [line(1, "a", "100"), line(2, "b", "50")])
    load(con, NIGHTS[0])
    insert_api_rows(con, "orders_received", [order("c", "8", created_on="2026-02-01T09:00:00Z")])
    insert_api_rows(con, "line_items", [line(3, "c", "8")])
    con.execute("UPDATE raw.orders_received SET status = 'Shipped' WHERE number = 'b'")
    con.execute("UPDATE raw.orders_received SET status = 'Rejected' WHERE number = 'a'")

    load(con, NIGHTS[1])

    totals = dict(con.execute("SELECT headline, change FROM marts.changes WHERE item = 'total'").fetchall())
    sums = one(
        con, "SELECT sum(open_after - open_before), sum(net_sales_after - net_sales_before) FROM marts.order_changes"
    )
    assert (totals["open_net"], totals["net_sales"]) == sums == (Decimal("-42.00"), Decimal("-92.00"))
    assert con.execute(
        "SELECT item, before, after FROM marts.changes WHERE headline = 'net_sales' AND item <> 'total' ORDER BY ALL"
    ).fetchall() == [("2026-02-01", 0, 8), ("2026-03-01", 150, 50)]


@pytest.mark.long
def test_an_order_that_moves_to_another_currency_is_deleted_there_and_new_here(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100")])
    load(con, NIGHTS[0])
    con.execute("UPDATE raw.orders_received SET total_currency = 'CAD'")

    load(con, NIGHTS[1])

    rows = con.execute(
        "SELECT currency, kind, open_before, open_after FROM marts.order_changes ORDER BY ALL"
    ).fetchall()
    assert rows == [("CAD", "new", 0, OPENING), ("USD", "deleted", OPENING, 0)]
    assert con.execute("SELECT currency, opening, closing FROM marts.ar_roll_forward ORDER BY ALL").fetchall() == [
        ("CAD", 0, OPENING),
        ("USD", OPENING, 0),
    ]


@pytest.mark.long
def test_three_nights_are_kept_and_follow_on_each_other(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100")])
    load(con, NIGHTS[0])
    insert_api_rows(con, "order_payments", [payment(1, "a", "60", "2026-03-28")])
    load(con, NIGHTS[1])
    insert_api_rows(con, "order_payments", [payment(2, "a", "15", "2026-03-29")])

    load(con, NIGHTS[2])

    assert con.execute("SELECT opening, payments, closing FROM marts.ar_roll_forward ORDER BY run_id").fetchall() == [
        (100, -60, 40),
        (40, -15, 25),
    ]
    assert con.execute("SELECT day, open_net, run_id FROM marts.ar_daily ORDER BY day").fetchall() == [
        (night.as_of, balance, night.run_id) for night, balance in zip(NIGHTS, (100, 40, 25), strict=True)
    ]
    for table in ("order_changes", "changes"):
        runs = con.execute(f"SELECT DISTINCT run_id FROM marts.{table} ORDER BY ALL").fetchall()
        assert runs == [(night.run_id,) for night in NIGHTS[1:]], table


@pytest.mark.long
def test_a_later_load_of_a_day_replaces_its_close_and_keeps_the_others(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100")])
    load(con, NIGHTS[0])
    load(con, NIGHTS[1])
    insert_api_rows(con, "order_payments", [payment(1, "a", "60", "2026-03-27")])

    load(con, replace(NIGHTS[1], run_id="20260329T090000Z-0002"))

    assert con.execute("SELECT day, open_net, run_id FROM marts.ar_daily ORDER BY day").fetchall() == [
        (NIGHTS[0].as_of, 100, NIGHTS[0].run_id),
        (NIGHTS[1].as_of, 40, "20260329T090000Z-0002"),
    ]


@pytest.mark.long
def test_rows_of_a_run_are_replaced_when_its_models_run_again(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100")])
    load(con, NIGHTS[0])
    insert_api_rows(con, "orders_received", [order("b", "50")])

    run_models(con, NIGHTS[1], PROJECT)
    con.execute("DELETE FROM raw.orders_received WHERE number = 'b'")
    run_models(con, NIGHTS[1], PROJECT)

    assert con.execute("SELECT kind FROM marts.order_changes").fetchall() == [("deleted",)]
    assert one(con, "SELECT count(*) FROM marts.changes WHERE headline = 'open_net' AND item = 'total'") == (1,)


@pytest.mark.long
def test_a_load_of_a_past_day_records_no_close_and_leaves_those_that_are_recorded(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100", created_on="2026-01-10T09:00:00Z")])
    load(con, NIGHTS[1])
    insert_api_rows(con, "order_payments", [payment(1, "a", "60", "2026-02-10")])

    load(con, replace(NIGHTS[0], as_of=date(2026, 2, 28), last_day=NIGHTS[1].as_of, run_id="20260330T090000Z-0003"))

    assert con.execute("SELECT day, open_net, history_basis FROM marts.ar_daily ORDER BY day").fetchall() == [
        (date(2026, 1, 31), 100, "computed"),
        (date(2026, 2, 28), 40, "computed"),
        (NIGHTS[1].as_of, 100, "recorded"),
    ]


@pytest.mark.long
def test_a_payment_without_an_amount_is_0_in_what_a_load_changed(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100")])
    load(con, NIGHTS[0])
    insert_api_rows(con, "order_payments", [payment(1, "a", "60", "2026-03-28") | {"total": None}])

    load(con, NIGHTS[1])

    query = "SELECT before, after, change FROM marts.changes WHERE headline = 'payments' AND item = 'total'"
    assert one(con, query) == (0, 0, 0)


@pytest.mark.long
def test_a_load_of_a_past_day_records_nothing_before_the_first_invoice(con) -> None:
    insert_api_rows(con, "orders_received", [order("a", "100", created_on="2026-02-10T09:00:00Z")])

    load(con, replace(NIGHTS[0], as_of=date(2026, 2, 20), last_day=NIGHTS[1].as_of))

    assert con.execute("SELECT day FROM marts.ar_daily").fetchall() == []


@pytest.mark.long
def test_a_recorded_month_end_is_not_computed_again(con) -> None:
    nobody = order("b", "20", seller=None) | {"total": {"amount": "20"}}
    for company, orders in (("acme", [order("a", "100"), nobody]), ("birch", [order("a", "30")])):
        insert_api_rows(con, "orders_received", orders, company)
    load(con, SETTINGS)

    load(con, replace(SETTINGS, as_of=date(2026, 4, 1), run_id="20260402T020000Z-0001"))

    rows = con.execute(
        "SELECT _company, seller_id, open_net FROM marts.ar_daily WHERE day = DATE '2026-03-31' ORDER BY ALL"
    ).fetchall()
    assert rows == [("acme", 1, 100), ("acme", None, 20), ("birch", 1, 30)]


@pytest.mark.parametrize(
    ("amount", "shares"), [("100.00", ["33.34", "33.33", "33.33"]), ("-0.01", ["0.00", "0.00", "-0.01"])]
)
def test_cents_that_a_division_leaves_over_go_to_the_smallest_rep_ids(con, amount: str, shares: list[str]) -> None:
    insert_api_rows(con, "orders_received", [order("a", amount)])
    con.execute("UPDATE raw.orders_received SET sales_reps = [{'id': 9}, {'id': 3}, {'id': 5}]")

    run_models(con, SETTINGS, PROJECT)

    found = con.execute("SELECT open_share FROM marts.orders_assigned ORDER BY rep_id").fetchall()
    assert [share for (share,) in found] == [Decimal(share) for share in shares]
    assert con.execute("SELECT open_net FROM marts.ar_by_rep ORDER BY rep_id").fetchall() == found
