"""What products are made from and where they lie: batches with their documents, facilities and inventory items."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.filters import Condition, Filter
from pipeline.sandbox.store.forms import decimal_text, instant, quantity_text, random_for, scaled
from pipeline.sandbox.store.noticing import CHANGED_PRODUCTS
from pipeline.sandbox.store.store import Store
from pipeline.sandbox.store.table import Column, Row, Table, plain
from pipeline.sandbox.world.lines import batch_of
from pipeline.sandbox.world.slugs import seller_slug
from pipeline.sandbox.world.vocabulary import SELLERS

_FIRST_NEW_BATCH, _FIRST_PRODUCT_BATCH, _FIRST_DOCUMENT, _FIRST_ITEM = 5100, 40001, 30001, 700001
# Orders say which of the first two ships them.
_FACILITIES = ((301, "Main warehouse", "Loading dock B"), (302, "Cold store – Nord", ""), (303, "Old barn", None))
_SLUGS = {seller.id: seller.slug for seller in SELLERS}
_CONTENTS = ("thc", "thca", "total_thc", "cbd", "cbda", "cbg", "cbn", "total_cannabinoids")
_MANAGED = f"""
    SELECT key, body ->> '$.quantity', body ->> '$.reserved_qty',
        (SELECT max(batch) FROM product_batches WHERE product = products.key)
    FROM products WHERE key IN {CHANGED_PRODUCTS} AND body ->> '$.inventory_management' = 1 ORDER BY key
