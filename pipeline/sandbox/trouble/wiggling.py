"""One small change at a time: what may happen at LeafLink between any two pages of a reading."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

from pipeline.sandbox.store.forms import instant, noon_of, quantity_text, rewritten, scaled
from pipeline.sandbox.world.changes import NEXT_STATUSES
from pipeline.sandbox.world.customers import make_customer
from pipeline.sandbox.world.generation import follow
from pipeline.sandbox.world.orders import Keys
from pipeline.sandbox.world.sandbox import Sandbox
from pipeline.sandbox.world.vocabulary import NOTES, STATUSES_ONWARD

_PAYABLE = "balance > 0 AND status IN ('Shipped', 'Complete')"
_TICKABLE = """
    paid = 0 AND balance > 0 AND status IN ('Shipped', 'Complete')
    AND NOT EXISTS (SELECT 1 FROM order_payments WHERE order_number = orders_received.key)
"""
# A payment that can go without leaving less than nothing paid: only few orders were ever paid anything back.
_UNDOABLE = """
    cents > 0 AND (
        order_number NOT IN (SELECT order_number FROM order_payments WHERE cents < 0) OR cents <=
        (SELECT sum(cents) FROM order_payments AS other WHERE other.order_number = order_payments.order_number)
    )
"""


def wiggle(sandbox: Sandbox, rng: Random, *, touch: bool, now: datetime | None = None) -> str:
    """Make one small change picked by `rng`, and return its name, such as `remove_line`.

    It happens at `now`; without one, up to two seconds after the last moment that the sandbox knows of. Without
    `touch`, a change to lines or payments, a tick as paid and a late order do not show in an order's `modified`.
    The same state and the same `rng` give the same change.
    """
    later = sandbox.now + timedelta(milliseconds=rng.randrange(1, 2000))
    now = later if now is None else max(now, sandbox.now)
    with sandbox.store.transaction():
        name = _Wiggler(sandbox, rng, now, touch=touch).wiggle()
        follow(sandbox.store, now)
        sandbox.store.remember("now", now.isoformat())
    return name


class _Wiggler:
    """Makes one change to a sandbox at `now`, in the caller's transaction.

    What is done to an order itself shows in its `modified`. What is done to its lines and payments, a tick as paid,
    and an order that shows up late do so with `touch` only.
    """

    def __init__(self, sandbox: Sandbox, rng: Random, now: datetime, *, touch: bool) -> None:
        self._sandbox, self._rng, self._now = sandbox, rng, now
        self._touched = now if touch else None

    def wiggle(self) -> str:
        """Make one change of a kind picked by chance among those that are possible; returns its name."""
        kinds: list[Callable[[], bool]] = [
            self._insert_order, self._insert_late_order, self._edit_order, self._move_status, self._delete_draft,
            self._tick_paid, self._add_line, self._edit_line, self._remove_line, self._add_payment,
            self._edit_payment, self._delete_payment, self._edit_product, self._edit_customer, self._add_customer,
        ]  # fmt: skip
        self._rng.shuffle(kinds)
        # A customer can always be added.
        return next(kind.__name__.removeprefix("_") for kind in kinds if kind())

    def _pick(self, resource: str, condition: str = "1") -> Any:
        """Return the key of a row that meets the condition; nothing if there is none."""
        rows = f"FROM {resource} WHERE {condition}"
        ((count,),) = self._sandbox.store.select(f"SELECT count(*) {rows}")
        if not count:
            return None
        position = (self._rng.randrange(count),)
        return self._sandbox.store.select(f"SELECT key {rows} ORDER BY key LIMIT 1 OFFSET ?", position)[0][0]

    def _insert_order(self) -> bool:
        self._sandbox.add_order(self._now, status=self._rng.choice((None, "Draft", "Submitted", "Accepted")))
        return True

    def _insert_late_order(self) -> bool:
        created = self._now - timedelta(days=self._rng.uniform(0.01, 12))
        number = self._sandbox.add_order(created, self._now, self._rng.choice(("Submitted", "Accepted", "Shipped")))
        self._sandbox.edit_order(number, modified=self._touched)
        return True

    def _edit_order(self) -> bool:
        if (number := self._pick("orders_received")) is None:
            return False
        short_id = f"{self._rng.getrandbits(32):08x}"
        edits: tuple[dict[str, Any], ...] = (
            {"notes": self._rng.choice(NOTES), "internal_notes": f"seen ✓ {short_id}"},
            {"short_id": short_id, "order_short_number": short_id},
            {"discount": self._rng.choice(("2.5", 5, "12.25")), "discount_type": "%"},
        )
        self._sandbox.edit_order(number, modified=self._now, **self._rng.choice(edits))
        return True

    def _move_status(self) -> bool:
        statuses = ", ".join(f"'{status}'" for status in NEXT_STATUSES)
        if (number := self._pick("orders_received", f"status IN ({statuses})")) is None:
            return False
        status = self._rng.choice(NEXT_STATUSES[self._sandbox.get("orders_received", number)["status"]])
        fields: dict[str, Any] = {"status": status, "available_transitions": list(STATUSES_ONWARD[status])}
        if status == "Shipped":
            fields["ship_date"] = noon_of(self._now.date(), self._rng)
        self._sandbox.edit_order(number, modified=self._now, **fields)
        return True

    def _delete_draft(self) -> bool:
        if (number := self._pick("orders_received", "status = 'Draft'")) is None:
            return False
        self._sandbox.delete_order(number)
        return True

    def _tick_paid(self) -> bool:
        if (number := self._pick("orders_received", _TICKABLE)) is None:
            return False
        paid_on = (self._now - timedelta(days=self._rng.randrange(6))).date()
        self._sandbox.edit_order(number, modified=self._touched, paid=True, paid_date=paid_on.isoformat())
        return True

    def _add_line(self) -> bool:
        if (number := self._pick("orders_received")) is None:
            return False
        self._sandbox.add_line(number, modified=self._touched)
        return True

    def _edit_line(self) -> bool:
        if (key := self._pick("line_items")) is None:
            return False
        line = self._sandbox.get("line_items", key)
        units = scaled(line["quantity"], 4) + scaled(line["unit_multiplier"] or 1, 4)
        self._sandbox.edit_line(key, modified=self._touched, quantity=quantity_text(units))
        return True

    def _remove_line(self) -> bool:
        if (key := self._pick("line_items")) is None:
            return False
        self._sandbox.remove_line(key, modified=self._touched)
        return True

    def _add_payment(self) -> bool:
        if (number := self._pick("orders_received", _PAYABLE)) is None:
            return False
        owed = scaled(self._sandbox.get("orders_received", number)["payment_balance"], 2)
        self._sandbox.add_payment(number, self._rng.randint(1, owed), self._now, modified=self._touched)
        return True

    def _edit_payment(self) -> bool:
        if (key := self._pick("order_payments", "cents > 0")) is None:
            return False
        payment = self._sandbox.get("order_payments", key)
        cents = scaled(payment["total"], 2) + self._rng.randint(1, 5000)
        changed = {"total": rewritten(payment["total"], cents), "modified": instant(self._now, self._rng)}
        self._sandbox.put("order_payments", payment | changed)
        self._sandbox.edit_order(payment["order"], modified=self._touched)
        return True

    def _delete_payment(self) -> bool:
        if (key := self._pick("order_payments", _UNDOABLE)) is None:
            return False
        self._sandbox.delete_payment(key, modified=self._touched)
        return True

    def _edit_product(self) -> bool:
        key = self._pick("products")
        price = self._sandbox.get("products", key)["wholesale_price"]
        cents = scaled(price, 2) + self._rng.randint(1, 99)
        return self._edit("products", key, wholesale_price=rewritten(price, cents))

    def _edit_customer(self) -> bool:
        return self._edit("customers", self._pick("customers"), notes=f"Called ☎ {self._rng.randrange(10**6)}")

    def _edit(self, resource: str, key: int, **fields: Any) -> bool:
        fields["modified"] = instant(self._now, self._rng)
        self._sandbox.put(resource, self._sandbox.get(resource, key) | fields)
        return True

    def _add_customer(self) -> bool:
        keys = Keys(**self._sandbox.store.recall("keys"))
        self._sandbox.put("customers", make_customer(keys.customer, self._now, self._now, self._rng))
        keys.customer += 1
        self._sandbox.store.remember("keys", asdict(keys))
        return True
