"""Trace: from a row of a mart to the rows of LeafLink behind it, down to the file and the place in the landing."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import duckdb

from pipeline.errors import UsageError, describe_unknown
from pipeline.landing import Landing, Manifest, ResourceRead
from pipeline.models import lineage
from pipeline.resources import all_resources
from pipeline.sql import identifier, literal
from pipeline.warehouse.published import open_published

MOST_ROWS = 20

# Which resource has the rows that a column of the marts is the key of. The first one that a table has is what its rows
# are looked up by. A resource comes once in a row, by its first column: a customer's rep is not taken for the person
# who recorded a payment.
_RESOURCES = {
    "line_id": "line_items",
    "payment_id": "order_payments",
    "event_id": "order_event_logs",
    "credit_id": "credits",
    "order_number": "orders_received",
    "order_id": "buyer_orders",
    "retailer_item_id": "retailer_inventory",
    "customer_id": "customers",
    "product_id": "products",
    "brand_id": "brands",
    "facility_id": "inventory_facilities",
    "contact_id": "contacts",
    "staff_id": "company_staff",
    "rep_id": "company_staff",
    "recorded_by": "company_staff",
    "company_id": "companies",
    "seller_id": "companies",
    "owner_id": "companies",
}
_COMPARED = {"gte": ">=", "lt": "<"}


@dataclass(frozen=True)
class Source:
    """A row of LeafLink behind a row of a mart: its resource and key, the run that read it last, and where it landed.

    `column` is the mart's column that holds the key, `read_at` when the row came. `window` is what was asked for, in
    words; `file` is relative to the landing, `place` counts its rows from 1. Where the landing holds the run no longer,
    they are of the newest one that brought the row again; None where no other did.
    """

    column: str
    resource: str
    key: str
    run_id: str
    read_at: datetime | None
    window: str | None
    file: str | None
    place: int | None


@dataclass(frozen=True)
class Trace:
    """A row of a mart, the rows of LeafLink behind it, and all resources (`inputs`) that the mart is computed from."""

    table: str
    row: dict[str, Any]
    sources: list[Source]
    inputs: list[str]


def trace(data_dir: Path, landing: Landing, table: str, key: str) -> list[Trace]:
    """Return where the rows of a mart come from whose key is `key`, at most MOST_ROWS of them.

    `key` is of the column that the table is traced by, such as line_id; an order is also found by the number that
    people see. Raises UsageError when there is no such mart, no such row, or no warehouse yet.
    """
    table = table.removeprefix("marts.")
    with open_published(data_dir) as con:
        rows = _rows(con, table, key)
        inputs = sorted(_resources_of(f"marts.{table}"))
        finder = _Finder(con, landing, inputs)
        return [Trace(table, row, list(finder.sources(row)), inputs) for row in rows]


def _rows(con: duckdb.DuckDBPyConnection, table: str, key: str) -> list[dict[str, Any]]:
    tables: dict[str, list[str]] = {}
    for name, column in con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE database_name = current_database() AND schema_name = 'marts' ORDER BY column_index"
    ).fetchall():
        tables.setdefault(name, []).append(column)
    if table not in tables:
        raise UsageError(describe_unknown("mart", table, tables))
    columns = tables[table]
    own = next((name for name in _RESOURCES if name in columns), None)
    if own is None:
        raise UsageError(f"{table}: its rows are no rows of LeafLink, and have no key to be traced by.")
    keys = [own, "short_id"] if own == "order_number" and "short_id" in columns else [own]
    matches = " OR ".join(f"CAST({name} AS VARCHAR) = $key" for name in keys)
    rows = _dicts(
        con.execute(f"SELECT * FROM marts.{identifier(table)} WHERE {matches} LIMIT {MOST_ROWS}", {"key": key})
    )
    if not rows:
        raise UsageError(f"{table}: no row with {' or '.join(keys)} {key}. What is deleted at LeafLink is in no mart.")
    return rows


def _dicts(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _resources_of(table: str) -> set[str]:
    """Return the resources that a model reads, near or far."""
    inputs, found, waiting = lineage(), set[str](), [table]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += inputs.get(name, ())
    return {name.removeprefix("raw.") for name in found if name.startswith("raw.")}


class _Finder:
    """Finds the rows of LeafLink behind rows of a mart that is computed from the resources `inputs`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, landing: Landing, inputs: list[str]) -> None:
        self._con, self._landing, self._inputs = con, landing, inputs
        self._manifests = {manifest.run_id: manifest for manifest in landing.manifests()}

    def sources(self, row: Mapping[str, Any]) -> Iterator[Source]:
        """Yield the rows of LeafLink whose keys `row` has."""
        told: set[str] = set()
        for column, name in _RESOURCES.items():
            if row.get(column) is None or name not in self._inputs or name in told:
                continue
            told.add(name)
            by, key = all_resources()[name].key, str(row[column])
            found = self._con.execute(
                f"SELECT _run_id, _extracted_at FROM raw.{name} "
                f"WHERE _company = ? AND CAST({identifier(by)} AS VARCHAR) = ?",
                [row["_company"], key],
            ).fetchone()
            if found is not None:
                run_id, read_at = found
                own = self._manifests.get(run_id)
                runs = [own] if own is not None else self._newest_of(row["_company"])
                yield Source(column, name, key, run_id, read_at, *self._landed(runs, name, by, key))

    def _newest_of(self, company: str) -> list[Manifest]:
        """Return the runs of a company that the landing holds, the newest first."""
        found = (manifest for manifest in self._manifests.values() if manifest.company == company)
        return sorted(found, key=lambda manifest: manifest.run_id, reverse=True)

    def _landed(
        self, runs: Iterable[Manifest], resource: str, by: str, key: str
    ) -> tuple[str, str, int] | tuple[None, None, None]:
        """Return window, file and place of a row in the last batch of the first run that has it, or None."""
        for manifest in runs:
            for read in manifest.resources:
                for batch in reversed(read.batches if read.resource == resource else ()):
                    with self._landing.looked_up(batch) as path:
                        found = None if path is None else _place_in(path, read, by, key)
                    if found is not None:
                        window, place = found
                        return window, batch.file, place
        return None, None, None


