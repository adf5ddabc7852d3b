"""Stock at the close of each day, growing with every load.

`history.inventory_daily` has the products, `history.retailer_inventory_daily` the items on retailers' shelves.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from pipeline.models.transaction import transaction
from pipeline.sql import literal
from pipeline.zones import zone_of


@dataclass(frozen=True)
class _Column:
    name: str
    kind: str
    comment: str
    value: str  # of the resource's raw table


@dataclass(frozen=True)
class _Inventory:
    """A table of `history` with the stock of one resource: a row per company, day and whatever `row` names."""

    table: str
    row: str
    columns: tuple[_Column, ...]

    @property
    def comment(self) -> str:
        return f"One row per company, {self.row} and day."


_UNITS = "DECIMAL(38, 9)"
_COMPANY = _Column("_company", "VARCHAR", "Company of the configuration that the row belongs to.", "_company")
_DAY = _Column("day", "DATE", "Local day at whose close the stock was so.", "$day")
_RUN = _Column("_run_id", "VARCHAR", "The run whose load recorded the row: the last one of the day.", "$run")
_IS_MANAGED = "Whether LeafLink keeps count of the stock (inventory is Managed)."

_INVENTORIES = {
    "products": _Inventory(
        "history.inventory_daily",
        "product",
        (
            _COMPANY,
            _Column("product_id", "BIGINT", "Product.", "id"),
            _DAY,
            _Column("quantity", _UNITS, "Base units in stock.", "quantity"),
            _Column("reserved_quantity", _UNITS, "Reserved by Submitted and Accepted orders.", "reserved_qty"),
            _Column("available_quantity", _UNITS, "For sale: stock less reserved.", "available_inventory"),
            _Column("is_managed", "BOOLEAN", _IS_MANAGED, "coalesce(inventory_management = 1, false)"),
            _RUN,
        ),
    ),
    "retailer_inventory": _Inventory(
        "history.retailer_inventory_daily",
        "item on a retailer's shelf",
        (
            _COMPANY,
            _Column("retailer_item_id", "BIGINT", "Item on a retailer's shelf.", "id"),
            _DAY,
            _Column("quantity", _UNITS, "How much of it is there.", "quantity"),
            _RUN,
        ),
    ),
}
INVENTORY_RESOURCES = tuple(_INVENTORIES)


def last_full_day(instant: datetime, timezone: str) -> date:
    """Return the last local day that was over at `instant` (aware) in the zone of that IANA name."""
    return instant.astimezone(zone_of(timezone)).date() - timedelta(days=1)


def create_inventories(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of `history` that hold stock by day, with their comments, where they do not exist."""
    con.execute("CREATE SCHEMA IF NOT EXISTS history")
    for inventory in _INVENTORIES.values():
        definition = ", ".join(f"{column.name} {column.kind}" for column in inventory.columns)
        con.execute(f"CREATE TABLE IF NOT EXISTS {inventory.table} ({definition})")
        con.execute(f"COMMENT ON TABLE {inventory.table} IS {literal(inventory.comment)}")
        for column in inventory.columns:
            con.execute(f"COMMENT ON COLUMN {inventory.table}.{column.name} IS {literal(column.comment)}")


def record_inventory(con: duckdb.DuckDBPyConnection, resource: str, company: str, day: date, run_id: str) -> int:
    """Write the stock in the raw table of `resource` as the close of `day`, in place of an earlier load's.

    `resource` is one of INVENTORY_RESOURCES, `day` the last full local day before its newest read at the company.
    Returns the number of rows. Call it after the merge and before `run_models`, once per company and resource that
    this load has merged.
    """
    inventory = _INVENTORIES[resource]
    values = ", ".join(column.value for column in inventory.columns)
    with transaction(con):
        create_inventories(con)
        con.execute(f"DELETE FROM {inventory.table} WHERE _company = ? AND day = ?", [company, day])  # noqa: S608
        con.execute(
            f"INSERT INTO {inventory.table} SELECT {values} FROM raw.{resource} "  # noqa: S608
            "WHERE _deleted_at IS NULL AND _company = $company",
            {"day": day, "run": run_id, "company": company},
        )
        counted = con.execute(
            f"SELECT count(*) FROM {inventory.table} WHERE _company = ? AND day = ?",  # noqa: S608
            [company, day],
        ).fetchone()
    return counted[0] if counted else 0
