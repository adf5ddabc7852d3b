"""Each audit finds the defect that it is there to find, and none finds fault with clean data."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipeline.models import ModelError, Project, run_audits, run_models

from .bench import PROJECT, SETTINGS, clear, empty_warehouse, insert_api_rows, keep_history

MADE = {model.name for model in PROJECT.models}
AUDITS = {model.path.stem for model in PROJECT.audits}


@dataclass(frozen=True)
class Plant:
    """A statement that plants a defect, before the models run (in what was read) or after (in what they made)."""

    audit: str
    statement: str
    severity: str
    before: bool = True


ORDER = "UPDATE raw.orders_received SET {} WHERE number = 'shipped'"
LINE = "UPDATE raw.line_items SET {} WHERE id = 1"
PAYMENT = "UPDATE raw.order_payments SET {} WHERE id = 1"
EARLIER = (
    "INSERT INTO past.customers BY NAME SELECT * REPLACE "
    "(_valid_from {} AS _valid_from, {} AS _valid_to, {} AS _was_deleted) FROM history.customers"
)
PLANTS = [
    Plant("completeness", "UPDATE meta.completeness SET verdict = 'short'", "error"),
    Plant("completeness", "UPDATE meta.completeness SET verdict = NULL", "error"),
    Plant("raw_keys", "INSERT INTO raw.customers SELECT * FROM raw.customers LIMIT 1", "error"),
    Plant("raw_keys", "UPDATE raw.line_items SET id = NULL WHERE id = 1", "error"),
    Plant("mart_keys", "INSERT INTO marts.ar_aging SELECT * FROM marts.ar_aging LIMIT 1", "error", before=False),
    Plant("mart_keys", "UPDATE marts.sell_through SET product_id = NULL", "error", before=False),
    Plant("mart_keys", "INSERT INTO marts.brand_performance FROM marts.brand_performance", "error", before=False),
    Plant("row_multiplication", "INSERT INTO staging.products FROM staging.products LIMIT 1", "error", before=False),
    Plant("row_multiplication", "DELETE FROM staging.customers", "error", before=False),
    Plant("row_multiplication", "DELETE FROM intermediate.line_amounts WHERE line_id = 1", "error", before=False),
    Plant("row_multiplication", "DELETE FROM marts.ar_aging", "error", before=False),
    Plant("row_multiplication", "DELETE FROM intermediate.sold_lines WHERE line_id = 1", "error", before=False),
    Plant("orphan_lines_without_order", LINE.format("\"order\" = 'gone'"), "warn"),
    Plant("orphan_lines_without_product", LINE.format("product = 404"), "warn"),
    Plant("orphan_payments_without_order", PAYMENT.format("\"order\" = 'gone'"), "warn"),
    Plant("order_arithmetic", ORDER.format("shipping_charge_amount = 7"), "warn"),
    Plant("order_arithmetic", ORDER.format("total_amount = NULL"), "warn"),
    Plant("discount_parts", "DELETE FROM intermediate.discount_parts WHERE line_id = 1", "error", before=False),
    Plant("discount_parts", "DELETE FROM intermediate.discount_parts", "error", before=False),
    Plant("discount_parts", "DELETE FROM intermediate.order_discounts", "error", before=False),
    Plant("one_currency", LINE.format("ordered_unit_price_currency = 'CAD'"), "warn"),
    Plant("one_currency", PAYMENT.format("total_currency = 'CAD'"), "warn"),
    Plant(
        "orders_of_two_companies",
        "INSERT INTO raw.orders_received BY NAME SELECT * REPLACE ('renamed' AS _company) FROM raw.orders_received",
        "warn",
    ),
    Plant("open_balance", ORDER.format("payment_balance = 1"), "warn"),
    Plant("buckets_foot", "UPDATE marts.ar_aging_by_customer SET open_net = open_net + 0.01", "error", before=False),
    Plant("buckets_foot", "UPDATE marts.ar_aging SET bucket = 'over_120'", "error", before=False),
    Plant("buckets_foot", "DELETE FROM marts.ar_aging_by_customer", "error", before=False),
    Plant("buckets_foot", "DELETE FROM marts.ar_aging", "error", before=False),
    Plant("sales_equal", "UPDATE marts.brand_performance SET gross_sales = gross_sales + 0.02", "error", before=False),
    Plant("sales_equal", "DELETE FROM marts.brand_performance", "error", before=False),
    Plant("sales_equal", "DELETE FROM intermediate.line_amounts", "error", before=False),
    Plant("unknown_statuses", ORDER.format("status = 'Mislaid'"), "warn"),
    Plant("documented_columns", "COMMENT ON COLUMN raw.products.sku IS NULL", "error"),
    Plant("documented_columns", "COMMENT ON COLUMN marts.ar_aging.bucket IS NULL", "error", before=False),
    Plant("payment_sanity", PAYMENT.format("total_amount = 0"), "warn"),
    Plant("payment_sanity", PAYMENT.format("payment_date = NULL, created_on = NULL"), "warn"),
    Plant("payment_sanity", PAYMENT.format("payment_date = '2026-06-02 12:00:00+00'"), "warn"),
    Plant("payment_sanity", PAYMENT.format("total_amount = -20"), "warn"),
    Plant(
        "payment_sanity",
        "INSERT INTO raw.order_payments BY NAME SELECT * REPLACE (9 AS id) FROM raw.order_payments",
        "warn",
    ),
    Plant("paid_flag", ORDER.format("paid = true"), "warn"),
    Plant("paid_flag", PAYMENT.format("total_amount = 194.80"), "warn"),
    Plant("history_periods", "UPDATE raw.line_items SET _valid_from = NULL WHERE id = 1", "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from - INTERVAL 1 DAY", "false"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from + INTERVAL 1 DAY", "false"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from + INTERVAL 1 DAY", "true"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from - INTERVAL 3 DAY", "true"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from", "NULL"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "NULL", "false"), "error"),
    Plant("history_periods", EARLIER.format("", "_valid_from", "true") + "; DELETE FROM raw.customers", "error"),
    Plant("amounts_out_of_bounds", ORDER.format("shipping_charge_amount = 1e12"), "warn"),
    Plant("amounts_out_of_bounds", PAYMENT.format("total_amount = -1e12"), "warn"),
    Plant("amounts_out_of_bounds", LINE.format("quantity = 1e8"), "warn"),
    Plant("amounts_out_of_bounds", LINE.format("quantity = 1e7, ordered_unit_price_amount = 9e7"), "warn"),
    Plant("amounts_out_of_bounds", "UPDATE raw.products SET quantity = 1e12 WHERE id = 1", "warn"),
    Plant("unpriced_lines", LINE.format("quantity = NULL"), "warn"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_warehouse()
    yield connection
    connection.close()


@pytest.fixture
def con(shared: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A seller with one order that is partly paid, discounted and shipped, one draft, and a deleted line."""
    clear(shared)
    shared.execute("DELETE FROM meta.runs")
    shared.execute("DELETE FROM meta.completeness")
    shared.execute("INSERT INTO meta.completeness VALUES ('run', 'products', 2, 2, 2, 0, 'complete')")
    shared.execute("COMMENT ON COLUMN raw.products.sku IS 'The seller''s number.'")
    usd = {"currency": "USD"}
    order = {"number": "shipped", "seller": 1, "customer": 7, "status": "Shipped", "created_on": "2026-03-01T09:00:00Z"}
    sums = {"total": usd | {"amount": "194.80"}, "payment_balance": "144.80", "paid": False}
    discount = {"discount": "3", "discount_type": "%"}
    draft = {"number": "draft", "seller": 1, "status": "Draft", "created_on": "2026-03-01T09:00:00Z"}
    insert_api_rows(shared, "orders_received", [order | sums | discount, draft])
    lines = [
        {"id": 1, "product": 1, "quantity": "24", "unit_multiplier": 12, "ordered_unit_price": usd | {"amount": 100}},
        {"id": 2, "product": 2, "quantity": "1", "unit_multiplier": 1, "ordered_unit_price": usd | {"amount": "0.82"}},
        {"id": 3, "product": 2, "quantity": "1", "unit_multiplier": 1, "ordered_unit_price": usd | {"amount": "99"}},
    ]
    insert_api_rows(shared, "line_items", [{"order": "shipped"} | line for line in lines])
    shared.execute("UPDATE raw.line_items SET _deleted_at = now() WHERE id = 3")
    insert_api_rows(shared, "customers", [{"id": 7, "name": "Seven"}])
    products = [{"id": 1, "seller": 1, "brand": 10, "name": "Flower"}, {"id": 2, "seller": 1, "name": "Papers"}]
    insert_api_rows(shared, "products", products)
    payment = {"id": 1, "order": "shipped", "total": usd | {"amount": 50}, "payment_date": "2026-03-20"}
    insert_api_rows(shared, "order_payments", [payment])
    keep_history(shared)
    return shared


