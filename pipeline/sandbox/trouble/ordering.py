"""The order that a resource is listed in, when it is to be another than its own, and chance that hangs on keys."""

from collections.abc import Iterable, Mapping

from pipeline.errors import UsageError
from pipeline.sandbox.store.filters import field
from pipeline.sandbox.store.store import Store
from pipeline.sandbox.store.table import Table
from pipeline.sandbox.world.tables import TABLES

ORDERS = ("key", "-key", "created", "-created", "modified", "-modified", "shuffled")
_EVERY_OTHER = "*"
_FIELDS = {"created": "created_on", "modified": "modified"}
_TEXT_TAIL = 8  # as many last characters of a text decide where chance puts it


def parse_orders(texts: Iterable[str]) -> dict[str, str]:
    """Return what texts such as `line_items=-key` say; raises UsageError for one that says nothing that can be."""
    listed: dict[str, str] = {}
    for text in texts:
        resource, _, order = text.partition("=")
        if order not in ORDERS or (resource not in TABLES and resource != _EVERY_OTHER):
            example = f"Write RESOURCE=ORDER, such as line_items=-key. Orders are: {', '.join(ORDERS)}."
            raise UsageError(f"--listed cannot use {text!r}. {example}")
        listed[resource] = order
    return listed


def check_orders(store: Store, listed: Mapping[str, str]) -> None:
    """Raise ValueError for an order that does not exist, and for one that a resource named has no field for."""
    for resource, order in listed.items():
        if order not in ORDERS:
            raise ValueError(f"{resource} cannot be listed by {order!r}. There are: {', '.join(ORDERS)}.")
        if resource == _EVERY_OTHER:
            continue
        if resource not in TABLES:
            raise ValueError(f"There is no resource {resource!r} to list by {order!r}. There are: {', '.join(TABLES)}.")
        if _order(store, TABLES[resource], order) is None:
            raise ValueError(f"{resource} cannot be listed by {order!r}: its rows have no {_field(order)}.")


def index_orders(store: Store, listed: Mapping[str, str]) -> None:
    """Build what makes a page cheap in each of the orders: 20,000 orders have 160,000 lines to sort for every page."""
    for table in TABLES.values():
        order = order_by(store, table, listed)
        if order != table.order_by and not order.startswith("key"):
            name = f"{table.name}_by_{_wanted(table, listed).replace('-', 'last_')}"
            store.write(f"CREATE INDEX IF NOT EXISTS {name} ON {table.name} ({order})")


def order_by(store: Store, table: Table, listed: Mapping[str, str]) -> str:
    """Return the ORDER BY that `listed` wants for the table; where it wants none, or cannot be, the table's own."""
    order = _wanted(table, listed)
    return (order and _order(store, table, order)) or table.order_by


def _wanted(table: Table, listed: Mapping[str, str]) -> str:
    return listed.get(table.name, listed.get(_EVERY_OTHER, ""))


def chance(table: Table) -> str:
    """Return SQL for a whole number that a row's key decides, without rhyme or reason."""
    if table.key_type == "INTEGER":
        return _mixed("key")
    number = "0"
    for position in range(1, _TEXT_TAIL + 1):
        number = f"({number} * 31 + ifnull(unicode(substr(key, -{position}, 1)), 0)) % 1000003"
    return _mixed(f"({number})")


def _mixed(number: str) -> str:
    """Return SQL that takes numbers side by side far apart; below 2^63, which is where SQLite leaves whole numbers."""
    return f"({number} % 1000003 * 2654435761 % 4294967291)"


def _order(store: Store, table: Table, order: str) -> str | None:
    """Return the ORDER BY, or nothing if rows have no such field."""
    sign = "DESC" if order.startswith("-") else "ASC"
    match order.removeprefix("-"):
        case "key":
            return f"key {sign}"
        case "shuffled":
            return f"{chance(table)}, key"
    moment = _moment(store, table, _field(order))
    return None if moment is None else f"{moment} {sign}, key"


def _field(order: str) -> str:
    return _FIELDS[order.removeprefix("-")]


def _moment(store: Store, table: Table, name: str) -> str | None:
    """Return SQL for an instant of a row: its column or, for a table that has none, what its rows say."""
    if name in table.columns:
        return name
    text = field(name)
    if store.select(f"SELECT {text} FROM {table.name} LIMIT 1") in ([], [(None,)]):  # noqa: S608
        return None
    # Seconds apart from microseconds: what SQLite makes of an instant is exact to a thousandth of a second.
    return f"(unixepoch(substr({text}, 1, 19) || substr({text}, 27)) * 1000000 + substr({text}, 21, 6))"
