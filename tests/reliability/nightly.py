"""What a night promises where changes to lines and payments do not show in the `modified` of their order.

After one quiet nightly run the warehouse equals the source in

- orders with their lines that changed and say so in `modified`, were created in the last 60 days, are not paid or were
  not when they were seen last, or that a payment points at which is new or has vanished since;
- payments: which there are, and what the new ones say;
- customers and products that changed and say so.

The rest waits for the read of everything, a week later at most: a payment that was changed where it stands, a line of
an old paid order, an old paid order whose payment came or went after the order but before the payments were read, and
what was deleted of customers, products, and old paid orders without a payment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from tests.acceptance.nights import NOW, House

_RECENT = NOW - timedelta(days=60)


@dataclass(frozen=True)
class Holdings:
    """What is known of orders and payments before a night: orders to look at again, and the order of each payment."""

    orders: frozenset[str]
    payments: dict[int, str]

    @classmethod
    def of(cls, house: House) -> Self:
        """Look at what is published."""
        orders = house.raw("orders_received").to_pylist()
        payments = house.raw("order_payments").to_pylist()
        return cls(
            frozenset(row["number"] for row in orders if not row["paid"] or row["created_on"] >= _RECENT),
            {row["id"]: row["order"] for row in payments},
        )

    def promised(self, house: House) -> set[str]:
        """Return the orders that the next night has to bring, or to find deleted."""
        payments = {row["id"]: row["order"] for row in house.sandbox.rows("order_payments")}
        pointed_at = {(self.payments | payments)[key] for key in self.payments.keys() ^ payments.keys()}
        return (
            self.orders | pointed_at | {row["number"] for row in house.sandbox.rows("orders_received") if _shows(row)}
        )


def _shows(row: dict[str, Any]) -> bool:
    """Return whether an order of the source is one that any night reads. Every change is later than NOW."""
    created, modified = (datetime.fromisoformat(row[name]) for name in ("created_on", "modified"))
    return not row["paid"] or created >= _RECENT or modified >= NOW


def broken_promises(house: House, held: Holdings) -> Iterator[Any]:
    """Yield the differences between raw and the source that the night after `held` should not have left."""
    promised = held.promised(house)
    order_of = {row["id"]: row["order"] for row in house.raw("line_items").to_pylist()}
    order_of |= {row["id"]: row["order"] for row in house.sandbox.rows("line_items")}
    for each in house.differences("orders_received", "number"):
        if _key(each) in promised:
            yield "orders_received", each
    for each in house.differences("line_items", "id"):
        if order_of[_key(each)] in promised:
            yield "line_items", each
    for each in house.differences("order_payments", "id"):
        if not isinstance(each, tuple) or each[0] not in held.payments:
            yield "order_payments", each
    for resource in ("customers", "products"):
        present = {row["id"] for row in house.sandbox.rows(resource)}
        for each in house.differences(resource, "id"):
            if _key(each) in present:
                yield resource, each


def _key(difference: Any) -> Any:
    return difference[0] if isinstance(difference, tuple) else difference
