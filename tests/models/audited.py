"""The warehouse that audits are tried on: clean data of a seller, at its third load."""

from dataclasses import replace
from datetime import date
from typing import Any

import duckdb

from pipeline.models import run_models

from .bench import PROJECT, SETTINGS, insert_api_rows, keep_history

# The load before that of SETTINGS.
BEFORE = replace(SETTINGS, as_of=date(2026, 3, 30), run_id="20260331T020000Z-0001")
PAPERS = 3_000_002  # keys beyond a million are told apart by their remainders
READ = "run_id, resource, stated, received, distinct_keys, rereads, verdict"


def publish(con: duckdb.DuckDBPyConnection) -> None:
    """Load twice, and read once more: the models have not run over the rows of the second load."""
    first = replace(BEFORE, as_of=date(2026, 3, 29), run_id="20260330T020000Z-0001")
    _insert_first_rows(con)
    for settings in (first, BEFORE):
        run_models(con, settings, PROJECT)
        con.execute(
            "INSERT INTO meta.loads SELECT ?, now(), ?, ?, ?, ?",
            [settings.run_id, settings.as_of, settings.known_at, settings.timezone, settings.sell_through_days],
        )
    _insert_second_rows(con)


def _insert_first_rows(con: duckdb.DuckDBPyConnection) -> None:
    """A seller with orders of all kinds: one is discounted, shared by two reps and partly paid."""
    con.execute(f"INSERT INTO meta.completeness ({READ}) VALUES ('run 2', 'products', 2, 2, 2, 0, 'complete')")
    con.execute("INSERT INTO meta.runs (run_id, _company) VALUES ('run 1', 'default'), ('run 2', 'default')")
    con.execute(
        "INSERT INTO meta.reads (run_id, resource, server_time) VALUES "
        "('run 1', 'products', '2026-05-01 00:00:00+00'), ('run 2', 'products', '2026-05-31 00:00:00+00')"
    )
    shared = _order("shipped", "194.80", "144.80", discount="3", discount_type="%")
    orders = [
        shared | {"sales_reps": [{"id": 3, "name": "Ann"}, {"id": 5, "name": "Bo"}]},
        _order("early", "1.00", "1.00", created_on="2026-02-10T09:00:00Z", status="Complete", customer={"id": 9}),
        _order("accepted", "200.00", "200.00", status="Accepted", customer={"id": 8}),
        _order("bare", "2.00", "1.00", seller=None, customer=None)
        | {"total": {"amount": 2}, "shipping_charge": {"amount": 1}},
        _order("foreign", "4.00", "4.00", customer={"id": 10}, shipping_charge={"amount": 1, "currency": "CAD"})
        | {"total": {"amount": "4.00", "currency": "CAD"}},
        _order("credited", "0.82", "0.52", credits="0.30"),
        _order("implied", "19.00", "0", paid=True, paid_date="2026-03-31", discount="1", discount_type="$"),
        _order("removed", "3.00", "3.00"),
        _order("later", "20.00", "0", paid=True, paid_date="2026-04-20"),  # ticked after as_of
        _order("covered", "30.00", "0"),  # LeafLink knows that it is paid, without a tick
        {"number": "draft", "seller": 1, "status": "Draft", "created_on": "2026-03-01T09:00:00Z"},
    ]
    insert_api_rows(con, "orders_received", orders)
    lines = [
        _line(1, "shipped", 1, "24", 100, unit_multiplier=12),
        _line(2, "shipped", PAPERS, "1", "0.8249"),
        _line(3, "shipped", PAPERS, "1", 99),
        _line(4, "early", PAPERS, "10", "0.10"),
        _line(5, "accepted", 1, "2", 100),
        _line(6, "credited", PAPERS, "1", "0.82"),
        *(_line(key, number, PAPERS, "1", 20) for key, number in ((7, "implied"), (8, "later"))),
        _line(11, "bare", PAPERS, "1", 1) | {"ordered_unit_price": {"amount": 1}},
        _line(9, "covered", PAPERS, "1", 30),
        _line(12, "foreign", PAPERS, "1", 3) | {"ordered_unit_price": {"amount": 3, "currency": "CAD"}},
        _line(13, "removed", PAPERS, "1", 3),
    ]
    insert_api_rows(con, "line_items", lines)
    con.execute("UPDATE raw.line_items SET _deleted_at = now() WHERE id = 3")
    insert_api_rows(con, "customers", [{"id": key, "name": f"Customer {key}"} for key in (*range(7, 31), 3_000_007)])
    stock = {"inventory_management": 1, "quantity": "100", "reserved_qty": "2", "available_inventory": "98"}
    products = [
        {"id": 1, "seller": 1, "brand": 10, "name": "Flower"} | stock,
        {"id": PAPERS, "seller": 1, "name": "Papers"},
    ]
    insert_api_rows(con, "products", products)
    insert_api_rows(
        con,
        "order_payments",
        [
            _payment(1, "shipped", 50, "2026-03-20"),
            _payment(2, "covered", 30, None),
            _payment(4, "bare", 1, None) | {"total": {"amount": 1}},
        ],
    )
    credit = {"company": 1, "customer": {"id": 7}, "status": "used"}
    credits = [
        credit | {"id": 1, "amount": _usd("0.30"), "applied_to": "credited"},
        credit | {"id": 2, "amount": _usd(9), "applied_to": "shipped", "status": "cancelled"},
    ]
    insert_api_rows(con, "credits", credits)
    keep_history(con)


