"""Each audit finds the defect that it is there to find, and none finds fault with clean data."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.models import AuditResult, ModelError, ModelSettings, Project, run_audits, run_models
from pipeline.models.model import Model

from ..marks import long_from
from .bench import PROJECT, RESOURCES, SETTINGS, Part, empty_warehouse, insert_api_rows, keep_history

pytestmark = pytest.mark.xdist_group("audits")  # its warehouse is loaded twice

GENERATED = {"raw_keys", "mart_keys"}
AUDITS = {model.path.stem for model in PROJECT.audits} | GENERATED
# The load before that of SETTINGS.
BEFORE = replace(SETTINGS, as_of=date(2026, 3, 30), run_id="20260331T020000Z-0001")


@dataclass(frozen=True)
class Plant:
    """A statement that plants a defect, before the models run (in what was read) or after (in what they made).

    Without a severity it looks like a defect, and is none. `rows` are so many as the audit finds, where that matters.
    """

    audit: str
    statement: str
    severity: str | None
    before: bool = True
    settings: ModelSettings = SETTINGS
    rows: int | None = None

    def __str__(self) -> str:
        return f"{self.audit}: {self.statement}"


@dataclass(frozen=True)
class Lone(Project):
    """The project with one of its audits."""

    audit: str = ""

    @cached_property
    def audits(self) -> list[Model]:
        return [each for each in PROJECT.audits if each.path.stem == self.audit]

    @cached_property
    def models(self) -> list[Model]:
        return PROJECT.models if self.audit == "mart_keys" else []


def found(audit: str, statement: str) -> Plant:
    """A defect in what was read, which the audit warns of."""
    return Plant(audit, statement, "warn")


def wrong(audit: str, statement: str) -> Plant:
    """A defect in what the models made, which stops the load."""
    return Plant(audit, statement, "error", before=False)


def harmless(audit: str, statement: str, **settings: Any) -> Plant:
    """What an audit does not mind, with these settings."""
    return Plant(audit, statement, None, settings=replace(SETTINGS, **settings))


PAPERS = 3_000_002  # keys beyond a million are told apart by their remainders
READ = "run_id, resource, stated, received, distinct_keys, rereads, verdict"
ORDER = "UPDATE raw.orders_received SET {} WHERE number = 'shipped'"
EARLY = "UPDATE raw.orders_received SET {} WHERE number = 'early'"
LINE = "UPDATE raw.line_items SET {} WHERE id = 1"
PAYMENT = "UPDATE raw.order_payments SET {} WHERE id = 1"
PRODUCT = "UPDATE raw.products SET {} WHERE id = 1"
EARLIER = (
    "INSERT INTO past.customers BY NAME SELECT * REPLACE "
    "(_valid_from {} AS _valid_from, {} AS _valid_to, {} AS _was_deleted) FROM history.customers"
)
DRIFT = (
    "INSERT INTO meta.drift (run_id, _company, resource, field, kind) VALUES ('{}', 'default', 'brands', 'x', 'new')"
)
SECRET = "INSERT INTO raw.{} BY NAME SELECT 'default' AS _company, '{{\"api_key\": \"0123456789abcdef\"}}' AS _extra"
EXTRA = "UPDATE raw.customers SET _extra = '{}' WHERE id = 7"
CENT = "UPDATE marts.{0} SET {1} = {1} + 0.01"
TWO_CENTS = "UPDATE marts.{0} SET {1} = {1} + 0.02"
BUCKETS = (
    '"current"', "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120", "no_due_date",
    "unapplied_credit", "open_net",
)  # fmt: skip
TABLES = ("customers", "products", "order_payments")
MONTHS = "UPDATE marts.{} SET month = DATE '2026-01-01' WHERE month = DATE '2026-03-01'"
RUN = f"run_id = '{SETTINGS.run_id}'"
PLANTS = [
    Plant("completeness", "UPDATE meta.completeness SET verdict = 'short'", "error"),
    Plant("completeness", "UPDATE meta.completeness SET verdict = NULL", "error"),
    Plant("raw_keys", "INSERT INTO raw.customers SELECT * FROM raw.customers LIMIT 1", "error"),
    Plant("raw_keys", "INSERT INTO raw.brands BY NAME SELECT 1 AS id, 'default' AS _company FROM range(2)", "error"),
    Plant("raw_keys", "UPDATE raw.line_items SET id = NULL WHERE id = 1", "error"),
    wrong("mart_keys", "INSERT INTO marts.ar_aging SELECT * FROM marts.ar_aging LIMIT 1"),
    wrong("mart_keys", "INSERT INTO intermediate.order_line_facts FROM intermediate.order_line_facts LIMIT 1"),
    wrong("mart_keys", "UPDATE marts.sell_through SET product_id = NULL"),
    wrong("mart_keys", "INSERT INTO marts.brand_performance FROM marts.brand_performance"),
    wrong("mart_keys", "UPDATE marts.collections SET _company = NULL"),
    *(
        wrong("row_multiplication", f"INSERT INTO staging.{table} FROM staging.{table} LIMIT 1")
        for table in (*TABLES, "orders_received")
    ),
    *(wrong("row_multiplication", f"DELETE FROM staging.{table}") for table in (*TABLES, "orders_received")),
    wrong("row_multiplication", "UPDATE staging.customers SET customer_id = 8 WHERE customer_id = 7"),
    wrong(
        "row_multiplication", "UPDATE staging.customers SET customer_id = 9 - customer_id % 2 WHERE customer_id < 10"
    ),
    wrong("row_multiplication", "DELETE FROM intermediate.line_readings WHERE line_id = 1"),
    wrong("row_multiplication", "DELETE FROM marts.ar_aging"),
    wrong("row_multiplication", "DELETE FROM intermediate.order_line_facts WHERE line_id = 1"),
    wrong("row_multiplication", "DELETE FROM marts.fct_orders WHERE is_billed"),
    wrong("row_multiplication", "INSERT INTO marts.ar_aging BY NAME SELECT 'draft' AS order_number"),
    wrong("row_multiplication", "DELETE FROM marts.fct_payments"),
    wrong("row_multiplication", "DELETE FROM marts.dim_customers"),
    wrong("row_multiplication", "INSERT INTO marts.dim_products FROM marts.dim_products"),
    wrong("row_multiplication", "DELETE FROM marts.sell_through"),
    found("orphan_lines_without_order", LINE.format("\"order\" = 'gone'")),
    found("orphan_lines_without_product", LINE.format("product = 404")),
    found("orphan_payments_without_order", PAYMENT.format("\"order\" = 'gone'")),
    found("order_arithmetic", ORDER.format("shipping_charge_amount = 7")),
    found("order_arithmetic", ORDER.format("total_amount = NULL")),
    wrong("discount_parts", "DELETE FROM intermediate.discount_parts WHERE line_id = 1"),
    wrong("discount_parts", "DELETE FROM intermediate.discount_parts"),
    wrong("discount_parts", "DELETE FROM intermediate.order_discounts"),
    found("one_currency", LINE.format("ordered_unit_price_currency = 'CAD'")),
    found("one_currency", PAYMENT.format("total_currency = 'CAD'")),
    found(
        "orders_of_two_companies",
        "INSERT INTO raw.orders_received BY NAME SELECT * REPLACE ('renamed' AS _company) FROM raw.orders_received",
    ),
    found("open_balance", ORDER.format("payment_balance = 1")),
    found("open_balance", PAYMENT.format("total_amount = 49.99")),
    found("open_balance", "UPDATE raw.orders_received SET payment_balance = 20 WHERE number = 'implied'"),
    found("open_balance", "UPDATE raw.orders_received SET paid = false WHERE number = 'later'"),
    *(wrong("buckets_foot", f"UPDATE marts.ar_aging_by_customer SET {name} = {name} + 0.01") for name in BUCKETS),
    wrong("buckets_foot", "UPDATE marts.ar_aging SET bucket = 'over_120'"),
    wrong("buckets_foot", "DELETE FROM marts.ar_aging_by_customer"),
    wrong("buckets_foot", "DELETE FROM marts.ar_aging"),
    *(
        wrong("receivables_equal", CENT.format(table, column))
        for table, column in (
            ("ar_aging", "open_balance"),
            ("ar_aging_by_customer", "open_net"),
            ("ar_summary", "open_net"),
            ("ar_by_rep", "open_net"),
            ("ar_daily", "open_net"),
            ("orders_assigned", "open_share"),
            ("fct_orders", "open_balance"),
            ("fct_orders", "implied_paid"),
            ("fct_payments", "amount"),
        )
    ),
    *(
        wrong("receivables_equal", f"DELETE FROM marts.{table}")
        for table in (
            "ar_aging",
            "ar_aging_by_customer",
            "ar_summary",
            "ar_by_rep",
            "ar_daily",
            "orders_assigned",
            "fct_orders",
            "fct_payments",
        )
    ),
    wrong("receivables_equal", "UPDATE marts.ar_summary SET currency = 'CAD'"),
    wrong("receivables_equal", "UPDATE marts.ar_by_rep SET seller_id = NULL"),
    *(
        wrong("sales_equal", CENT.format(table, column))
        for table, column in (
            ("orders_assigned", "net_share"),
            ("rep_performance", "net_sales"),
            ("customer_value", "net_sales"),
        )
    ),
    *(
        wrong("sales_equal", TWO_CENTS.format(table, "net_sales"))
        for table in ("brand_performance", "product_performance", "reorders")
    ),
    *(
        wrong("sales_equal", f"DELETE FROM marts.{table}")
        for table in (
            "brand_performance",
            "product_performance",
            "reorders",
            "orders_assigned",
            "rep_performance",
            "customer_value",
            "fct_orders",
        )
    ),
    *(wrong("sales_equal", MONTHS.format(table)) for table in ("brand_performance", "rep_performance")),
    wrong("sales_equal", MONTHS.format("product_performance")),
    wrong("orders_and_lines", CENT.format("fct_orders", "gross_sales")),
    wrong("orders_and_lines", CENT.format("fct_orders", "discount")),
    wrong("orders_and_lines", "UPDATE intermediate.order_line_facts SET line_amount = line_amount + 0.01"),
    wrong("orders_and_lines", "UPDATE intermediate.order_line_facts SET discount = discount + 0.01"),
    wrong("orders_and_lines", "DELETE FROM intermediate.order_line_facts WHERE line_id = 1"),
    wrong("orders_and_lines", "DELETE FROM marts.fct_orders WHERE order_number = 'early'"),
    wrong("rep_shares", CENT.format("orders_assigned", "net_share")),
    wrong("rep_shares", CENT.format("orders_assigned", "open_share")),
    wrong("rep_shares", "DELETE FROM marts.orders_assigned WHERE order_number = 'draft'"),
    wrong("rep_shares", "DELETE FROM marts.fct_orders WHERE order_number = 'draft'"),
    *(
        wrong("roll_forward", CENT.format("ar_roll_forward", name) + f" WHERE {RUN}")
        for name in ("opening", "new_billed", "edits", "removed", "credits", "payments", "ticked")
    ),
    wrong("roll_forward", f"{CENT.format('ar_roll_forward', 'closing')}, edits = edits + 0.01 WHERE {RUN}"),
    wrong("roll_forward", f"DELETE FROM marts.ar_roll_forward WHERE {RUN}"),
    wrong("roll_forward", "DELETE FROM marts.ar_summary"),
    wrong("roll_forward", f"{CENT.format('ar_roll_forward', 'closing')} WHERE NOT {RUN}"),
    wrong("roll_forward", f"UPDATE marts.ar_roll_forward SET currency = 'CAD' WHERE NOT {RUN}"),
    *(
        wrong("changes_equal", f"UPDATE marts.changes SET change = change + 1 WHERE headline = '{headline}' AND {RUN}")
        for headline in ("open_net", "net_sales")
    ),
    *(
        wrong("changes_equal", CENT.format("order_changes", name) + f" WHERE {RUN}")
        for name in ("open_before", "open_after", "net_sales_before", "net_sales_after")
    ),
    wrong("changes_equal", "DELETE FROM marts.order_changes"),
    wrong("changes_equal", "DELETE FROM marts.changes"),
    found("unknown_statuses", ORDER.format("status = 'Mislaid'")),
    Plant("documented_columns", "COMMENT ON COLUMN raw.products.sku IS NULL", "error"),
    wrong("documented_columns", "COMMENT ON COLUMN marts.ar_aging.bucket IS NULL"),
    wrong("documented_columns", "COMMENT ON COLUMN marts.accounts_receivable.bucket IS ' '"),
    wrong("documented_columns", "COMMENT ON COLUMN main.ar_aging.bucket IS NULL"),
    found("payment_sanity", PAYMENT.format("total_amount = 0")),
    found("payment_sanity", PAYMENT.format("payment_date = NULL, created_on = NULL")),
    found("payment_sanity", PAYMENT.format("payment_date = '2026-06-02 12:00:00+00'")),
    found("payment_sanity", PAYMENT.format("total_amount = -20")),
    found(
        "payment_sanity",
        "INSERT INTO raw.order_payments BY NAME SELECT * REPLACE (9 AS id) FROM raw.order_payments WHERE id = 1",
    ),
    found("paid_flag", ORDER.format("paid = true")),
    found("paid_flag", PAYMENT.format("total_amount = 194.80")),
    found("price_basis", ORDER.format("total_amount = 2328.80")),
    found("price_basis", ORDER.format("total_amount = 1")),
    found("credits_applied", "UPDATE raw.orders_received SET credits = 4 WHERE number = 'credited'"),
    found("credits_applied", ORDER.format("credits = 9")),
    found("credits_applied", "UPDATE raw.credits SET applied_to = 'gone' WHERE id = 1"),
    found("credits_applied", "UPDATE raw.credits SET status = 'used' WHERE id = 2"),
    found("inventory_identity", PRODUCT.format("quantity = 99")),
    found("inventory_identity", PRODUCT.format("available_inventory = 97")),
    found("inventory_identity", PRODUCT.format("reserved_qty = NULL")),
    found("reserved_stock", PRODUCT.format("reserved_qty = 3")),
    found("reserved_stock", "UPDATE raw.orders_received SET status = 'Cancelled' WHERE number = 'accepted'"),
    found("reserved_stock", "UPDATE raw.orders_received SET status = 'Accepted' WHERE number = 'shipped'"),
    found("freshness", "UPDATE meta.reads SET server_time = '2026-05-30 11:59:00+00'"),
    found("freshness", "UPDATE meta.reads SET refused = '403' WHERE run_id = 'run 2'"),
    found("freshness", "UPDATE meta.reads SET not_offered = true WHERE run_id = 'run 2'"),
    found("time_sanity", ORDER.format("created_on = '2026-06-04 12:00:00+00'")),
    found("time_sanity", ORDER.format("ship_date = '2026-06-04 12:00:00+00'")),
    found("time_sanity", ORDER.format("ship_date = '2026-02-26 12:00:00+00'")),
    found("time_sanity", ORDER.format("payment_due_date = '2026-02-26 12:00:00+00'")),
    found("time_sanity", ORDER.format("modified = '2026-02-26 12:00:00+00'")),
    found("time_sanity", PAYMENT.format("created_on = '2026-06-04 12:00:00+00'")),
    found("time_sanity", "UPDATE raw.orders_received SET ship_date = '2027-06-05' WHERE number = 'accepted'"),
    found("schema_drift", DRIFT.format("run 2")),
    found("restated_months", EARLY.format("status = 'Cancelled'")),
    found("restated_months", EARLY.format("_deleted_at = now()")),
    found("restated_months", EARLY.format("total_currency = 'CAD'")),
    found("restated_months", "UPDATE raw.line_items SET quantity = 11 WHERE \"order\" = 'early'"),
    found("restated_months", "UPDATE meta.loads SET as_of = '2026-03-31'; " + ORDER.format("status = 'Cancelled'")),
    found("secrets", EXTRA.format('{"api_key": "0123456789abcdef"}')),
    found("secrets", EXTRA.format('{"note": "Authorization: Token abc"}')),
    found("secrets", "UPDATE meta.runs SET base_url = 'https://me:pass@leaflink.example/'"),
    found("secrets", "UPDATE meta.runs SET warnings = ['answered with password=hunter2hunter2']"),
    found("secrets", 'UPDATE meta.reads SET refused = \'403 {"token": "0123456789abcdef"}\''),
    found("secrets", "INSERT INTO meta.quarantine (_company, raw) VALUES ('default', '{\"secret\": \"0123456789\"}')"),
    Plant("secrets", "; ".join(SECRET.format(name) for name in RESOURCES), "warn", rows=len(RESOURCES)),
    Plant("volume", "DELETE FROM raw.customers WHERE id < 13", "error"),
    Plant("volume", "DELETE FROM raw.customers", "error"),
    Plant("history_periods", "UPDATE raw.line_items SET _valid_from = NULL WHERE id = 1", "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from - INTERVAL 1 DAY", "false"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from + INTERVAL 1 DAY", "false"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from + INTERVAL 1 DAY", "true"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from - INTERVAL 3 DAY", "true"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from", "NULL"), "error"),
    Plant("history_periods", EARLIER.format("- INTERVAL 2 DAY", "NULL", "false"), "error"),
    Plant("history_periods", EARLIER.format("", "_valid_from", "true") + "; DELETE FROM raw.customers", "error"),
    *(
        found("amounts_out_of_bounds", ORDER.format(f"{name} = 1e12"))
        for name in (
            "total_amount",
            "credits",
            "payment_balance",
            "discount",
            "final_tax",
            "tax_amount",
            "shipping_charge_amount",
        )
    ),
    found("amounts_out_of_bounds", PAYMENT.format("total_amount = -1e12")),
    *(
        found("amounts_out_of_bounds", LINE.format(f"{name} = 1e8"))
        for name in ("quantity", "ordered_unit_price_amount", "sale_price_amount", "wholesale_price")
    ),
    found("amounts_out_of_bounds", LINE.format("quantity = 1e7, ordered_unit_price_amount = 9e7")),
    *(
        found("amounts_out_of_bounds", PRODUCT.format(f"{name} = 1e12"))
        for name in ("quantity", "reserved_qty", "available_inventory")
    ),
    *(
        found("amounts_out_of_bounds", PRODUCT.format(f"{name} = 1e8"))
        for name in ("wholesale_price_amount", "sale_price_amount", "retail_price_amount")
    ),
    found("amounts_out_of_bounds", "UPDATE raw.credits SET amount_amount = 1e12"),
    found("unpriced_lines", LINE.format("quantity = NULL")),
]
HARMLESS = [
    harmless("volume", "DELETE FROM raw.customers WHERE id < 12"),  # a fifth of 25
    harmless("volume", "DELETE FROM raw.products"),  # there are only two
    harmless("restated_months", ORDER.format("status = 'Cancelled'")),  # its month was still open
    harmless("restated_months", "UPDATE raw.orders_received SET short_id = 'renamed'"),
    harmless("paid_flag", ORDER.format("paid = true, payment_balance = 0") + "; DELETE FROM raw.order_payments"),
    harmless("time_sanity", "UPDATE raw.orders_received SET ship_date = '2026-12-01' WHERE number = 'accepted'"),
    harmless("schema_drift", DRIFT.format("run 1")),
    harmless("secrets", EXTRA.format('{"note": "a secret recipe, with a token of thanks"}')),
    harmless("price_basis", LINE.format("unit_multiplier = 1")),
    harmless("credits_applied", "UPDATE raw.credits SET _deleted_at = now() WHERE id = 2"),
    harmless("one_currency", PAYMENT.format("total_currency = NULL")),
    harmless("inventory_identity", PRODUCT.format("quantity = 7, inventory_management = 2")),
    harmless("reserved_stock", PRODUCT.format("reserved_qty = 7, inventory_management = 2")),
    # Ticked as paid, with a payment that is dated later.
    harmless(
        "paid_flag",
        f"{ORDER.format('paid = true, payment_balance = 0')}; DELETE FROM raw.order_payments WHERE id = 3000003; "
        + PAYMENT.format("total_amount = 194.80, payment_date = '2026-04-10 12:00:00+00'"),
    ),
    harmless("row_multiplication", LINE.format("\"order\" = 'gone'")),
    harmless("time_sanity", ORDER.format("ship_date = '2026-03-02 12:00:00+00'")),
    # Rows that are really gone pass when the load accepts that.
    harmless("volume", "DELETE FROM raw.customers", accept_shrink=True),
    # A company that was not there at the last load rolls nothing forward.
    harmless(
        "roll_forward",
        "INSERT INTO raw.orders_received BY NAME SELECT * REPLACE ('birch' AS _company) FROM raw.orders_received",
    ),
    # A load of a past day has no close to compare with.
    *(
        harmless(name, "SELECT 1", as_of=date(2026, 3, 25), last_day=date(2026, 3, 31))
        for name in ("receivables_equal", "roll_forward", "changes_equal")
    ),
    harmless("freshness", "UPDATE meta.reads SET refused = '403' WHERE run_id = 'run 1'"),
]


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(path, config={"threads": 1})
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that was loaded once, with the clean data of a second load: its models have not run yet."""
    path = tmp_path_factory.mktemp("published") / "warehouse.duckdb"
    con = empty_warehouse(path)
    publish(con)
    con.close()
    return path


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


