"""Which orders and products changed since all that follows from them was brought up to date.

Triggers write it down, whoever makes the change. Without it every small change would have to look through all orders
and products for what it did: half a second of work where there are 20,000 orders.
"""

from collections.abc import Iterator

CHANGED_ORDERS = "(SELECT key FROM changed_orders)"
CHANGED_PRODUCTS = "(SELECT key FROM changed_products)"
FORGET_CHANGES = ("DELETE FROM changed_orders", "DELETE FROM changed_products")
# A product changes for those who follow it when its lines do, or what lies of it in stock.
_PRODUCT_OF = {"products": "key", "line_items": "product_id", "inventory_items": "product"}


def noticing() -> Iterator[str]:
    """Yield the statements that make a new database notice changes, once its tables are there."""
    yield "CREATE TABLE changed_orders (key TEXT PRIMARY KEY) WITHOUT ROWID"
    yield "CREATE TABLE changed_products (key INTEGER PRIMARY KEY)"
    yield from _triggers("orders_received", "key", "changed_orders")
    for resource, column in _PRODUCT_OF.items():
        yield from _triggers(resource, column, "changed_products")


def _triggers(resource: str, column: str, changed: str) -> Iterator[str]:
    """Yield the triggers that note the column of each row that comes, goes or is replaced."""
    note = f"INSERT OR IGNORE INTO {changed}"
    yield _trigger(resource, "AFTER DELETE", f"{note} VALUES (old.{column})")
    yield _trigger(resource, "AFTER INSERT", f"{note} VALUES (new.{column})")
    if column != "key":
        # SQLite does not call it a deletion when a row is replaced.
        yield _trigger(resource, "BEFORE INSERT", f"{note} SELECT {column} FROM {resource} WHERE key = new.key")  # noqa: S608


def _trigger(resource: str, event: str, statement: str) -> str:
    name = f"{resource}_{event.replace(' ', '_').lower()}"
    return f"CREATE TRIGGER {name} {event} ON {resource} BEGIN {statement}; END"
