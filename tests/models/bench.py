"""A warehouse in memory, with the raw tables filled from API rows or from CSV files."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.decoding.rows import RowDecoder
from pipeline.models import ModelSettings, Project
from pipeline.resources import Resource, all_resources
from pipeline.resources.columns import columns_of
from pipeline.sandbox.store.store import to_json
from pipeline.warehouse.history import create_history
from pipeline.warehouse.tables import create_raw

COMPANY = "default"
PROJECT = Project()  # read once: parsing sql/ costs more than running it on a few rows
FIVE = {
    name: all_resources()[name] for name in ("orders_received", "line_items", "customers", "products", "order_payments")
}
SETTINGS = ModelSettings(
    as_of=date(2026, 3, 31),
    known_at=datetime(2026, 6, 1, tzinfo=UTC),
    timezone="UTC",
    sell_through_days=90,
    run_id="20260401T020000Z-0001",
)


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """A connection whose raw tables are there and empty, every column with its comment."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("CREATE SCHEMA meta")
    con.execute(
        "CREATE TABLE meta.completeness (run_id VARCHAR, resource VARCHAR, stated BIGINT, received BIGINT, "
        "distinct_keys BIGINT, rereads BIGINT, verdict VARCHAR)"
    )
    con.execute("CREATE TABLE meta.runs (run_id VARCHAR, _company VARCHAR, server_time TIMESTAMPTZ)")
    con.execute("CREATE TABLE meta.companies (_company VARCHAR, timezone VARCHAR)")
    create_raw(con, FIVE.values())
    create_history(con, FIVE.values())
    return con


def clear(con: duckdb.DuckDBPyConnection) -> None:
    for name in FIVE:
        con.execute(f"DELETE FROM raw.{name}")
        con.execute(f"DELETE FROM past.{name}")


def keep_history(con: duckdb.DuckDBPyConnection) -> None:
    """Say since when every row of raw is as it is, like the merge of a run."""
    for name in FIVE:
        con.execute(f"UPDATE raw.{name} SET _valid_from = TIMESTAMPTZ '2026-03-01 00:00:00+00'")


def insert_api_rows(con: duckdb.DuckDBPyConnection, name: str, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows in the API's shape, decoded as an extract decodes them."""
    decoded = RowDecoder(FIVE[name]).decode([to_json(row) for row in rows])
    assert decoded.rejected == []
    company = pa.repeat(pa.scalar(COMPANY), decoded.table.num_rows)
    # What the contract does not name, such as the lines inside an order, is no matter of the models.
    _insert_table(con, FIVE[name], decoded.table.drop_columns(["_extra", "_odd"]).append_column("_company", company))


def insert_csv(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Insert a CSV file named as its table; `customer.id` fills a struct, empty cells and absent columns are null."""
    with path.open(newline="") as file:
        rows = [_nested(row) for row in csv.DictReader(file)]
    if path.stem == "inventory_daily":
        con.executemany(
            "INSERT INTO history.inventory_daily BY NAME SELECT ? AS _company, CAST(? AS BIGINT) AS product_id, "
            "CAST(? AS DATE) AS day, CAST(? AS DECIMAL(38, 9)) AS quantity, CAST(? AS BOOLEAN) AS is_managed",
            [(COMPANY, row["product_id"], row["day"], row.get("quantity"), row["is_managed"]) for row in rows],
        )
        return
    resource = FIVE[path.stem]
    types = {column.name: column.arrow_type for column in columns_of(resource)}
    typed = [{name: _typed(value, types.get(name, pa.string())) for name, value in row.items()} for row in rows]
    _insert(con, resource, [{"_company": COMPANY} | row for row in typed])


def settings_of(folder: Path) -> ModelSettings:
    """The usual settings, with what the folder's settings.csv has instead."""
    path = folder / "settings.csv"
    if not path.exists():
        return SETTINGS
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    changes: dict[str, Any] = dict(row)
    if "as_of" in changes:
        changes["as_of"] = date.fromisoformat(changes["as_of"])
    if "sell_through_days" in changes:
        changes["sell_through_days"] = int(changes["sell_through_days"])
    return replace(SETTINGS, **changes)


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    """The rows of a table as dicts."""
    cursor = con.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _insert(con: duckdb.DuckDBPyConnection, resource: Resource, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    fields = [(column.name, column.arrow_type) for column in columns_of(resource)]
    fields += [("_company", pa.string()), ("_deleted_at", pa.timestamp("us", "UTC"))]
    given = {name for row in rows for name in row}
    schema = pa.schema([field for field in fields if field[0] in given])
    _insert_table(con, resource, pa.Table.from_pylist(rows, schema=schema))


def _insert_table(con: duckdb.DuckDBPyConnection, resource: Resource, table: pa.Table) -> None:
    con.register("arriving", table)
    con.execute(f"INSERT INTO raw.{resource.name} BY NAME SELECT * FROM arriving")
    con.unregister("arriving")


def _nested(row: dict[str, str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, text in row.items():
        if text == "":
            continue
        *parents, last = name.split(".")
        inner = nested
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[last] = text
    return nested


def _typed(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_struct(kind):
        return {field.name: _typed(value[field.name], field.type) for field in kind if field.name in value}
    if pa.types.is_int64(kind):
        return int(value)
    if pa.types.is_decimal(kind):
        return Decimal(value)
    if pa.types.is_boolean(kind):
        return value == "true"
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    if pa.types.is_date(kind):
        return date.fromisoformat(value)
    return value