"""  # noqa: S608


def _days(parameter: str) -> dict[str, Filter]:
    """Return the four filters that compare a date."""

    def compared(sign: str) -> Filter:
        template = f"{filters.field(parameter)} {sign} ?"
        return lambda text: Condition(template, (date.fromisoformat(text[:10]).isoformat(),))

    return {f"{parameter}__{suffix}": compared(sign) for suffix, sign in filters.OPERATORS.items()}


def _range(name: str) -> Filter:
    """Return a filter by a range: the least and the most, with a comma between."""

    def condition(text: str) -> Condition:
        least, most = map(float, text.split(","))
        return Condition(f"CAST({filters.field(name)} AS REAL) BETWEEN ? AND ?", (least, most))

    return condition


def _whole(name: str) -> Column:
    return Column("INTEGER", lambda row: int(row[name]))


BATCHES = Table(
    path="batches/",
    columns={"owner": _whole("owner")},
    filters={
        **_days("batch_date"),
        **{name: _range(name) for name in _CONTENTS},
        "id": filters.one_of_numbers("key"),
        "owner": filters.one_of_numbers("owner"),
        "company_slug": seller_slug("owner"),
        "production_batch_number": filters.one_of(filters.field("production_batch_number")),
        "products": filters.through(
            "key IN (SELECT batch FROM product_batches WHERE {})", filters.one_of_numbers("product")
        ),
    },
)
PRODUCT_BATCHES = Table(
    path="product-batches/",
    columns={"product": _whole("product"), "batch": plain("batch")},
    filters={},
    indexes=("product, batch",),
)
BATCH_DOCUMENTS = Table("batch-documents/", "id", "INTEGER", {}, "key", {})
FACILITIES = Table("inventory/facilities/", "id", "INTEGER", {}, "key", {})
INVENTORY_ITEMS = Table(
    path="inventory/items/",
    columns={"product": plain("product"), "is_archived": plain("is_archived")},
    filters={
        "product": filters.is_number("product"),
        "include_archived": lambda text: Condition("1" if text.lower() in ("true", "1") else "is_archived = 0"),
    },
    assumed={"include_archived": "false"},
)
STOCK_TABLES = (BATCHES, PRODUCT_BATCHES, BATCH_DOCUMENTS, FACILITIES, INVENTORY_ITEMS)


def put_stock(store: Store, products: Sequence[Row], now: datetime, seed: int) -> None:
    """Write the batches that the products come from, their documents, the facilities and what is archived there."""
    owners = {batch_of(product["id"]): product["seller"] for product in products}
    store.new_keys("batches", 0, _FIRST_NEW_BATCH)
    for key, owner in sorted(owners.items()):
        rng = random_for(seed, "batch", key)
        put_batch(store, key, owner, now - timedelta(days=20 + rng.randrange(300)), rng, now)
    for product in products:
        _assign(store, product["id"], batch_of(product["id"]))
    store.put("inventory_facilities", _facilities())
    archived = [product["id"] for product in products if product["id"] % 4 == 0]
    first = store.new_keys("inventory_items", len(archived), _FIRST_ITEM)
    items = (_item(first + place, product, None, 0) for place, product in enumerate(archived))
    store.put("inventory_items", (item | _amounts(0, 0) | {"is_archived": True} for item in items))


def put_batch(store: Store, key: int, owner: int, made: datetime, rng: Random, now: datetime) -> None:
    """Write a batch of a company that was made then, with up to two documents, which are there by `now`."""
    count = rng.randrange(3)
    first = store.new_keys("batch_documents", count, _FIRST_DOCUMENT)
    documents = [_document(first + place, made, rng, now) for place in range(count)]
    store.put("batch_documents", (document | {"batch": key} for document in documents))
    row = {
        "id": key,
        "owner": str(owner),
        "production_batch_number": f"{_SLUGS[owner][:2].upper()}-{made:%y%m%d}-{key % 100:02d}",
        "batch_date": None if rng.random() < 0.05 else made.date().isoformat(),
        **_contents(rng),
        "documents": documents,
        "cannabinoid_unit": rng.choice(("%", "%", "MG/G", "MG/ML")),
        "testing_source": rng.choice((None, "", "Laboratoire d'Été")),
        "is_from_api": rng.random() < 0.3,
    }
    store.put("batches", [row])


def add_batch(store: Store, product: Row, now: datetime, rng: Random) -> None:
    """Have a new batch of the product: what lies of the older ones is archived, and `place_stock` has it lie again."""
    key = store.new_keys("batches")
    put_batch(store, key, product["seller"], now, rng, now)
    _assign(store, product["id"], key)
    for rows in _live_items(store, Condition("product = ?", (product["id"],))).values():
        store.put("inventory_items", (row | _amounts(0, 0) | {"is_archived": True} for row in rows))


def place_stock(store: Store) -> None:
    """Have the inventory items of changed products come to what these have in stock and what is reserved of it.

    Only products that are managed have items in use.
    """
    live, changed = _live_items(store, Condition(f"product IN {CHANGED_PRODUCTS}")), []
    for product, quantity, reserved, batch in store.select(_MANAGED):
        shares = _shares(product, scaled(quantity, 4), scaled(reserved, 4))
        items = live.pop(product, [])
        if not items:
            first = store.new_keys("inventory_items", len(shares), _FIRST_ITEM)
            items = [_item(first + place, product, batch, place) for place in range(len(shares))]
        placed = [item | _amounts(*share) for item, share in zip(items, shares, strict=True)]
        changed += [new for new, old in zip(placed, items, strict=True) if new != old]
    changed += [item | {"is_archived": True} for items in live.values() for item in items]  # their products are gone
    store.put("inventory_items", changed)


def _live_items(store: Store, of_products: Condition) -> dict[int, list[Row]]:
    """Return the items that are in use, by product."""
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in store.rows(INVENTORY_ITEMS, [Condition("is_archived = 0"), of_products]):
        found[row["product"]].append(row)
    return found


def _shares(product: int, stock_e4: int, reserved_e4: int) -> list[tuple[int, int]]:
    """Return what lies at each facility, and what is reserved of it: every third product lies at two."""
    if product % 3:
        return [(stock_e4, reserved_e4)]
    return [(stock_e4 - stock_e4 // 3, reserved_e4 - reserved_e4 // 3), (stock_e4 // 3, reserved_e4 // 3)]


def _item(key: int, product: int, batch: int | None, place: int) -> Row:
    facility = _FACILITIES[(product + place) % 2][0]
    item = {"id": key, "facility": facility, "inventory": product + 500000, "product": product}
    return item | {"batch": batch, "is_archived": False}


def _amounts(stock_e4: int, reserved_e4: int) -> Row:
    stock, reserved = quantity_text(stock_e4), quantity_text(reserved_e4)
    return {
        "quantity": stock_e4 // 10000 if stock_e4 % 10000 == 0 else Decimal(stock),
        "quantity_in_product_uom": stock,
        "reserved_qty": reserved,
        "reserved_qty_in_product_uom": reserved,
    }


def _assign(store: Store, product: int, batch: int) -> None:
    key = store.new_keys("product_batches", 1, _FIRST_PRODUCT_BATCH)
    store.put("product_batches", [{"id": key, "product": str(product), "batch": batch}])


def _document(key: int, made: datetime, rng: Random, now: datetime) -> Row:
    uploaded = min(made + timedelta(hours=rng.random() * 9), now)
    return {
        "id": key,
        "created_on": instant(uploaded, rng),
        "modified": instant(uploaded, rng),
        "summary": rng.choice(("", "Certificate of analysis", "Passed: pesticides, métaux lourds ✓", None)),
        "document": f"https://files.leaflink.example/batch-documents/{key}.pdf",
    }


def _contents(rng: Random) -> dict[str, Any]:
    """Return the test results of a batch in hundredths; one in ten is not tested yet."""
    if rng.random() < 0.1:
        return dict.fromkeys(_CONTENTS)
    thc, thca, cbd, cbda, cbg, cbn = (rng.randrange(most) for most in (150, 2900, 90, 200, 120, 60))
    total = thc + thca * 877 // 1000
    found = (thc, thca, total, cbd, cbda, cbg, cbn, thc + thca + cbd + cbda + cbg + cbn)
    return {name: decimal_text(value) for name, value in zip(_CONTENTS, found, strict=True)}


def _facilities() -> Iterator[Row]:
    for key, name, description in _FACILITIES:
        yield {"id": key, "name": name, "description": description}