def test_clean_data_pass_every_audit(con: duckdb.DuckDBPyConnection) -> None:
    run_models(con, SETTINGS, PROJECT)

    results = run_audits(con, SETTINGS, PROJECT)

    assert {each.audit_id: each.failures for each in results} == dict.fromkeys(AUDITS, 0)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.audit}: {plant.statement}")
def test_an_audit_finds_what_it_is_there_to_find(con: duckdb.DuckDBPyConnection, plant: Plant, tmp_path: Path) -> None:
    (audit,) = (each for each in PROJECT.audits if each.path.stem == plant.audit)
    (tmp_path / "audits").mkdir()
    shutil.copy(audit.path, tmp_path / "audits")
    if plant.before:
        con.execute(plant.statement)
    if not plant.before or MADE & set(audit.inputs):
        run_models(con, SETTINGS, PROJECT)
    if not plant.before:
        con.execute(plant.statement)

    (result,) = run_audits(con, SETTINGS, Project(tmp_path))

    assert (result.audit_id, result.severity) == (plant.audit, plant.severity)
    assert result.failures


def test_every_audit_has_a_defect_planted_for_it() -> None:
    assert {plant.audit for plant in PLANTS} == AUDITS


def test_results_are_appended_and_at_most_a_thousand_offending_rows_kept(con: duckdb.DuckDBPyConnection) -> None:
    run_models(con, SETTINGS, PROJECT)
    con.execute("INSERT INTO meta.completeness SELECT 'run', 'r' || i, i, 0, 0, 0, 'short' FROM range(1500) AS r(i)")
    con.execute("DROP SCHEMA IF EXISTS audit CASCADE")

    run_audits(con, SETTINGS, PROJECT)
    run_audits(con, SETTINGS, PROJECT)

    counted = con.execute(
        "SELECT count(*), min(failures), min(run_id), min(severity) FROM audit.results WHERE audit_id = 'completeness'"
    ).fetchall()
    kept = con.execute("SELECT count(*), min(failure ->> 'resource') FROM audit.failures").fetchall()
    assert counted == [(2, 1500, SETTINGS.run_id, "error")]
    assert kept == [(2000, "r0")]


