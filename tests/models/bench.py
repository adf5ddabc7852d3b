"""A warehouse in memory, with the raw tables filled from API rows or from CSV files."""

import csv
import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.decoding.rows import RowDecoder
from pipeline.models import ModelSettings, Project, run_audits
from pipeline.models.inventory import create_inventories
from pipeline.models.model import Model
from pipeline.models.transaction import transaction
from pipeline.resources import Resource
from pipeline.resources.columns import columns_of
from pipeline.sandbox.store.store import to_json
from pipeline.sql import identifier, literal
from pipeline.warehouse.history import create_history
from pipeline.warehouse.meta import create_meta
from pipeline.warehouse.tables import create_raw
from tests.parts import PROJECT, RESOURCES, models_of

_FOLDER = TemporaryDirectory()
COMPANY = "default"
_INSTANT = pa.timestamp("us", "UTC")
KEPT = [name for name, resource in RESOURCES.items() if resource.keeps_history]
# CSV files whose columns are those of a table that no resource describes.
STORED = {
    "inventory_daily": "history.inventory_daily",
    "retailer_inventory_daily": "history.retailer_inventory_daily",
    **{f"past_{name}": f"past.{name}" for name in KEPT},
}
SETTINGS = ModelSettings(
    as_of=date(2026, 3, 31),
    known_at=datetime(2026, 6, 1, tzinfo=UTC),
    timezone="UTC",
    sell_through_days=90,
    run_id="20260401T020000Z-0001",
)


@dataclass(frozen=True)
class Part(Project):
    """The models that make some tables, and those that they read, near or far, also as the load before left them."""

    tables: tuple[str, ...] = ()

    @cached_property
    def models(self) -> list[Model]:
        return models_of(self.tables)


def empty_warehouse(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection whose raw tables are there and empty, every column with its comment; in memory without a path."""
    con = duckdb.connect(path or ":memory:", config={"threads": 1})
    ((name,),) = con.execute("SELECT current_database()").fetchall()
    con.execute(f"ATTACH {literal(str(_template()))} AS template (READ_ONLY)")
    con.execute(f"COPY FROM DATABASE template TO {identifier(name)}")
    con.execute("DETACH template")
    return con


@cache
def _template() -> Path:
    """Such a file, made once for all tests: it takes 0.3 s to make, most of them for comments, and 0.03 s to copy."""
    path = Path(_FOLDER.name, "template.duckdb")
    with closing(duckdb.connect(path, config={"threads": 1})) as con, transaction(con):
        create_meta(con)
        create_raw(con, RESOURCES.values())
        create_history(con, RESOURCES.values())
        create_inventories(con)
    return path


def clear(con: duckdb.DuckDBPyConnection) -> None:
    for name in RESOURCES:
        con.execute(f"DELETE FROM raw.{name}")
    for table in STORED.values():
        con.execute(f"DELETE FROM {table}")
    con.execute("DELETE FROM meta.loads")


def keep_history(con: duckdb.DuckDBPyConnection) -> None:
    """Say since when every row of raw is as it is, like the merge of a run."""
    for name in KEPT:
        con.execute(f"UPDATE raw.{name} SET _valid_from = TIMESTAMPTZ '2026-03-01 00:00:00+00'")


def insert_api_rows(
    con: duckdb.DuckDBPyConnection, name: str, rows: Iterable[dict[str, Any]], company: str = COMPANY
) -> None:
    """Insert rows in the API's shape, decoded as an extract decodes them."""
    _insert_table(con, RESOURCES[name], _decoded(name, rows, company))


def insert_versions(
    con: duckdb.DuckDBPyConnection,
    name: str,
    versions: Iterable[tuple[dict[str, Any], datetime, datetime | None]],
    company: str = COMPANY,
) -> None:
    """Insert versions (row in the API's shape, since, until) of rows: into past those that are over.

    Of the others, whose rows raw has, it notes since when they are so.
    """
    key, over = RESOURCES[name].key, []
    for version in versions:
        row, since, until = version
        if until is None:
            con.execute(
                f'UPDATE raw.{name} SET _valid_from = ? WHERE _company = ? AND "{key}" = ?', [since, company, row[key]]
            )
        else:
            over.append(version)
    table = _decoded(name, [row for row, _, _ in over], company)
    table = table.append_column("_valid_from", pa.array([since for _, since, _ in over], _INSTANT))
    table = table.append_column("_valid_to", pa.array([until for _, _, until in over], _INSTANT))
    _insert_table(con, RESOURCES[name], table, schema="past")


def _decoded(name: str, rows: Iterable[dict[str, Any]], company: str) -> pa.Table:
    decoded = _decoder_of(name).decode([to_json(row) for row in rows])
    assert decoded.rejected == []
    # What the contract does not name, such as the lines inside an order, is no matter of the models.
    table = decoded.table.drop_columns(["_extra", "_odd"])
    return table.append_column("_company", pa.repeat(pa.scalar(company), table.num_rows))


@cache  # it takes longer to learn what a row has than to decode some
def _decoder_of(name: str) -> RowDecoder:
    return RowDecoder(RESOURCES[name])


def insert_csv(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Insert a CSV file named as its table; `customer.id` fills a struct, a list is JSON, empty cells are null.

    `_valid_from` says since when a row of raw is as it is; `past_line_items` has the versions that are over.
    """
    with path.open(newline="") as file:
        rows = [_nested(row) for row in csv.DictReader(file)]
    if path.stem in STORED:
        for row in rows:
            values = {"_company": COMPANY} | row
            names, places = ", ".join(f'"{name}"' for name in values), ", ".join("?" * len(values))
            con.execute(f"INSERT INTO {STORED[path.stem]} ({names}) VALUES ({places})", list(values.values()))
        return
    resource = RESOURCES[path.stem]
    types = {column.name: column.arrow_type for column in columns_of(resource)} | {"_valid_from": _INSTANT}
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
    fields += [("_company", pa.string()), ("_deleted_at", _INSTANT), ("_valid_from", _INSTANT)]
    given = {name for row in rows for name in row}
    kept = pa.schema([field for field in fields if field[0] in given])
    _insert_table(con, resource, pa.Table.from_pylist(rows, schema=kept))


def _insert_table(con: duckdb.DuckDBPyConnection, resource: Resource, table: pa.Table, schema: str = "raw") -> None:
    con.register("arriving", table)
    con.execute(f"INSERT INTO {schema}.{resource.name} BY NAME SELECT * FROM arriving")
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
    if pa.types.is_list(kind):
        return json.loads(value)
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


def failed_audits(con: duckdb.DuckDBPyConnection, settings: ModelSettings) -> set[str]:
    """Return the audits that would stop a load, of models that ran.

    Tests take other rows from one run to the next, which `volume` is there to see, and fill raw without a merge that
    keeps history.
    """
    results = run_audits(con, replace(settings, accept_shrink=True), PROJECT)
    return {each.audit_id for each in results if each.severity == "error" and each.failures} - {"history_periods"}
