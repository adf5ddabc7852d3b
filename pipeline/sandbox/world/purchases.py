"""Orders that the sellers placed with others: quantities in cases, plain amounts, lines inside."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.filters import Condition
from pipeline.sandbox.store.forms import instant, noon_of, number, scaled
from pipeline.sandbox.store.table import TIME_FILTERS, Column, Row, Table, moment
from pipeline.sandbox.world.companies import make_companies, make_staff
from pipeline.sandbox.world.config import SandboxConfig
from pipeline.sandbox.world.timeline import status_at
from pipeline.sandbox.world.vocabulary import NOTES


class Vendor(NamedTuple):
    """A company that the sellers buy from: id, slug, name, and who sells for it."""

    id: int
    slug: str
    name: str
    rep: str


VENDORS = (Vendor(2950, "granite-cup", "Granite Cup Supply", "Noa Lindqvist"), Vendor(2951, "alma", "Alma & Søn", ""))
_COUNTRY = {"city": "Pueblo", "state": "CO"}
# what is bought: id, name, units in a case (null: sold by the unit), cents each
_SUPPLIES = (
    (77001, "Glass jar 3 oz", 144, 11900),
    (77002, "Preroll tube “Matte”", 500, 8750),
    (77003, "Distillate, 1 L", None, 410000),
    (77004, "Étiquettes conformes CO", 1000, 4526),
)
_CATEGORY = {"id": 12, "name": "Supplies", "slug": "supplies", "description": "Supplies"}
_SUBCATEGORY = {"id": 121, "name": "Packaging", "slug": "packaging", "description": "", "category": 12}


def _vendor_slug(text: str) -> Condition:
    found = [vendor.id for vendor in VENDORS if vendor.slug == text.lower()]
    return Condition(f"{filters.field('seller.id')} = ?", (found[0],)) if found else filters.NOTHING


_BRANDS = "EXISTS (SELECT 1 FROM json_each(body, '$.line_items') WHERE {})"
_BRAND = "value ->> '$.product.brand.id'"

BUYER_ORDERS = Table(
    path="buyer/orders/",
    key_type="TEXT",
    columns={
        "created_on": moment("created_on"),
        "modified": moment("last_edited_on"),
        "status": Column("TEXT", lambda row: row["status"]),
    },
    order_by="created_on DESC, key",
    filters={
        **TIME_FILTERS,
        "number": filters.equals("key"),
        "order_id": filters.equals("key"),
        "seller": filters.is_number(filters.field("seller.id")),
        "seller__slug__iexact": _vendor_slug,
        "company_slug": _vendor_slug,
        "status": filters.words("status"),
        "classification": filters.words(filters.field("type")),
        # What a row does not show follows from what it shows.
        "external_id_seller": filters.equals(filters.field("short_id")),
        "external_id_seller__icontains": filters.contains(filters.field("short_id")),
        "paid": filters.is_true("status = 'Complete'"),
        "manual": filters.is_true(f"{filters.field('source')} = 'SGO'"),
        "user": filters.equals(f"coalesce({filters.field('created_by.username')}, {filters.field('created_by.name')})"),
        "sales_rep": filters.is_number(f"({filters.field('seller.id')} * 10 + 1)"),
        "connected_to_metrc": filters.is_true("0"),
        "service_zone": filters.is_number("NULL"),
        "external_id_key": lambda text: filters.NOTHING,
        "external_id_values": lambda text: filters.NOTHING,
        "brand": filters.through(_BRANDS, filters.is_number(_BRAND)),
        "brand__in": filters.through(_BRANDS, filters.one_of_numbers(_BRAND)),
    },
)


def make_purchases(config: SandboxConfig, now: datetime, rng: Random) -> Iterator[Row]:
    """Yield orders of the time before now: one for forty received."""
    for _ in range(max(6, config.orders // 40)):
        created = now - timedelta(days=config.days) * rng.random()
        yield make_purchase(created, now, rng)


def make_purchase(created: datetime, now: datetime, rng: Random) -> Row:
    """Return an order that was placed then, as it stands now."""
    company, vendor = rng.choice(list(make_companies())), rng.choice(VENDORS)
    key = str(UUID(int=rng.getrandbits(128), version=4))
    lines = [_line(vendor, rng) for _ in range(rng.randrange(1, 6))]
    subtotal = sum(scaled(line["total"], 2) for line in lines)
    discount = subtotal // 10 if rng.random() < 0.2 else 0
    tax, shipping = rng.choice((0, 0, 1234)), rng.choice((0, 0, 4500))
    edited = created + min(now - created, timedelta(days=5)) * rng.random()
    row = {
        "id": key,
        "short_id": key[-8:],
        "type": "Adult Use",
        "buyer": _buyer(company, rng),
        "seller": _seller(vendor, rng),
        "created_on": instant(created, rng),
        "last_edited_on": instant(edited, rng),
        "currency": "USD",
        "line_items": lines,
        "subtotal": number(subtotal),
        "shipping_charge": number(shipping),
        "discount": number(discount),
        "tax": number(tax),
        "total": number(subtotal - discount + tax + shipping),
        # LeafLink's document calls it zip, and the example beside that zipcode.
        "payable_to": {
            "name": vendor.name,
            "address": "PO Box 77",
            **_COUNTRY,
            "zip" if key < "8" else "zipcode": "81003",
        },
        "payment_term": rng.choice((None, "net30", "cod", 4)),
        "payment_methods": rng.choice(([], ["ach"], None)),
        "payment_due_date": rng.choice((None, (created.date() + timedelta(days=30)).isoformat())),
        "shipping_details": rng.choice((None, "", "Pallet, tail lift needed")),
        "notes": rng.choice(NOTES) or "",
        "sales_reps": [vendor.rep] if vendor.rep else [],
        "delivery_address": {name: company[name] for name in ("address", "city", "state", "zipcode")}
        | {"unit_number": rng.choice((None, "1A"))},
        **_author(company, vendor, rng),
    }
    return row | standing(status_at((now - created) / timedelta(days=1), rng), edited, rng)


def standing(status: str, at: datetime, rng: Random) -> Row:
    """Return what an order that came to a status then has of it."""
    is_shipped, is_delivered = status in ("Shipped", "Complete"), status == "Complete"
    return {
        "status": status,
        "ship_date": noon_of(at.date(), rng) if is_shipped else None,
        "is_delivered": is_delivered,
        "delivered_date": instant(at, rng) if is_delivered else None,
    }


def _author(company: Row, vendor: Vendor, rng: Random) -> Row:
    """Return who created an order: one of the buyer's staff with all there is, or somebody at the seller."""
    if rng.random() < 0.2:
        return {"source": "SGO", "created_by": {"id": None, "name": vendor.rep, "username": None, "email": None}}
    member = rng.choice([each for each in make_staff() if each["company"] == company["id"]])
    author = {"id": member["id"], "name": member["display_name"]}
    return {"source": "BGO", "created_by": author | {"username": member["username"], "email": member["email"]}}