def test_an_audit_without_a_severity_is_refused(con: duckdb.DuckDBPyConnection, tmp_path) -> None:
    (tmp_path / "audits").mkdir()
    (tmp_path / "audits" / "bare.sql").write_text("-- Nothing said.\nselect 1 as x where false\n")

    with pytest.raises(ModelError, match=r"audits/bare\.sql:1: an audit's header says"):
        run_audits(con, SETTINGS, Project(tmp_path))


def incomplete(con: duckdb.DuckDBPyConnection) -> int | None:
    """Return how many rows the audit of completeness finds."""
    run_models(con, SETTINGS, PROJECT)
    return {result.audit_id: result.failures for result in run_audits(con, SETTINGS, PROJECT)}["completeness"]


def test_a_short_read_of_one_company_does_not_hide_behind_another(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM meta.completeness")
    con.execute("INSERT INTO meta.runs (run_id, _company) VALUES ('run 1', 'acme'), ('run 2', 'birch')")
    con.execute(
        "INSERT INTO meta.completeness VALUES ('run 1', 'products', 2, 1, 1, 0, 'incomplete'), "
        "('run 2', 'products', 2, 2, 2, 0, 'complete')"
    )

    assert incomplete(con) == 1


def test_a_refused_read_and_a_read_of_long_ago_do_not_stop_a_load(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM meta.completeness")
    con.execute(
        "INSERT INTO meta.completeness VALUES ('run 1', 'products', 2, 1, 1, 0, 'incomplete'), "
        "('run 2', 'products', 2, 2, 2, 0, 'complete'), ('run 2', 'customers', 0, 0, 0, 0, 'refused')"
    )

    assert incomplete(con) == 0
