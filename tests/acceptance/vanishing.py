"""Rows that the source does not show for a while."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.sandbox import Sandbox
from pipeline.sandbox.store.table import Row

from .nights import FIVE

KEYS = {**FIVE, "brands": "id"}
MANY = 40


@dataclass
class Vanished:
    """Rows that the source does not show, and may show again."""

    sandbox: Sandbox
    rows: list[tuple[str, Row]]

    def return_(self) -> None:
        for resource, row in self.rows:
            self.sandbox.put(resource, row)


def vanish(sandbox: Sandbox, rows: Iterable[tuple[str, Row]]) -> Vanished:
    vanished = Vanished(sandbox, list(rows))
    for resource, row in vanished.rows:
        sandbox.delete(resource, row[KEYS[resource]])
    return vanished


def some(sandbox: Sandbox, resource: str, count: int = MANY) -> list[tuple[str, Row]]:
    found = [(resource, row) for row in sandbox.rows(resource)][:count]
    assert len(found) == count
    return found


def some_orders(sandbox: Sandbox, count: int = MANY) -> list[tuple[str, Row]]:
    """Return orders, but no drafts, with all that is theirs."""
    orders = [row for row in sandbox.rows("orders_received") if row["status"] != "Draft"][:count]
    assert len(orders) == count
    lines = [("line_items", line) for order in orders for line in sandbox.lines_of(order["number"])]
    payments = [("order_payments", each) for order in orders for each in sandbox.payments_of(order["number"])]
    return [*(("orders_received", order) for order in orders), *lines, *payments]
