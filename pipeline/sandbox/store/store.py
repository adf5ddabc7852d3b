"""The file that a sandbox lives in: one SQLite database with a table per resource."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from pipeline.errors import ConfigurationError
from pipeline.sandbox.store.filters import Condition
from pipeline.sandbox.store.noticing import FORGET_CHANGES, noticing
from pipeline.sandbox.store.table import Row, Table

# Statements below are put together from the declarations in `tables`; what comes from outside is always bound.
# ruff: noqa: S608

_FORMAT = 4  # goes up when a file of before can no longer be used
_CACHE_KIB = 64 * 1024


def to_json(row: Any) -> bytes:
    """Return JSON; a Decimal becomes a number with all of its digits."""
    return orjson.dumps(row, default=_exact)


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"a row cannot hold {type(value).__name__}")


def from_json(body: bytes | str) -> Any:
    """Return what JSON holds, with Decimals for all numbers that are not whole."""
    return json.loads(body, parse_float=Decimal)


class Store:
    """The database. Not to be used by two threads at once."""

    def __init__(self, path: Path, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        # A crash of the process loses nothing, and one of the machine only invented data; to wait for the disk after
        # each small change took most of its time.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._counts: dict[Any, int] = {}
        self._version = -1

    @classmethod
    def create(cls, path: Path, tables: Mapping[str, Table]) -> "Store":
        """Return an empty database that only its owner may read; until `finish` it is written without a net."""
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        store = cls(path, tables)
        store._connection.execute("PRAGMA journal_mode = OFF")
        store._connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        for table in tables.values():
            columns = [f"key {table.key_type} PRIMARY KEY"]
            columns += [f"{name} {column.sql_type}" for name, column in table.columns.items()]
            store._connection.execute(f"CREATE TABLE {table.name} ({', '.join(columns)}, body TEXT NOT NULL)")
        for statement in noticing():
            store._connection.execute(statement)
        store._connection.execute("BEGIN")
        return store

    @classmethod
    def open(cls, path: Path, tables: Mapping[str, Table]) -> "Store":
        """Return the database that is there; raises ConfigurationError when it is damaged or of another version."""
        try:
            store = cls(path, tables)
            (found,) = store._connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            message = f"the sandbox's file {path} cannot be read ({error}): delete it, and a new one is made."
            raise ConfigurationError(message) from error
        if found != _FORMAT:
            store.close()
            message = f"the sandbox's file {path} is of another version ({found}, not {_FORMAT}): delete it."
            raise ConfigurationError(message)
        return store

    def finish(self) -> None:
        """Build the indexes of a new database and put it on disk."""
        for table in self._tables.values():
            for number, columns in enumerate(table.indexes):
                self._connection.execute(f"CREATE INDEX {table.name}_{number} ON {table.name} ({columns})")
        self._connection.execute("COMMIT")
        self._connection.execute(f"PRAGMA user_version = {_FORMAT}")
        self._connection.close()

    def copy(self) -> "Store":
        """Return a database in memory that stands as this one does now, and stays so while this one changes."""
        store = Store(Path(":memory:"), self._tables)
        self._connection.backup(store._connection)
        return store

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that is written inside, or nothing of it. Transactions inside one another are one."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        else:
            self._connection.execute("COMMIT")
        finally:
            self._counts.clear()

    def put(self, resource: str, rows: Iterable[Row]) -> None:
        """Insert rows, or replace those with their keys."""
        table = self._tables[resource]
        marks = ", ".join("?" * (len(table.columns) + 2))
        values = ((*table.values_of(row), to_json(row).decode()) for row in rows)
        self._connection.executemany(f"INSERT OR REPLACE INTO {table.name} VALUES ({marks})", values)
        self._counts.clear()

    def delete(self, resource: str, column: str, value: object) -> int:
        """Delete the rows whose column (or `key`) has that value; returns how many there were."""
        self._counts.clear()
        return self._connection.execute(f"DELETE FROM {resource} WHERE {column} = ?", (value,)).rowcount

    def get(self, resource: str, key: object) -> bytes | None:
        """Return the body of the row with that key."""
        found = self.page(self._tables[resource], [Condition("key = ?", (key,))], 1, 0)
        return found[0][1] if found else None

    def count(self, table: Table, where: Sequence[Condition] = ()) -> int:
        """Return how many rows there are; remembered until something is written, by whomever."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._counts.clear()
            self._version = version
        asked = (table.name, tuple(where))
        if asked not in self._counts:
            condition = _joined(where)
            query = f"SELECT count(*) FROM {table.name} WHERE {condition.sql}"
            self._counts[asked] = self._connection.execute(query, condition.values).fetchone()[0]
        return self._counts[asked]

    def page(
        self, table: Table, where: Sequence[Condition], limit: int, offset: int, order_by: str | None = None
    ) -> list[tuple[Any, bytes]]:
        """Return keys and bodies of a page; a limit of -1 is none."""
        condition, order = _joined(where), order_by or table.order_by
        # First the keys, which narrow indexes know: to skip rows together with their bodies costs twenty times more.
        keys = f"SELECT key FROM {table.name} WHERE {condition.sql} ORDER BY {order} LIMIT ? OFFSET ?"
        query = f"SELECT key, CAST(body AS BLOB) FROM {table.name} WHERE key IN ({keys}) ORDER BY {order}"
        return self._connection.execute(query, (*condition.values, limit, offset)).fetchall()

    def bodies(self, table: Table) -> Iterator[bytes]:
        """Yield the bodies of all rows in the order of the API."""
        query = f"SELECT CAST(body AS BLOB) FROM {table.name} ORDER BY {table.order_by}"
        return (body for (body,) in self._connection.execute(query))

    def rows(self, table: Table, where: Sequence[Condition] = ()) -> list[Row]:
        """Return the rows that meet the conditions, in the order of the API."""
        return [from_json(body) for _, body in self.page(table, where, -1, 0)]

    def select(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a query of the sandbox's own."""
        return self._connection.execute(query, values).fetchall()

    def write(self, statement: str, values: Mapping[str, object] | None = None) -> int:
        """Run a statement of the sandbox's own that changes rows; returns how many it changed."""
        self._counts.clear()
        self._connection.execute(statement, values or {})
        changed: int = self._connection.execute("SELECT changes()").fetchone()[0]
        return changed

    def forget_changes(self) -> None:
        """Say that all that follows from orders and products is up to date."""
        for statement in FORGET_CHANGES:
            self.write(statement)

    def children(self, table: Table, column: str, keys: Sequence[object]) -> dict[Any, list[bytes]]:
        """Return the bodies of the children of each of the keys, in the order of the API."""
        found: dict[Any, list[bytes]] = {key: [] for key in keys}
        marks = ", ".join("?" * len(keys))
        query = (
            f"SELECT {column}, CAST(body AS BLOB) FROM {table.name} WHERE {column} IN ({marks})"
            f" ORDER BY {table.order_by}"
        )
        for key, body in self._connection.execute(query, tuple(keys)):
            found[key].append(body)
        return found

    def remember(self, name: str, value: Any) -> None:
        """Keep a value beside the data, under a name."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def new_keys(self, resource: str, count: int = 1, first: int = 1) -> int:
        """Return the first of so many keys in a row that no row of the resource ever had; the very first is `first`."""
        name = f"next key of {resource}"
        found = self.select("SELECT value FROM meta WHERE name = ?", (name,))
        key = int(found[0][0]) if found else first
        self.remember(name, key + count)
        return key

    def recall(self, name: str) -> Any:
        """Return the value kept under the name."""
        (value,) = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(value)


def _joined(where: Sequence[Condition]) -> Condition:
    sql = " AND ".join(f"({each.sql})" for each in where)
    return Condition(sql or "1", tuple(value for each in where for value in each.values))
