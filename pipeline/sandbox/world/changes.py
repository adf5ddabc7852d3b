"""What happens at LeafLink between two looks at it: some of everything, every time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.sandbox.store.forms import instant, money, noon_of, quantity_text, random_for, scaled
from pipeline.sandbox.store.store import Store, from_json
from pipeline.sandbox.store.table import Row
from pipeline.sandbox.world.amounts import settled
from pipeline.sandbox.world.catalog import image
from pipeline.sandbox.world.config import SandboxConfig
from pipeline.sandbox.world.customers import Buyer, make_customer
from pipeline.sandbox.world.generation import follow, put_bundles
from pipeline.sandbox.world.orders import Bundle, Keys, OrderMaker, other_rep
from pipeline.sandbox.world.payments import Payment, payment_row
from pipeline.sandbox.world.products import Goods
from pipeline.sandbox.world.stock import add_batch
from pipeline.sandbox.world.surroundings import Follower
from pipeline.sandbox.world.tables import TABLES
from pipeline.sandbox.world.vocabulary import NOTES, STATUSES_ONWARD

# What an order may become next; what stands more often is likelier. Orders also go back.
NEXT_STATUSES = {
    "Draft": ("Submitted",),
    "Submitted": ("Accepted",) * 6 + ("Rejected",),
    "Accepted": ("Fulfilled",) * 6 + ("Backorder", "Submitted", "Cancelled"),
    "Backorder": ("Accepted",),
    "Fulfilled": ("Shipped",) * 8 + ("Accepted",),
    "Shipped": ("Complete",),
}
_OWING = """
    SELECT key FROM orders_received
    WHERE paid = 0 AND balance > 0 AND status IN ('Shipped', 'Complete') AND {} ORDER BY key
"""
# The newest payments that can bounce or be deleted without leaving less than nothing paid.
_UNDOABLE = """
    SELECT key FROM order_payments AS payment
    WHERE cents BETWEEN 1 AND (SELECT sum(cents) FROM order_payments WHERE order_number = payment.order_number)
    ORDER BY key DESC LIMIT 300
