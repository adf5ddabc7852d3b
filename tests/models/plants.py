"""The defects that audits are there to find, and what looks like one and is none."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pipeline.models import ModelSettings

from .bench import RESOURCES, SETTINGS


@dataclass(frozen=True)
class Plant:
    """A statement that plants a defect, before the models run (in what was read) or after (in what they made).

    Without a severity it looks like a defect, and is none.
    """

    audit: str
    statement: str
    severity: str | None
    before: bool = True
    settings: ModelSettings = SETTINGS

    def __str__(self) -> str:
        return f"{self.audit}: {self.statement}"


def found(audit: str, statement: str) -> Plant:
    """A defect in what was read, which the audit warns of."""
    return Plant(audit, statement, "warn")


def wrong(audit: str, statement: str) -> Plant:
    """A defect in what the models made, which stops the load."""
    return Plant(audit, statement, "error", before=False)


def harmless(audit: str, statement: str, **settings: Any) -> Plant:
    """What an audit does not mind, with these settings."""
    return Plant(audit, statement, None, settings=replace(SETTINGS, **settings))


ORDER = "UPDATE raw.orders_received SET {} WHERE number = 'shipped'"
EARLY = "UPDATE raw.orders_received SET {} WHERE number = 'early'"
CANCEL = "UPDATE raw.orders_received SET status = 'Cancelled' WHERE number = 'accepted'"
LATER = "UPDATE raw.order_payments SET payment_date = '2026-04-10 12:00:00+00' WHERE id = 1"
OTHER_COMPANY = (
    "UPDATE meta.runs SET _company = 'birch' WHERE run_id = 'run 1'; "
    "INSERT INTO meta.runs (run_id, _company) VALUES ('run 0', 'birch'); INSERT INTO meta.completeness BY NAME "
    "SELECT * REPLACE ('run 1' AS run_id) FROM meta.completeness;"
)
LINE = "UPDATE raw.line_items SET {} WHERE id = 1"
PAYMENT = "UPDATE raw.order_payments SET {} WHERE id = 1"
DENVER = "INSERT INTO meta.companies VALUES ('default', 'America/Denver');"
PRODUCT = "UPDATE raw.products SET {} WHERE id = 1"
EARLIER = (
    "INSERT INTO past.customers BY NAME SELECT * REPLACE "
    "(_valid_from {} AS _valid_from, {} AS _valid_to, {} AS _was_deleted) FROM history.customers"
)
TWICE = (
    "INSERT INTO past.orders_received BY NAME SELECT * REPLACE "
    "(_valid_from - INTERVAL 2 DAY AS _valid_from, _valid_from AS _valid_to, false AS _was_deleted) "
    "FROM history.orders_received; INSERT INTO past.orders_received FROM past.orders_received"
)
DRIFT = (
    "INSERT INTO meta.drift (run_id, _company, resource, field, kind) VALUES ('{}', 'default', 'brands', 'x', 'new')"
)
SECRET = (
    "INSERT INTO raw.{} BY NAME SELECT 'default' AS _company, '{{\"api_key\": \"0123456789abcdef\"}}' AS _extra "
    "FROM range(2)"
)
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
    Plant(
        "completeness", OTHER_COMPANY + "UPDATE meta.completeness SET verdict = 'short' WHERE run_id = 'run 1'", "error"
    ),
    Plant("completeness", "DELETE FROM meta.runs; UPDATE meta.completeness SET verdict = 'short'", "error"),
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
    *(
        wrong("row_multiplication", f"INSERT INTO {table} FROM {table} LIMIT 1")
        for table in ("raw.orders_received", "marts.fct_orders", "marts.ar_aging")
    ),
    wrong(
        "row_multiplication",
        "INSERT INTO intermediate.order_balances FROM intermediate.order_balances WHERE order_number = 'shipped'",
    ),
    # As many rows with a key less, and as many whose keys have the same sum.
    wrong("row_multiplication", "INSERT INTO staging.products BY NAME SELECT 'default' AS _company"),
    wrong(
        "row_multiplication",
        "UPDATE staging.customers SET customer_id = if(customer_id = 7, 6, 10) WHERE customer_id IN (7, 9)",
    ),
    found("orphan_lines_without_order", LINE.format("\"order\" = 'gone'")),
    found("orphan_lines_without_product", LINE.format("product = 404")),
    found("orphan_payments_without_order", PAYMENT.format("\"order\" = 'gone'")),
    found("order_arithmetic", ORDER.format("shipping_charge_amount = 7")),
    found("order_arithmetic", ORDER.format("total_amount = NULL")),
    found("order_arithmetic", "DELETE FROM raw.line_items WHERE \"order\" = 'early'"),
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
    found("open_balance", ORDER.format("payment_balance = 1") + ";" + LATER),
    found("open_balance", "UPDATE raw.orders_received SET payment_balance = 20 WHERE number = 'implied'"),
    *(
        found("open_balance", f"UPDATE raw.orders_received SET paid = {paid} WHERE number = 'later'")
        for paid in ("false", "NULL")
    ),
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
    wrong("sales_equal", TWO_CENTS.format("brand_performance", "net_sales") + " WHERE brand_id = 10"),
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
    found("unknown_statuses", "UPDATE raw.orders_received SET status = 'Mislaid' WHERE number IN ('shipped', 'early')"),
    Plant("documented_columns", "COMMENT ON COLUMN raw.products.sku IS NULL", "error"),
    wrong("documented_columns", "COMMENT ON COLUMN marts.ar_aging.bucket IS NULL"),
    wrong("documented_columns", "COMMENT ON COLUMN marts.accounts_receivable.bucket IS ' '"),
    wrong("documented_columns", "COMMENT ON COLUMN main.ar_aging.bucket IS NULL"),
    wrong("documented_columns", "COMMENT ON COLUMN staging.orders_received.status IS NULL"),
    wrong("documented_columns", "COMMENT ON TABLE intermediate.doors IS NULL"),
    wrong("documented_columns", "COMMENT ON VIEW staging.line_items IS ''"),
    *(found("payment_sanity", PAYMENT.format(f"total_amount = {amount}")) for amount in ("0", "NULL")),
    *(
        found(
            "payment_sanity",
            PAYMENT.format(f"total_amount = {amount}") + "; INSERT INTO raw.order_payments BY NAME "
            "SELECT * REPLACE (9 AS id) FROM raw.order_payments WHERE id = 1",
        )
        for amount in ("0", "1")
    ),
    found("payment_sanity", PAYMENT.format("payment_date = NULL, created_on = NULL")),
    found("payment_sanity", PAYMENT.format("payment_date = '2026-06-02 12:00:00+00'")),
    # Where the company is it is still the day before.
    found("payment_sanity", DENVER + PAYMENT.format("payment_date = '2026-06-01 12:00:00+00'")),
    found("payment_sanity", PAYMENT.format("total_amount = -20")),
    found(
        "payment_sanity",
        "INSERT INTO raw.order_payments BY NAME SELECT * REPLACE (9 AS id) FROM raw.order_payments WHERE id = 1",
    ),
    found("paid_flag", ORDER.format("paid = true")),
    found("paid_flag", PAYMENT.format("total_amount = 194.80")),
    found("paid_flag", PAYMENT.format("\"order\" = 'credited', total_amount = 0.32")),
    found("paid_flag", ORDER.format("paid = true") + ";" + LATER + "; UPDATE raw.order_payments SET total_amount = 10"),
    found("paid_flag", ORDER.format("paid = true") + ";" + PAYMENT.format("total_amount = 184.30")),
    *(
        found("paid_flag", f"UPDATE raw.orders_received SET payment_balance = {balance} WHERE number = 'covered'")
        for balance in ("5", "0.5", "NULL")
    ),
    found("price_basis", ORDER.format("total_amount = 2328.80")),
    found("price_basis", ORDER.format("total_amount = 1")),
    found("credits_applied", "UPDATE raw.orders_received SET credits = 4 WHERE number = 'credited'"),
    *(found("credits_applied", ORDER.format(f"credits = {amount}")) for amount in ("1", "9")),
    *(
        found("credits_applied", f"UPDATE raw.credits SET applied_to = 'gone', amount_amount = {amount} WHERE id = 1")
        for amount in ("0.30", "1")
    ),
    found("credits_applied", "UPDATE raw.credits SET status = 'used' WHERE id = 2"),
    found("inventory_identity", PRODUCT.format("quantity = 99")),
    found("inventory_identity", PRODUCT.format("available_inventory = 97")),
    found("inventory_identity", PRODUCT.format("reserved_qty = NULL")),
    found("reserved_stock", PRODUCT.format("reserved_qty = 3")),
    found("reserved_stock", PRODUCT.format("reserved_qty = NULL")),
    found("reserved_stock", CANCEL),
    found("reserved_stock", CANCEL + ";" + PRODUCT.format("reserved_qty = 1")),
    found("reserved_stock", "UPDATE raw.orders_received SET status = 'Accepted' WHERE number = 'shipped'"),
    found("freshness", "UPDATE meta.reads SET server_time = '2026-05-30 11:59:00+00'"),
    found("freshness", "UPDATE meta.reads SET refused = '403' WHERE run_id = 'run 2'"),
    found("freshness", "UPDATE meta.reads SET not_offered = true WHERE run_id = 'run 2'"),
    found("freshness", "UPDATE meta.runs SET _company = 'birch' WHERE run_id = 'run 1'"),
    found("time_sanity", ORDER.format("created_on = '2026-06-04 12:00:00+00'")),
    found("time_sanity", ORDER.format("ship_date = '2026-06-04 12:00:00+00'")),
    found("time_sanity", ORDER.format("ship_date = '2026-02-26 12:00:00+00'")),
    found("time_sanity", ORDER.format("payment_due_date = '2026-02-26 12:00:00+00'")),
    found("time_sanity", ORDER.format("modified = '2026-02-26 12:00:00+00'")),
    found("time_sanity", PAYMENT.format("created_on = '2026-06-04 12:00:00+00'")),
    found("time_sanity", "UPDATE raw.orders_received SET ship_date = '2027-06-04' WHERE number = 'accepted'"),
    found("schema_drift", DRIFT.format("run 2")),
    found("restated_months", EARLY.format("status = 'Cancelled'")),
    found("restated_months", EARLY.format("_deleted_at = now()")),
    # Where the company is it is still February.
    found("restated_months", DENVER + ORDER.format("created_on = '2026-03-01 03:00:00+00', status = 'Cancelled'")),
    found("restated_months", EARLY.format("total_currency = 'CAD'")),
    found("restated_months", "UPDATE raw.line_items SET quantity = 11 WHERE \"order\" = 'early'"),
    found(
        "restated_months",
        "UPDATE meta.loads SET as_of = '2026-03-31' WHERE as_of = '2026-03-30'; "
        + ORDER.format("status = 'Cancelled'"),
    ),
    found("secrets", EXTRA.format('{"api_key": "0123456789abcdef"}')),
    found("secrets", EXTRA.format('{"note": "Authorization: Token abc"}')),
    found("secrets", "UPDATE meta.runs SET base_url = 'https://me:pass@leaflink.example/'"),
    found("secrets", "UPDATE meta.runs SET warnings = ['answered with password=hunter2hunter2']"),
    found("secrets", 'UPDATE meta.reads SET refused = \'403 {"token": "0123456789abcdef"}\''),
    found("secrets", "UPDATE meta.reads SET run_id = 'run 3', refused = 'token=0123456789abcdef'"),
    found("secrets", "INSERT INTO meta.quarantine (_company, raw) VALUES ('default', '{\"secret\": \"0123456789\"}')"),
    found("secrets", "; ".join(SECRET.format(name) for name in RESOURCES)),
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
    Plant("history_periods", TWICE, "error"),
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
    harmless("completeness", OTHER_COMPANY),
    harmless(
        "completeness",
        "UPDATE meta.runs SET _company = 'default'; INSERT INTO meta.completeness BY NAME "
        "SELECT * REPLACE ('run 1' AS run_id, 'short' AS verdict) FROM meta.completeness",
    ),
    harmless("history_periods", EARLIER.format("- INTERVAL 2 DAY", "_valid_from", "true")),
    harmless("inventory_identity", PRODUCT.format("reserved_qty = NULL, available_inventory = 100")),
    harmless("one_currency", PAYMENT.format("\"order\" = 'gone'")),
    harmless("open_balance", LATER),
    harmless("order_arithmetic", ORDER.format("total_amount = 194.81")),
    # The total nets the credits, as the balance of the order says.
    harmless("order_arithmetic", "UPDATE raw.orders_received SET total_amount = 0.32 WHERE number = 'credited'"),
    harmless("paid_flag", PAYMENT.format("\"order\" = 'accepted', total_amount = 200")),
    harmless("paid_flag", "UPDATE raw.orders_received SET total_amount = 0.50 WHERE number = 'credited'"),
    harmless("reserved_stock", CANCEL + ";" + PRODUCT.format("reserved_qty = NULL")),
    # The last day that is allowed, each time.
    harmless("time_sanity", ORDER.format("created_on = '2026-06-03 12:00:00+00', modified = '2026-06-03 12:00:00+00'")),
    harmless("time_sanity", ORDER.format("ship_date = '2026-06-03 12:00:00+00'")),
    harmless("time_sanity", ORDER.format("ship_date = '2026-02-27 12:00:00+00'")),
    harmless("time_sanity", ORDER.format("payment_due_date = '2026-02-27 12:00:00+00'")),
    harmless("time_sanity", ORDER.format("modified = '2026-02-27 09:00:00+00'")),
    harmless("time_sanity", PAYMENT.format("created_on = '2026-06-03 12:00:00+00'")),
    harmless("time_sanity", "UPDATE raw.orders_received SET ship_date = '2027-06-03' WHERE number = 'accepted'"),
    harmless("time_sanity", ORDER.format("payment_due_date = '2026-03-02 12:00:00+00'")),
    # The close of a past day stays as it was recorded.
    harmless(
        "receivables_equal", EARLY.format("total_amount = 2"), as_of=date(2026, 3, 29), last_day=date(2026, 3, 31)
    ),
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
    harmless("freshness", "UPDATE meta.reads SET server_time = '2026-05-30 12:00:00+00'"),
    harmless(
        "freshness",
        "INSERT INTO meta.reads (run_id, resource, server_time) VALUES ('run 0', 'products', '2026-01-01 00:00:00+00')",
    ),
    harmless("payment_sanity", PAYMENT.format("payment_date = '2026-06-01 12:00:00+00'")),
    # What an order paid is given back.
    harmless(
        "payment_sanity",
        "INSERT INTO raw.order_payments BY NAME SELECT * REPLACE (9 AS id, -total_amount AS total_amount) "
        "FROM raw.order_payments WHERE id = 2",
    ),
]
