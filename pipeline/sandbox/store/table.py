"""What a resource of the sandbox is declared by: its path, key, columns, order and filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.filters import Filter
from pipeline.sandbox.store.forms import microseconds

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column beside the body: its SQL type, and how it follows from the row."""

    sql_type: str
    read: Callable[[Row], Any]


@dataclass(frozen=True)
class Table:
    """One resource: where it is served and how its rows are found; most have a number for a key, and list by it.

    `nested` names what is served below one row's path: the last part of the path, the resource, and its column
    that holds this one's key. `includes` are the children that `include_children` can add to a row. `indexes` are
    the columns that rows are looked up by. `assumed` are the values of parameters that are not sent.
    """

    path: str
    key: str = "id"
    key_type: str = "INTEGER"
    columns: Mapping[str, Column] = field(default_factory=dict)
    order_by: str = "key"
    filters: Mapping[str, Filter] = field(default_factory=dict)
    nested: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    includes: frozenset[str] = frozenset()
    indexes: tuple[str, ...] = ()
    assumed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the resource: its path with underscores."""
        return self.path.strip("/").replace("-", "_").replace("/", "_")

    def values_of(self, row: Row) -> tuple[Any, ...]:
        """Return the row's key and columns, in the order of the table."""
        return (row[self.key], *(column.read(row) for column in self.columns.values()))


def moment(name: str) -> Column:
    """Return a column with an instant of the row."""
    return Column("INTEGER", lambda row: microseconds(row[name]))


def plain(name: str, sql_type: str = "INTEGER") -> Column:
    """Return a column with a field of the row as it is."""
    return Column(sql_type, lambda row: row[name])


TIMES = {"created_on": moment("created_on"), "modified": moment("modified")}
TIME_FILTERS = filters.instants("created_on", "created_on {}") | filters.instants("modified", "modified {}")


def text_filters(names: tuple[str, ...]) -> dict[str, Filter]:
    """Return the three filters of each of the fields: the text itself, one of several, and its beginning."""
    found: dict[str, Filter] = {}
    for name in names:
        expression = filters.text_field(name)
        found[name] = filters.equals(expression)
        found[f"{name}__in"] = filters.one_of(expression)
        found[f"{name}__startswith"] = filters.starts_with(expression)
    return found