def _buyer(company: Row, rng: Random) -> Row:
    address: Row = {"address": company["address"], "unit_number": None, "city": company["city"]}
    license = {"id": company["id"] * 10, "number": f"{company['state']}-{company['id']}", "type": "Recreational"}
    return {
        "id": company["id"],
        "name": company["name"],
        **address,
        "state": company["state"],
        "zip": company["zipcode"],
        "phone": rng.choice((None, "(303) 555-0119")),
        "licenses": [license | {"classification": "Adult Use"}],
        "email": f"buying@{company['slug']}.example",
    }


def _seller(vendor: Vendor, rng: Random) -> Row:
    license = {"id": vendor.id * 10, "number": f"404R-0{vendor.id}", "type": "Recreational", "classification": "MIPS"}
    return {
        "id": vendor.id,
        "name": vendor.name,
        "address": "900 Quarry Rd",
        "unit_number": rng.choice((None, "Suite A")),
        **_COUNTRY,
        "zip": "81003",
        "phone": None,
        "licenses": [license] if rng.random() < 0.8 else [],
    }


def _line(vendor: Vendor, rng: Random) -> Row:
    key, name, units, cents = rng.choice(_SUPPLIES)
    quantity: Any = rng.choice((1, 2, 3, 10, 0.5)) if units else rng.randrange(1, 4)
    return {
        "product": {
            "id": key,
            "sku": f"{rng.getrandbits(40):010x}",
            "name": name,
            "brand": {"id": vendor.id + 10000, "name": vendor.name},
            "unit_of_measure": "Unit",
            "unit_denomination": "One",
            "base_unit_of_measure": "Unit" if units else "Gram",
            "base_units_per_unit": rng.choice((None, 1)),
            "sold_in_multiples": units is not None,
            "units_per_case": units,
            "category": _CATEGORY,
            "sub_category": rng.choice((_SUBCATEGORY, None)),
        },
        "quantity": quantity,
        "sold_by": "Case" if units else "Unit",
        "price": number(cents),
        "total": number(round(cents * quantity)),
    }
