"""The state of an embedded LeafLink: opened, moved on, looked at, and changed one thing at a time."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.sandbox.store.forms import instant, random_for
from pipeline.sandbox.store.store import Store, from_json
from pipeline.sandbox.store.table import Row, Table
from pipeline.sandbox.world.amounts import settled
from pipeline.sandbox.world.below_orders import comments_of, delivery_of
from pipeline.sandbox.world.changes import Changes, Mover
from pipeline.sandbox.world.config import SandboxConfig
from pipeline.sandbox.world.customers import Buyer
from pipeline.sandbox.world.generation import follow, generate, put_bundles
from pipeline.sandbox.world.lines import choose_lines, line_row
from pipeline.sandbox.world.orders import Keys, OrderMaker
from pipeline.sandbox.world.payments import Payment, payment_row
from pipeline.sandbox.world.products import Goods
from pipeline.sandbox.world.tables import TABLES
from pipeline.sandbox.world.timeline import Moments


class Sandbox:
    """An embedded LeafLink's data. It has no clock: whoever uses it says what time it is.

    Every method that takes `modified` gives that moment to the changed order; without it the change does not
    show in the order's `modified`. Unknown keys raise KeyError.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.config = SandboxConfig(**store.recall("config"))

    @classmethod
    def open(cls, folder: Path, config: SandboxConfig, now: datetime) -> "Sandbox":
        """Open the sandbox in `folder`, or make one there from `config`. One that exists keeps its own config.

        Raises ConfigurationError when its file is damaged or of another version.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "sandbox.sqlite"
        if not path.exists():
            generate(path, config, now)
        return cls(Store.open(path, TABLES))

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    @property
    def now(self) -> datetime:
        """The last moment that the sandbox knows of."""
        return datetime.fromisoformat(self.store.recall("now"))

    @property
    def fingerprint(self) -> str:
        """A name that another sandbox does not have, unless it was made alike at the same moment."""
        made = f"{self.config} {self.store.recall('logged since')}"
        return hashlib.sha256(made.encode()).hexdigest()[:24]

    def advance(self, now: datetime) -> Changes:
        """Move on to `now`: some of everything that happens at LeafLink, however little time has passed."""
        with self.store.transaction():
            return Mover(self.store, self.config, now).move()

    def rows(self, resource: str) -> Iterator[Row]:
        """Yield every row of the resource (`orders_received`, …) as the API would give it, in its order."""
        return map(from_json, self.store.bodies(TABLES[resource]))

    def count(self, resource: str) -> int:
        """Return how many rows the resource has."""
        return self.store.count(TABLES[resource])

    def get(self, resource: str, key: object) -> Row:
        """Return one row."""
        body = self.store.get(resource, key)
        if body is None:
            raise KeyError(f"{resource}: there is no {key}")
        row: Row = from_json(body)
        return row

    def put(self, resource: str, row: Row) -> None:
        """Insert the row, or replace the one with its key, as it is: nothing is computed, no order is touched."""
        with self.store.transaction():
            self.store.put(resource, [row])

    def delete(self, resource: str, key: object) -> None:
        """Delete one row and nothing else."""
        with self.store.transaction():
            if not self.store.delete(resource, "key", key):
                raise KeyError(f"{resource}: there is no {key}")

    def transaction(self) -> AbstractContextManager[None]:
        """Make several changes one: the server shows all of them or none, if nothing is awaited in between."""
        return self.store.transaction()

    def lines_of(self, number: str) -> list[Row]:
        """Return the lines of an order."""
        return self._children(TABLES["line_items"], number)

    def payments_of(self, number: str) -> list[Row]:
        """Return the payments of an order."""
        return self._children(TABLES["order_payments"], number)

    def comments_of(self, number: str) -> list[Row]:
        """Return the comments on an order; there are none on one that is gone."""
        return comments_of(self.store, number) or []

    def delivery_of(self, number: str) -> Row | None:
        """Return how an order is delivered; None when it is not, or is gone."""
        return delivery_of(self.store, number)

    def _children(self, table: Table, number: str) -> list[Row]:
        return [from_json(body) for body in self.store.children(table, "order_number", [number])[number]]

    def add_order(self, created: datetime, now: datetime | None = None, status: str | None = None) -> str:
        """Add an order created then, as it stands at `now` (the same moment, unless given); returns its number."""
        keys = self._keys()
        buyers = [_buyer_of(body) for body in self.store.bodies(TABLES["customers"])]
        goods = self._goods()
        maker = OrderMaker(buyers, goods, keys, random_for(self.config.seed, "order", keys.line))
        bundle = maker.make(created, now or created, status)
        with self.store.transaction():
            put_bundles(self.store, [bundle])
            self.store.remember("keys", asdict(keys))
            follow(self.store, now or created)
        number: str = bundle.order["number"]
        return number

    def edit_order(self, number: str, *, modified: datetime | None = None, **fields: Any) -> None:
        """Change fields of an order; total, tax and balance follow, unless they are among the fields."""
        order = settled(self.get("orders_received", number) | fields, self.lines_of(number), self.payments_of(number))
        self._write(order | fields, modified)

    def add_line(self, number: str, *, modified: datetime | None = None) -> int:
        """Add a line to an order; the total follows. Returns the line's id."""
        order, lines, keys = self.get("orders_received", number), self.lines_of(number), self._keys()
        key, rng = keys.line, random_for(self.config.seed, "line", keys.line)
        keys.line += 1
        goods = [each for each in self._goods() if each.seller == order["seller"]]
        fee, currency = next(each for each in goods if each.is_fee), order["total"]["currency"]
        wish = choose_lines([each for each in goods if not each.is_fee], fee, currency, rng)[0]
        position = max((line["position"] for line in lines), default=-1) + 1
        with self.store.transaction():
            self.store.remember("keys", asdict(keys))
            self.put("line_items", line_row(key, position, number, wish, currency, self._moments(order), rng))
            self.edit_order(number, modified=modified)
        return key

    def edit_line(self, key: int, *, modified: datetime | None = None, **fields: Any) -> None:
        """Change fields of a line; the total of its order follows."""
        line = self.get("line_items", key) | fields
        with self.store.transaction():
            self.put("line_items", line)
            self.edit_order(line["order"], modified=modified)

    def remove_line(self, key: int, *, modified: datetime | None = None) -> None:
        """Remove a line from its order; the total follows."""
        number = self.get("line_items", key)["order"]
        with self.store.transaction():
            self.delete("line_items", key)
            self.edit_order(number, modified=modified)

    def add_payment(self, number: str, cents: int, made_at: datetime, *, modified: datetime | None = None) -> int:
        """Record a payment of so many cents against an order; the balance follows. Returns the payment's id."""
        keys, currency = self._keys(), self.get("orders_received", number)["total"]["currency"]
        key, rng = keys.payment, random_for(self.config.seed, "payment", keys.payment)
        keys.payment += 1
        row = payment_row(key, number, currency, Payment(made_at, cents, None, "check"), made_at, rng)
        with self.store.transaction():
            self.store.remember("keys", asdict(keys))
            self.put("order_payments", row)
            self.edit_order(number, modified=modified)
        return key

    def delete_payment(self, key: int, *, modified: datetime | None = None) -> None:
        """Delete a payment; the balance of its order follows."""
        number = self.get("order_payments", key)["order"]
        with self.store.transaction():
            self.delete("order_payments", key)
            self.edit_order(number, modified=modified)

    def delete_order(self, number: str) -> None:
        """Delete an order with its lines and payments."""
        with self.store.transaction():
            self.delete("orders_received", number)
            self.store.delete("line_items", "order_number", number)
            self.store.delete("order_payments", "order_number", number)

    def _moments(self, order: Row) -> Moments:
        created, modified = (datetime.fromisoformat(order[name]) for name in ("created_on", "modified"))
        shipped = datetime.fromisoformat(order["ship_date"]).date() if order["ship_date"] else None
        return Moments(order["status"], (self.now - created).days, created, shipped, modified)

    def _goods(self) -> list[Goods]:
        return [_goods_of(body) for body in self.store.bodies(TABLES["products"])]

    def _keys(self) -> Keys:
        return Keys(**self.store.recall("keys"))

    def _write(self, order: Row, modified: datetime | None) -> None:
        if modified is not None:
            order["modified"] = instant(modified, random_for(order["number"]))
        self.put("orders_received", order)


# Remembered, since hundreds of customers and products that hardly ever change are looked at for each new order.
@lru_cache(4096)
def _buyer_of(body: bytes) -> Buyer:
    return Buyer.of(from_json(body))


@lru_cache(4096)
def _goods_of(body: bytes) -> Goods:
    return Goods.of(from_json(body))