def _place_in(path: Path, read: ResourceRead, by: str, key: str) -> tuple[str, int] | None:
    """Return the windows of a read that a row of a landed file lies in, and its place there; None where it is not."""
    with closing(duckdb.connect()) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(
            "CREATE VIEW landed AS SELECT *, file_row_number + 1 AS place "
            f"FROM read_parquet({literal(str(path))}, file_row_number = true)"
        )
        columns = {name for name, *_ in con.execute("DESCRIBE landed").fetchall()}
        row = con.execute(
            f"SELECT max(place) FROM landed WHERE CAST({identifier(by)} AS VARCHAR) = ?", [key]
        ).fetchone()
        if row is None or row[0] is None:
            return None
        windows = []
        for window in read.windows:
            conditions, values = _conditions(window.window, columns)
            found = con.execute(f"SELECT place FROM landed WHERE place = ?{conditions}", [row[0], *values]).fetchone()
            if found is not None:
                windows.append(unquote(window.window))
        return "; ".join(dict.fromkeys(windows)) or "everything", row[0]


def _conditions(window: str, columns: Collection[str]) -> tuple[str, list[str]]:
    """Return what holds for the rows of a window, as far as they have the columns, with its values.

    A window without filters, such as `one by one`, may have any row.
    """
    conditions, values = "", []
    for filter_, value in parse_qsl(window):
        field, _, kind = filter_.rpartition("__")
        if kind in _COMPARED and field in columns:
            conditions += f" AND {identifier(field)} {_COMPARED[kind]} CAST(? AS TIMESTAMPTZ)"
            values.append(value)
        elif filter_ in columns:
            conditions += f" AND CAST({identifier(filter_)} AS VARCHAR) = ?"
            values.append(value)
    return conditions, values