"""
_FEWEST_DRAFTS = 4  # a step leaves so many, of which the next one deletes some


@dataclass
class Changes:
    """How many of each kind of change a step made."""

    orders_added: int = 0
    orders_edited: int = 0
    statuses_moved: int = 0
    lines_edited: int = 0
    lines_removed: int = 0
    drafts_deleted: int = 0
    payments_added: int = 0
    payments_bounced: int = 0
    payments_deleted: int = 0
    orders_ticked_paid: int = 0
    customers_added: int = 0
    customers_edited: int = 0
    products_edited: int = 0
    products_archived: int = 0
    images_replaced: int = 0
    batches_added: int = 0
    reps_changed: int = 0


class Mover:
    """Moves a sandbox's data on from its last moment to `now`, in the caller's transaction."""

    def __init__(self, store: Store, config: SandboxConfig, now: datetime) -> None:
        self.store, self.config = store, config
        self.step = store.recall("step") + 1
        self.since = datetime.fromisoformat(store.recall("now"))
        # A clock that stands still or was set back must not stop the sandbox from moving on.
        self.now = max(now, self.since + timedelta(milliseconds=1))
        self.days = (self.now - self.since) / timedelta(days=1)
        self.rng = random_for(config.seed, "step", self.step)
        self.keys = Keys(**store.recall("keys"))
        self.changes = Changes()

    def move(self) -> Changes:
        """Make the changes and remember the moment; returns how many there were of each kind."""
        self._delete_drafts()
        self._move_statuses()
        self._edit_orders()
        self._change_lines()
        self._change_payments()
        self._add_orders()
        self._edit_catalog()
        self._replace_images()
        self._add_batches()
        self._change_reps()
        follow(self.store, self.now, self.step)
        rng = random_for(self.config.seed, "surroundings", self.step)
        Follower(self.store, self.config, self.since, self.now, rng).follow()
        self.store.remember("keys", asdict(self.keys))
        self.store.remember("now", self.now.isoformat())
        self.store.remember("step", self.step)
        return self.changes

    def _moment(self) -> datetime:
        """Return a moment after the last step and not after now."""
        return self.now - (self.now - self.since) * self.rng.random() * 0.999

    def _daily(self, share: float) -> int:
        """Return how many of the orders of the time that passed are in `share`, at most a quarter of all."""
        return int(min(self.days / self.config.days, 0.25) * self.config.orders * share)

    def _pick(self, query: str, count: int) -> list[Any]:
        found = self.store.select(query)
        return [key for (key,) in self.rng.sample(found, min(count, len(found)))]

    def _row(self, resource: str, key: object) -> Row:
        body = self.store.get(resource, key)
        assert body is not None
        row: Row = from_json(body)
        return row

    def _children(self, resource: str, number: str) -> list[Row]:
        found = self.store.children(TABLES[resource], "order_number", [number])
        return [from_json(body) for body in found[number]]

    def _write_order(self, order: Row, *, touched: bool = True) -> None:
        """Write an order with the amounts that follow from its lines and payments."""
        if touched:
            order["modified"] = instant(self._moment(), self.rng)
        lines, payments = (self._children(name, order["number"]) for name in ("line_items", "order_payments"))
        self.store.put("orders_received", [settled(order, lines, payments)])

    def _delete_drafts(self) -> None:
        for number in self._pick("SELECT key FROM orders_received WHERE status = 'Draft' ORDER BY key", 2):
            self.store.delete("orders_received", "key", number)
            self.store.delete("line_items", "order_number", number)
            self.changes.drafts_deleted += 1

    def _move_statuses(self) -> None:
        moving = "SELECT key FROM orders_received WHERE status IN ({}) ORDER BY key"
        kept = self.store.select("SELECT count(*) FROM orders_received WHERE status = 'Draft'")[0][0]
        drafts = self._pick(moving.format("'Draft'"), min(2, max(0, kept - _FEWEST_DRAFTS)))
        under_way = moving.format("'Submitted', 'Accepted', 'Backorder', 'Fulfilled', 'Shipped'")
        for number in drafts + self._pick(under_way, 5 + self._daily(2.5)):
            order = self._row("orders_received", number)
            status = self.rng.choice(NEXT_STATUSES[order["status"]])
            order |= {"status": status, "available_transitions": list(STATUSES_ONWARD[status])}
            if status == "Shipped":
                order["ship_date"] = noon_of(self.now.date(), self.rng)
            self._write_order(order)
            self.changes.statuses_moved += 1

    def _edit_orders(self) -> None:
        # Of all ages: an order can get a discount long after it is Complete.
        for number in self._pick("SELECT key FROM orders_received ORDER BY key", 3 + self._daily(0.2)):
            order = self._row("orders_received", number)
            short_id = f"{self.rng.getrandbits(32):08x}"
            edits: Sequence[Row] = (
                {"notes": self.rng.choice(NOTES), "internal_notes": f"checked ✓ {self.step}"},
                {"short_id": short_id, "order_short_number": short_id},
                {"discount": self.rng.choice(("2.5", 5)), "discount_type": "%"},
            )
            self._write_order(order | edits[self.changes.orders_edited % len(edits)])
            self.changes.orders_edited += 1

    def _change_lines(self) -> None:
        """Remove a line from two orders and change the quantity of one in two others."""
        # Of the newest orders only: to group all the lines of a large sandbox would take seconds.
        query = """
            SELECT order_number FROM line_items
            WHERE order_number IN (SELECT key FROM orders_received ORDER BY created_on DESC, key LIMIT 1000)
            GROUP BY order_number HAVING count(*) > 1 ORDER BY order_number
        """
        for position, number in enumerate(self._pick(query, 4)):
            line = self.rng.choice(self._children("line_items", number))
            if position % 2:
                units = scaled(line["quantity"], 4) + scaled(line["unit_multiplier"] or 1, 4)
                self.store.put("line_items", [line | {"quantity": quantity_text(units)}])
                self.changes.lines_edited += 1
            else:
                self.store.delete("line_items", "key", line["id"])
                self.changes.lines_removed += 1
            self._write_order(self._row("orders_received", number), touched=self.config.touches_orders)

    def _change_payments(self) -> None:
        for key in self._pick(_UNDOABLE, 2):
            payment = self._row("order_payments", key)
            self.store.delete("order_payments", "key", key)
            self.changes.payments_deleted += 1
            self._write_order(self._row("orders_received", payment["order"]), touched=self.config.touches_orders)
        for key in self._pick(_UNDOABLE, 2):
            payment = self._row("order_payments", key)
            order = self._row("orders_received", payment["order"]) | {"paid": False, "paid_date": None}
            self._pay(order, -scaled(payment["total"], 2), "Returned unpaid", "check", 0)
            self.changes.payments_bounced += 1
        for position, number in enumerate(self._pick(_OWING.format("1"), 3 + self._daily(0.8))):
            self._settle(self._row("orders_received", number), position % 3)
        without_payment = "key NOT IN (SELECT order_number FROM order_payments)"
        for number in self._pick(_OWING.format(without_payment), 1):
            self._write_order(self._row("orders_received", number) | self._tick())
            self.changes.orders_ticked_paid += 1

    def _tick(self) -> Row:
        """Return what an order that is ticked as paid has more, back-dated by up to five days."""
        paid_on = (self.now - timedelta(days=self.rng.randrange(6))).date()
        return {"paid": True, "paid_date": paid_on.isoformat()}

    def _settle(self, order: Row, way: int) -> None:
        """Pay what is owed: 0 in part, 1 in full without a tick, 2 in full."""
        owed = scaled(order["payment_balance"], 2)
        self._pay(order | (self._tick() if way == 2 else {}), owed if way else max(1, owed // 2), None, "ach", 5)
        self.changes.payments_added += 1

    def _pay(self, order: Row, cents: int, reason: str | None, kind: str, days_back: int) -> None:
        """Record a payment, back-dated by up to so many days."""
        recorded = self._moment()
        made_at = recorded - timedelta(days=self.rng.random() * days_back)
        payment = Payment(made_at, cents, reason, kind)
        currency = order["total"]["currency"]
        row = payment_row(self.keys.payment, order["number"], currency, payment, recorded, self.rng)
        times = {"created_on": instant(recorded, self.rng), "modified": instant(recorded, self.rng)}
        self.keys.payment += 1
        self.store.put("order_payments", [row | times])
        self._write_order(order, touched=self.config.touches_orders)

    def _add_orders(self) -> None:
        maker = OrderMaker(
            [each for each in map(Buyer.of, self._all("customers")) if each.is_active],
            [each for each in map(Goods.of, self._all("products")) if each.is_listed],
            self.keys,
            self.rng,
        )
        moments = sorted(self._moment() for _ in range(5 + self._daily(1)))
        statuses = ("Draft", "Draft", "Submitted", "Shipped")
        bundles = [
            maker.make(created, self.now, statuses[position] if position < len(statuses) else None)
            for position, created in enumerate(moments)
        ]
        bundles.append(self._late(maker))
        put_bundles(self.store, bundles)
        self.changes.orders_added += len(bundles)

    def _late(self, maker: OrderMaker) -> Bundle:
        """Return an order that only now shows up, although it was created days ago."""
        late = maker.make(self.now - timedelta(days=4.6), self.now, "Accepted")
        if self.config.touches_orders:
            late.order["modified"] = instant(self._moment(), self.rng)
        return late

    def _replace_images(self) -> None:
        for key in self._pick("SELECT key FROM product_images ORDER BY key", 1):
            old = self._row("product_images", key)
            self.store.delete("product_images", "key", key)
            new = image(self.store.new_keys("product_images"), old["product"], old["position"])
            self.store.put("product_images", [new])
            self.changes.images_replaced += 1

    def _add_batches(self) -> None:
        for key in self._pick("SELECT DISTINCT product FROM inventory_items WHERE is_archived = 0 ORDER BY product", 1):
            add_batch(self.store, self._row("products", key), self.now, self.rng)
            self.changes.batches_added += 1

    def _change_reps(self) -> None:
        """Give an order to one of the reps who do not look after it, and to nobody else."""
        for number in self._pick("SELECT key FROM orders_received ORDER BY key", 1):
            order = self._row("orders_received", number)
            self._write_order(order | {"sales_reps": [other_rep(order["seller"], order["sales_reps"], self.rng)]})
            self.changes.reps_changed += 1

    def _all(self, resource: str) -> list[Row]:
        return [from_json(body) for body in self.store.bodies(TABLES[resource])]

    def _edit_catalog(self) -> None:
        def write(resource: str, row: Row) -> None:
            self.store.put(resource, [row | {"modified": instant(self._moment(), self.rng)}])

        for key in self._pick("SELECT key FROM customers ORDER BY key", 2):
            write("customers", self._row("customers", key) | {"notes": f"Called, step {self.step} ☎"})
            self.changes.customers_edited += 1
        created = self._moment()
        self.store.put("customers", [make_customer(self.keys.customer, created, created, self.rng)])
        self.keys.customer += 1
        self.changes.customers_added += 1
        listed = (
            "SELECT key FROM products WHERE body ->> '$.listing_state' {} 'Archived' AND NOT body ->> '$.is_ancillary'"
        )
        for key in self._pick(listed.format("<>") + " ORDER BY key", 2):
            row = self._row("products", key)
            price = scaled(row["wholesale_price"], 2) * 103 // 100
            write("products", row | {"wholesale_price": money(price, "USD", self.rng)})
            self.changes.products_edited += 1
        for key in self._pick(listed.format("<>") + " ORDER BY key", 2):
            write("products", self._row("products", key) | _listing("Archived"))
            self.changes.products_archived += 1
        archived = self._pick(listed.format("=") + " ORDER BY key", len(self._all("products")))
        # Sellers bring things back: else nothing would be left to sell after some hundred steps.
        for key in archived[: max(0, len(archived) - self.config.products // 3)]:
            write("products", self._row("products", key) | _listing("Available"))


def _listing(state: str) -> Row:
    return {"listing_state": state, "display_listing_state": state}
