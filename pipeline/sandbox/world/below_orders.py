"""What LeafLink gives for one order at a time: what was written under it, and how it is delivered.

Nothing of it is stored, since all of it follows from the rest: some entries of an order's log were commented on by
whoever made them, and where a shipped order goes is in the order. So it changes only where an order's `modified` does.
"""

from collections.abc import Callable
from typing import Any

from pipeline.sandbox.store.store import Store, from_json
from pipeline.sandbox.store.table import Row
from pipeline.sandbox.world.tables import TABLES
from pipeline.sandbox.world.vocabulary import SELLERS

_REPS = {name: rep for seller in SELLERS for rep, name in seller.reps}
_COMMENTS = (
    "Called the store, they want it on Friday.", "¿Pueden cambiar la caja 3? Gracias 🙏", "تم التأكيد",
    "Two cases short;\ncredit follows", "<b>not</b> urgent & \"fine\"", "荷物は裏口へ",
)  # fmt: skip
_DRIVERS = (("Zoë Ünal", "(303) 555-0119"), ("Bo Čapek", None), ("Ana María Ruiz", "+1 206 555 0171"))


def comments_of(store: Store, number: str) -> list[Row] | None:
    """Return the comments on an order, the oldest first; None when there is no such order."""
    if store.get("orders_received", number) is None:
        return None
    logs = [from_json(body) for body in store.children(TABLES["order_event_logs"], "order_number", [number])[number]]
    # Of three comments one is deleted as soon as something else happens to the order.
    return [_comment(log) for log in logs if log["id"] % 3 == 0 and (log["id"] % 9 or log is logs[-1])]


def _comment(log: Row) -> Row:
    return {
        "id": log["id"],
        "order": log["order"],
        "author": _REPS[log["author_name"]],
        "author_name": log["author_name"],
        "message": _COMMENTS[log["id"] // 3 % len(_COMMENTS)],
        "created_on": log["timestamp"],
        "modified": log["timestamp"],
    }


def delivery_of(store: Store, number: str) -> Row | None:
    """Return how an order is delivered; None when there is no such order, or it has not been shipped."""
    body = store.get("orders_received", number)
    order = None if body is None else from_json(body)
    if order is None or order["ship_date"] is None:
        return None
    name, phone = _DRIVERS[int(number[:8], 16) % len(_DRIVERS)]
    return {
        "number": number,
        "delivered_by": order["delivery_provider"],
        "driver": {"name": name, "phone": phone},
        "stops": [{"address": order["delivery_address"], "on": order["ship_date"][:10]}],
    }


# By the first and the last part of the path, with the order's number between them: the resource, and how it is read.
BELOW_ORDERS: dict[tuple[str, str], tuple[str, Callable[[Store, str], Any]]] = {
    ("orders-received", "comments"): ("orders_received_comments", comments_of),
    ("orders", "delivery-information"): ("orders_delivery_information", delivery_of),
}
