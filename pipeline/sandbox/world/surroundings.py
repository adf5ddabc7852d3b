"""All that stands around orders, customers and products: made with a new sandbox, and kept up with its changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from pipeline.sandbox.store.forms import EPOCH, MICROSECOND, instant, random_for
from pipeline.sandbox.store.store import Store, from_json
from pipeline.sandbox.store.table import Row
from pipeline.sandbox.world import companies, purchases, relations
from pipeline.sandbox.world.config import SandboxConfig
from pipeline.sandbox.world.relations import Party
from pipeline.sandbox.world.shelves import restock

_FIRST_CREDIT = 71001
# Orders with credits that no credit accounts for.
_CREDITED = """
    SELECT body FROM orders_received WHERE created_on >= ? AND CAST(body ->> '$.credits' AS REAL) > 0
    AND key NOT IN (SELECT applied_to FROM credits WHERE applied_to IS NOT NULL) ORDER BY created_on, key
"""
_GRANTABLE = "SELECT body FROM orders_received WHERE status = 'Complete' ORDER BY created_on DESC, key LIMIT 20"
_NEW_CUSTOMERS = "SELECT body FROM customers WHERE key > (SELECT max(key) FROM licenses) - 600000 ORDER BY key"
_LATEST = timedelta(days=6)  # orders show up at most so late
_NEXT = {"Submitted": "Accepted", "Accepted": "Fulfilled", "Fulfilled": "Shipped", "Shipped": "Complete"}
_MOVING = "('Submitted', 'Accepted', 'Fulfilled', 'Shipped')"


def furnish(store: Store, config: SandboxConfig, now: datetime) -> None:
    """Make everything around the orders, customers and products that are there."""
    rng = random_for(config.seed, "surroundings")
    store.put("companies", companies.make_companies())
    store.put("company_staff", companies.make_staff())
    store.put("license_types", companies.make_license_types())
    store.put("licenses", companies.make_seller_licenses())
    store.put("brands", companies.make_brands())
    store.put("promocodes", companies.make_promocodes(now, config.days, rng))
    store.put("reports", companies.make_reports(now, config.days, rng))
    store.put("customer_statuses", relations.make_statuses())
    store.put("customer_tiers", relations.make_tiers())
    store.put("buyer_orders", purchases.make_purchases(config, now, rng))
    meet(store, _rows(store, "SELECT body FROM customers ORDER BY key"), config, now)
    store.put("credits", _used_credits(store, EPOCH, rng))
    store.put("credits", _granted_credits(store, 6, now, rng))
    restock(store, now, config.seed)


def meet(store: Store, customers: Iterable[Row], config: SandboxConfig, now: datetime) -> None:
    """Give customers their licence, the people known there and what was noted about them."""
    parties = [Party(row, relations.make_contacts(row, now, config.seed)) for row in customers]
    store.put("customers", (each.row | {"contacts": [contact["id"] for contact in each.contacts]} for each in parties))
    store.put("licenses", (companies.license_of(each.row) for each in parties))
    store.put("contacts", (contact for each in parties for contact in each.contacts))
    store.put(
        "activity_entries", (entry for each in parties for entry in relations.make_entries(each, now, config.seed))
    )


def _rows(store: Store, query: str, *values: object) -> list[Row]:
    return [from_json(body) for (body,) in store.select(query, values)]


def _used_credits(store: Store, since: datetime, rng: Random) -> list[Row]:
    """Return the credits that orders created since then were given."""
    orders = _rows(store, _CREDITED, (since - EPOCH) // MICROSECOND)
    first = store.new_keys("credits", len(orders), _FIRST_CREDIT)
    return [relations.credit_used(first + position, order, rng) for position, order in enumerate(orders)]


def _granted_credits(store: Store, count: int, now: datetime, rng: Random) -> list[Row]:
    """Return credits that were granted for some of the last orders that are Complete."""
    orders = _rows(store, _GRANTABLE)
    orders = rng.sample(orders, min(count, len(orders)))
    first = store.new_keys("credits", len(orders), _FIRST_CREDIT)
    return [relations.credit_granted(first + position, order, now, rng) for position, order in enumerate(orders)]


@dataclass(frozen=True)
class Follower:
    """Keeps up with what happened from `since` to `now`, and has something of its own happen."""

    store: Store
    config: SandboxConfig
    since: datetime
    now: datetime
    rng: Random

    def follow(self) -> None:
        """Make the changes."""
        new = _rows(self.store, _NEW_CUSTOMERS)
        meet(self.store, (row | {"modified": instant(self.now, self.rng)} for row in new), self.config, self.now)
        self.store.put("credits", _used_credits(self.store, self.since - _LATEST, self.rng))
        self.store.put("credits", _granted_credits(self.store, 1, self.now, self.rng))
        self._change_contacts()
        self._change_entries()
        self._change_purchases()
        self._change_promocodes()
        self._change_reports()
        restock(self.store, self.now, self.config.seed)

    @property
    def _was_there(self) -> str:
        """The condition for rows that were there at the last step: nothing may change before it was made."""
        return f"created_on <= {(self.since - EPOCH) // MICROSECOND}"

    def _moment(self) -> datetime:
        """Return a moment after the last step and not after now."""
        return self.now - (self.now - self.since) * self.rng.random() * 0.999

    def _pick(self, resource: str, condition: str, count: int) -> list[Row]:
        keys = self.store.select(f"SELECT key FROM {resource} WHERE {condition} ORDER BY key")  # noqa: S608
        chosen = self.rng.sample(keys, min(count, len(keys)))
        return [from_json(body) for (key,) in chosen if (body := self.store.get(resource, key)) is not None]

    def _modified(self) -> Row:
        return {"modified": instant(self._moment(), self.rng)}

    def _change_contacts(self) -> None:
        edits: tuple[Row, ...] = ({"role": "Head Buyer ⭐"}, {"phone": "(970) 555-0147"}, {"delete": True})
        rows = self._pick("contacts", f"{self._was_there} AND NOT body ->> '$.delete'", len(edits))
        self.store.put("contacts", (row | edit | self._modified() for row, edit in zip(rows, edits, strict=False)))

    def _change_entries(self) -> None:
        for customer in self._pick("customers", self._was_there, 2):
            contacts = _rows(self.store, "SELECT body FROM contacts WHERE customer_id = ? ORDER BY key", customer["id"])
            key = self.store.new_keys("activity_entries", 1, relations.FIRST_NEW_ENTRY)
            entry = relations.entry(key, Party(customer, contacts), self._moment(), self.rng)
            self.store.put("activity_entries", [entry])
        for row in self._pick("activity_entries", f"{self._was_there} AND NOT body ->> '$.delete'", 1):
            self.store.put("activity_entries", [row | {"delete": True} | self._modified()])

    def _change_purchases(self) -> None:
        for row in self._pick("buyer_orders", f"status IN {_MOVING}", 2):
            at = self._moment()
            moved = purchases.standing(_NEXT[row["status"]], at, self.rng)
            if row["ship_date"]:
                moved["ship_date"] = row["ship_date"]
            self.store.put("buyer_orders", [row | moved | {"last_edited_on": instant(at, self.rng)}])
        self.store.put("buyer_orders", [purchases.make_purchase(self._moment(), self.now, self.rng)])

    def _change_promocodes(self) -> None:
        """Delete the oldest code, and have a new one for its brand: there is no list of what was deleted."""
        (oldest,) = _rows(self.store, "SELECT body FROM promocodes ORDER BY key LIMIT 1")
        self.store.delete("promocodes", "key", oldest["id"])
        key = self.store.new_keys("promocodes", 1, companies.FIRST_NEW_PROMOCODE)
        self.store.put("promocodes", [companies.promocode(key, oldest["brand"], self.now, 30, self.rng)])

    def _change_reports(self) -> None:
        running = self._pick("reports", "body ->> '$.status' = 'running'", 5)
        self.store.put("reports", [companies.completed(row, self.now, self.rng) for row in running])
        asked = companies.report(self._moment(), self.now, self.rng)
        self.store.put("reports", [companies.running(asked)])
