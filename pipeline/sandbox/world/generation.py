"""A new sandbox: products, customers, and the orders of the days before its first moment."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from pipeline.sandbox.store.forms import EPOCH, MICROSECOND, instant, random_for
from pipeline.sandbox.store.noticing import CHANGED_ORDERS, CHANGED_PRODUCTS
from pipeline.sandbox.store.store import Store, from_json
from pipeline.sandbox.store.table import Row
from pipeline.sandbox.world import catalog
from pipeline.sandbox.world.config import SandboxConfig
from pipeline.sandbox.world.customers import FIRST_CUSTOMER, Buyer, make_customers
from pipeline.sandbox.world.order_records import LOG_BEGINS, record
from pipeline.sandbox.world.orders import Bundle, Keys, OrderMaker
from pipeline.sandbox.world.products import Goods, make_products, reserved
from pipeline.sandbox.world.stock import place_stock, put_stock
from pipeline.sandbox.world.surroundings import furnish
from pipeline.sandbox.world.tables import TABLES

# The newest orders have these statuses, so that even a small sandbox has all ten.
_NEWEST = (
    "Shipped", "Complete", "Fulfilled", "Backorder", "Rejected", "Combined", "Accepted", "Cancelled", "Submitted",
    "Draft", "Draft",
)  # fmt: skip
_FIRST_IMAGE = 600001
_NOTE_PRODUCTS_OF_ORDERS = f"""
    INSERT OR IGNORE INTO changed_products
    SELECT product_id FROM line_items WHERE order_number IN {CHANGED_ORDERS} AND product_id IS NOT NULL
"""  # noqa: S608
_RESERVED = f"""
    SELECT product_id, sum(units_e4) FROM orders_received
    JOIN line_items ON order_number = orders_received.key
    WHERE status IN ('Submitted', 'Accepted') AND product_id IN {CHANGED_PRODUCTS} GROUP BY product_id
"""  # noqa: S608
_CHUNK = 500  # orders in memory at once


def generate(path: Path, config: SandboxConfig, now: datetime) -> None:
    """Write a new sandbox to `path`, all of it or nothing."""
    building = path.with_suffix(".building")
    store = Store.create(building, TABLES)
    rng = random_for(config.seed, "catalog")
    products = make_products(config.products, now, config.days, rng)
    customers = make_customers(config.customers, now, config.days, rng)
    store.put("products", products)
    store.put("customers", customers)
    _put_catalog(store, products)
    keys = Keys(customer=FIRST_CUSTOMER + len(customers))
    rng = random_for(config.seed, "orders")
    maker = OrderMaker([Buyer.of(row) for row in customers], [Goods.of(row) for row in products], keys, rng)
    bundles = _orders(maker, config, now)
    while chunk := list(islice(bundles, _CHUNK)):
        put_bundles(store, chunk)
    for name, value in (("config", asdict(config)), ("keys", asdict(keys)), ("now", now.isoformat()), ("step", 0)):
        store.remember(name, value)
    store.remember("logged since", (now - LOG_BEGINS - EPOCH) // MICROSECOND)
    record(store)
    store.finish()
    store = Store(building, TABLES)
    with store.transaction():
        reserve(store, None, config.seed)
        put_stock(store, products, now, config.seed)
        place_stock(store)
        furnish(store, config, now)
        store.forget_changes()
    store.close()
    building.replace(path)


def _put_catalog(store: Store, products: list[Row]) -> None:
    store.put("product_categories", catalog.categories())
    store.put("product_subcategories", catalog.subcategories())
    store.put("product_lines", catalog.product_lines())
    store.put("strains", catalog.strains())
    count = sum(product["image_count"] for product in products)
    store.put("product_images", catalog.images(products, store.new_keys("product_images", count, _FIRST_IMAGE)))


def _orders(maker: OrderMaker, config: SandboxConfig, now: datetime) -> Iterator[Bundle]:
    """Yield the orders, the oldest first. Business grows: the newer the days, the more orders."""
    created = now - timedelta(days=config.days)
    for position in range(config.orders):
        # Now and then two orders share their moment of creation.
        if maker.rng.random() > 0.01:
            share = ((position + maker.rng.random()) / config.orders) ** 0.8
            created = now - timedelta(days=config.days) * (1 - share)
        left = config.orders - position
        yield maker.make(created, now, _NEWEST[-left] if left <= len(_NEWEST) else None)


def put_bundles(store: Store, bundles: list[Bundle]) -> None:
    """Write orders with their lines and payments."""
    store.put("orders_received", (bundle.order for bundle in bundles))
    store.put("line_items", (line for bundle in bundles for line in bundle.lines))
    store.put("order_payments", (payment for bundle in bundles for payment in bundle.payments))


def follow(store: Store, now: datetime | None, *parts: object) -> None:
    """Bring up to date what follows from changed orders, lines and products; `now` and `parts` as for `reserve`."""
    reserve(store, now, *parts)
    place_stock(store)
    record(store)
    store.forget_changes()


def reserve(store: Store, now: datetime | None, *parts: object) -> int:
    """Give every changed product the reserved quantity that its Submitted and Accepted orders come to.

    Products whose orders changed are among them. `now` is when that changed a product (null: it does not show).
    Returns how many products changed.
    """
    store.write(_NOTE_PRODUCTS_OF_ORDERS)
    units = dict(store.select(_RESERVED))
    changed = []
    for (body,) in store.select(f"SELECT body FROM products WHERE key IN {CHANGED_PRODUCTS} ORDER BY key"):  # noqa: S608
        old = from_json(body)
        new = reserved(old, units.get(old["id"], 0))
        if new != old:
            changed.append(new if now is None else new | {"modified": instant(now, random_for(old["id"], *parts))})
    store.put("products", changed)
    return len(changed)