@pytest.fixture(scope="module")
def computed_once(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = published.with_name("computed.duckdb")
    shutil.copy(published, path)
    with opened(path) as con:
        run_models(con, SETTINGS, PROJECT)
        yield con


@pytest.fixture
def computed(
    computed_once: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same warehouse with the models of the second load; what a test does to it is rolled back."""
    monkeypatch.setattr("pipeline.models.audits.transaction", nullcontext)
    computed_once.begin()
    yield computed_once
    computed_once.rollback()


@pytest.fixture
def con(published: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(Path(shutil.copy(published, tmp_path))) as con:
        yield con


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
        _order("early", "8.20", "8.20", created_on="2026-02-10T09:00:00Z", status="Complete"),
        _order("accepted", "200.00", "200.00", status="Accepted", customer={"id": 8}),
        _order("bare", "5.00", "4.00", seller=None, customer=None) | {"total": {"amount": 5}},
        _order("credited", "0.82", "0.32", credits="0.50"),
        _order("implied", "20.00", "0", paid=True, paid_date="2026-03-20"),
        _order("later", "20.00", "0", paid=True, paid_date="2026-04-20"),  # ticked after as_of
        _order("covered", "30.00", "0"),  # LeafLink knows that it is paid, without a tick
        {"number": "draft", "seller": 1, "status": "Draft", "created_on": "2026-03-01T09:00:00Z"},
    ]
    insert_api_rows(con, "orders_received", orders)
    lines = [
        _line(1, "shipped", 1, "24", 100, unit_multiplier=12),
        _line(2, "shipped", PAPERS, "1", "0.82"),
        _line(3, "shipped", PAPERS, "1", 99),
        _line(4, "early", PAPERS, "10", "0.82"),
        _line(5, "accepted", 1, "2", 100),
        _line(6, "credited", PAPERS, "1", "0.82"),
        *(_line(key, number, PAPERS, "1", 20) for key, number in ((7, "implied"), (8, "later"))),
        _line(11, "bare", PAPERS, "1", 5) | {"ordered_unit_price": {"amount": 5}},
        _line(9, "covered", PAPERS, "1", 30),
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
        credit | {"id": 1, "amount": _usd("0.50"), "applied_to": "credited"},
        credit | {"id": 2, "amount": _usd(9), "applied_to": "shipped", "status": "cancelled"},
    ]
    insert_api_rows(con, "credits", credits)
    keep_history(con)


def _insert_second_rows(con: duckdb.DuckDBPyConnection) -> None:
    """A payment and an order of the last day, and an order that shipped."""
    insert_api_rows(con, "order_payments", [_payment(3_000_003, "shipped", 10, "2026-03-31")])
    con.execute("UPDATE raw.orders_received SET payment_balance = 134.80 WHERE number = 'shipped'")
    at = "2026-03-31T09:00:00Z"
    insert_api_rows(con, "orders_received", [_order("new", "7.00", "7.00", created_on=at, modified=at)])
    insert_api_rows(con, "line_items", [_line(3_000_010, "new", PAPERS, "1", 7)])
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


def test_clean_data_pass_every_audit(computed: duckdb.DuckDBPyConnection) -> None:
    results = run_audits(computed, SETTINGS, PROJECT)

    assert {each.audit_id: each.failures for each in results} == dict.fromkeys(AUDITS, 0)


def audit(con: duckdb.DuckDBPyConnection, name: str, settings: ModelSettings = SETTINGS) -> AuditResult:
    raw_keys = PROJECT.raw_keys if name == "raw_keys" else {}
    (result,) = run_audits(con, settings, Lone(raw_keys=raw_keys, audit=name))
    return result


def models_before(name: str) -> Part:
    """The models that an audit reads."""
    return Part(tables=tuple({name for each in Lone(audit=name).audits for name in each.inputs}))


def run_models_before(con: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    if (part := models_before(plant.audit)).models:
        run_models(con, plant.settings, part)


def two_of_each(plants: Iterable[Plant]) -> list[Any]:
    """Return the plants, those that are not among the first two of their audit marked as long."""
    groups = groupby(sorted(plants, key=attrgetter("audit")), key=attrgetter("audit"))
    return [case for _, group in groups for case in long_from(2, group)]


@pytest.mark.parametrize("plant", two_of_each(each for each in PLANTS if each.before), ids=str)
def test_an_audit_finds_a_defect_in_what_was_read(con: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    con.execute(plant.statement)
    run_models_before(con, plant)

    result = audit(con, plant.audit)

    assert (result.audit_id, result.severity) == (plant.audit, plant.severity)
    assert result.failures
    assert plant.rows in (None, result.failures)


@pytest.mark.parametrize("plant", [each for each in PLANTS if not each.before], ids=str)
def test_an_audit_finds_a_defect_in_what_the_models_made(computed: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    computed.execute(plant.statement)

    result = audit(computed, plant.audit)

    assert (result.audit_id, result.severity) == (plant.audit, plant.severity)
    assert result.failures
    assert plant.rows in (None, result.failures)


@pytest.mark.parametrize("plant", HARMLESS, ids=str)
def test_an_audit_does_not_mind_what_is_harmless(con: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    con.execute(plant.statement)
    run_models_before(con, plant)

    assert audit(con, plant.audit, plant.settings).failures == 0


def test_every_audit_has_a_defect_planted_for_it() -> None:
    assert {plant.audit for plant in PLANTS} == AUDITS


def test_secrets_are_looked_for_in_the_unknown_fields_of_every_resource() -> None:
    (secrets,) = Lone(audit="secrets").audits

    assert set(secrets.inputs) >= {f"raw.{name}" for name in PROJECT.raw_keys}


def test_results_are_appended_and_at_most_a_thousand_offending_rows_kept(con: duckdb.DuckDBPyConnection) -> None:
    run_models(con, SETTINGS, PROJECT)
    con.execute(
        f"INSERT INTO meta.completeness ({READ}) SELECT 'run', 'r' || i, i, 0, 0, 0, 'short' FROM range(1500) AS r(i)"
    )

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


def test_a_short_read_of_one_company_does_not_hide_behind_another(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM meta.completeness")
    con.execute("UPDATE meta.runs SET _company = CASE run_id WHEN 'run 1' THEN 'acme' ELSE 'birch' END")
    con.execute(
        f"INSERT INTO meta.completeness ({READ}) VALUES ('run 1', 'products', 2, 1, 1, 0, 'incomplete'), "
        "('run 2', 'products', 2, 2, 2, 0, 'complete')"
    )

    assert audit(con, "completeness").failures == 1


def test_a_refused_read_and_a_read_of_long_ago_do_not_stop_a_load(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM meta.completeness")
    con.execute(
        f"INSERT INTO meta.completeness ({READ}) VALUES ('run 1', 'products', 2, 1, 1, 0, 'incomplete'), "
        "('run 2', 'products', 2, 2, 2, 0, 'complete'), ('run 2', 'customers', 0, 0, 0, 0, 'refused')"
    )

    assert audit(con, "completeness").failures == 0