def _insert_second_rows(con: duckdb.DuckDBPyConnection) -> None:
    """A payment, an order and a credit of the last day, and two orders that change; one is ticked paid that day."""
    insert_api_rows(con, "order_payments", [_payment(3_000_003, "shipped", 10, "2026-03-31")])
    con.execute("UPDATE raw.orders_received SET payment_balance = 134.80 WHERE number = 'shipped'")
    at = "2026-03-31T09:00:00Z"
    insert_api_rows(con, "orders_received", [_order("new", "1.00", "1.00", created_on=at, modified=at)])
    insert_api_rows(con, "line_items", [_line(3_000_010, "new", PAPERS, "1", 1)])
    credit = {"company": 1, "customer": {"id": 7}, "status": None, "applied_to": "credited"}
    insert_api_rows(con, "credits", [credit | {"id": 3, "amount": _usd("0.2049")}])
    con.execute("UPDATE raw.orders_received SET credits = 0.50, payment_balance = 0.32 WHERE number = 'credited'")
    con.execute("UPDATE raw.orders_received SET status = 'Cancelled' WHERE number = 'removed'")
    con.execute("UPDATE raw.orders_received SET shipping_charge_amount = 0 WHERE number = 'bare'")
    con.execute("UPDATE raw.line_items SET ordered_unit_price_amount = 2 WHERE id = 11")
    keep_history(con)


def _order(number: str, total: str, balance: str, **fields: Any) -> dict[str, Any]:
    return {
        "number": number,
        "seller": 1,
        "customer": {"id": 7},
        "status": "Shipped",
        "created_on": "2026-03-01T09:00:00Z",
        "modified": "2026-03-01T09:00:00Z",
        "total": _usd(total),
        "payment_balance": balance,
        "paid": False,
    } | fields


def _line(key: int, number: str, product: int, quantity: str, price: float | str, **fields: Any) -> dict[str, Any]:
    line = {"id": key, "order": number, "product": product, "quantity": quantity, "unit_multiplier": 1}
    return line | {"ordered_unit_price": _usd(price)} | fields


def _payment(key: int, number: str, amount: float, day: str | None) -> dict[str, Any]:
    return {
        "id": key,
        "order": number,
        "total": _usd(amount),
        "payment_date": day,
        "created_on": "2026-03-20T12:00:00Z",
    }


def _usd(amount: float | str) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}
