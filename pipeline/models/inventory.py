"""`history.inventory_daily`: the stock of every product at the close of each day, growing with every load."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from pipeline.models.transaction import transaction
from pipeline.sql import literal

_COLUMNS = (
    ("_company", "VARCHAR", "Company of the configuration that the product belongs to."),
    ("product_id", "BIGINT", "Product."),
    ("day", "DATE", "Local day at whose close the stock was so."),
    ("quantity", "DECIMAL(38, 9)", "Base units in stock."),
    ("reserved_quantity", "DECIMAL(38, 9)", "Base units reserved by Submitted and Accepted orders."),
    ("available_quantity", "DECIMAL(38, 9)", "Base units for sale: stock less reserved."),
    ("is_managed", "BOOLEAN", "Whether LeafLink keeps count of the stock (inventory is Managed)."),
    ("_run_id", "VARCHAR", "The run whose load recorded the row: the last one of the day."),
)


def last_full_day(instant: datetime, timezone: str) -> date:
    """Return the last local day that was over at `instant` (aware) in the zone of that IANA name."""
    return instant.astimezone(ZoneInfo(timezone)).date() - timedelta(days=1)


def create_inventory(con: duckdb.DuckDBPyConnection) -> None:
    """Create `history.inventory_daily` with its comments where it does not exist."""
    con.execute("CREATE SCHEMA IF NOT EXISTS history")
    definition = ", ".join(f"{name} {kind}" for name, kind, _ in _COLUMNS)
    con.execute(f"CREATE TABLE IF NOT EXISTS history.inventory_daily ({definition})")
    con.execute("COMMENT ON TABLE history.inventory_daily IS 'One row per company, product and day.'")
    for name, _, comment in _COLUMNS:
        con.execute(f"COMMENT ON COLUMN history.inventory_daily.{name} IS {literal(comment)}")


def record_inventory(con: duckdb.DuckDBPyConnection, company: str, day: date, run_id: str) -> int:
    """Write the stock in `raw.products` as the close of `day`, in place of what an earlier load wrote for it.

    `day` is the last full local day before the newest read of the company's products. Returns the number of products.
    Call it after the merge and before `run_models`, once per company whose products this load has merged.
    """
    with transaction(con):
        create_inventory(con)
        con.execute("DELETE FROM history.inventory_daily WHERE _company = ? AND day = ?", [company, day])
        con.execute(
            "INSERT INTO history.inventory_daily "
            "SELECT _company, id, ?, quantity, reserved_qty, available_inventory, "
            "coalesce(inventory_management = 1, false), ? "
            "FROM raw.products WHERE _deleted_at IS NULL AND _company = ?",
            [day, run_id, company],
        )
        counted = con.execute(
            "SELECT count(*) FROM history.inventory_daily WHERE _company = ? AND day = ?", [company, day]
        ).fetchone()
    return counted[0] if counted else 0
