"""What some retailers still have of what was delivered to them: it follows the deliveries."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.forms import EPOCH, MICROSECOND, instant, random_for
from pipeline.sandbox.store.store import Store
from pipeline.sandbox.store.table import Row, Table, plain
from pipeline.sandbox.world.vocabulary import SELLERS

_SOURCES = ("till-and-shelf", "Kasse 7", "csv upload")
_LOW = 12  # units
_BRANDS = {key: name for seller in SELLERS for key, name in seller.brands}
# Some of the first companies show their shelves.
_DELIVERIES = """
    WITH buyers AS MATERIALIZED (
        SELECT key, body ->> '$.partner' AS company FROM customers WHERE body ->> '$.partner' % 10 = 0
        ORDER BY key LIMIT 8
    )
    SELECT company, product_id, sum(units_e4) / 10000, min(created_on)
    FROM orders_received
    JOIN buyers ON buyers.key = customer_id
    JOIN line_items ON order_number = orders_received.key
    WHERE status IN ('Shipped', 'Complete')
    GROUP BY company, product_id
    HAVING sum(units_e4) >= 10000
    ORDER BY company, product_id
"""
_GOODS = """
    SELECT key, body ->> '$.name', body ->> '$.unit_of_measure', body ->> '$.brand' FROM products
    WHERE NOT body ->> '$.is_ancillary'
"""

RETAILER_INVENTORY = Table(
    path="retailer-inventory/",
    columns={"company": plain("company")},
    filters={"company": filters.is_number("company")},
)


class _Delivery(NamedTuple):
    """What was delivered of a product to a company: how much in all, and when it was first ordered."""

    company: int
    product: int
    units: int
    first_ordered: int


def restock(store: Store, now: datetime, seed: int) -> None:
    """Give every retailer that shows its shelves what follows from its deliveries."""
    found = store.select("SELECT key, body ->> '$.quantity', body ->> '$.created_on' FROM retailer_inventory")
    old = {key: {"quantity": quantity, "created_on": created} for key, quantity, created in found}
    rows = {row["id"]: row for row in _shelves(store, now, seed)}
    for key in old.keys() - rows.keys():
        store.delete("retailer_inventory", "key", key)
    for key in rows.keys() & old.keys():
        if rows[key]["quantity"] == old[key]["quantity"]:
            del rows[key]
        else:
            rows[key]["created_on"] = old[key]["created_on"]
    store.put("retailer_inventory", rows.values())


def _shelves(store: Store, now: datetime, seed: int) -> Iterator[Row]:
    goods = {key: facts for key, *facts in store.select(_GOODS)}
    for delivered in map(_Delivery._make, store.select(_DELIVERIES)):
        if delivered.product not in goods:
            continue
        name, unit, brand_id = goods[delivered.product]
        key, brand = delivered.company * 10000 + delivered.product % 10000, _BRANDS.get(brand_id, "House")
        rng = random_for(seed, "shelf", key, delivered.units)
        left = int(delivered.units * rng.random() * 0.6)
        first = EPOCH + delivered.first_ordered * MICROSECOND
        yield {
            "id": key,
            "is_low": left < _LOW,
            "source": _SOURCES[delivered.company // 10 % len(_SOURCES)],
            "name": name,
            "sku": f"{brand[:3].upper()}{delivered.product}",
            "brand": brand,
            "quantity": left,
            "company": delivered.company,
            "unit_of_measure": unit,
            "created_on": instant(first + (now - first) * rng.random(), rng),
            "modified": instant(now, rng),
        }
