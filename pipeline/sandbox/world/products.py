"""The sellers' products."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from pipeline.sandbox.store.forms import instant, money, number, quantity_text, scaled
from pipeline.sandbox.world.vocabulary import GOODS, SELLERS, STRAINS, Seller

FIRST_PRODUCT = 20001
_MANAGED, _UNLIMITED, _INHERITED = 1, 2, 3
_LISTING = ("Available",) * 14 + ("Backorder", "Internal", "Unavailable", "Sample", "Archived", "Archived")


class Goods(NamedTuple):
    """What an order line needs to know of a product; the price is that of a case."""

    id: int
    name: str
    sku: str | None
    seller: int
    brand: int | None
    product_line: str
    unit: str
    multiplier: int | None
    price_cents: int
    is_fee: bool
    is_listed: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Goods":
        """Return what an order line needs to know of a product as the API gives it."""
        return cls(
            id=row["id"],
            name=row["name"],
            sku=row["sku"],
            seller=row["seller"],
            brand=row["brand"],
            product_line=f"Line {row['product_line']}",
            unit=row["unit_of_measure"],
            multiplier=row["unit_multiplier"],
            price_cents=scaled(row["wholesale_price"], 2),
            is_fee=row["is_ancillary"],
            is_listed=row["listing_state"] != "Archived",
        )


def make_products(count: int, now: datetime, days: int, rng: Random) -> list[dict[str, Any]]:
    """Return `count` products: first the delivery fee of each seller, of which the first has no brand."""
    rows: list[dict[str, Any]] = []
    for position in range(count):
        seller = SELLERS[position % len(SELLERS)]
        created = now - timedelta(days=days * (1.6 - position / count / 2) + 2, seconds=rng.random() * 9e4)
        edited = created + (now - created) * rng.random()
        row = _product(FIRST_PRODUCT + position, seller, rng)
        if position < len(SELLERS):
            row |= _fee(None if position == 0 else seller.brands[0][0], rng)
        elif position > 20 and rng.random() < 0.06:
            row |= {"parent": {"id": rows[position - 10]["id"]}, "inventory_management": _INHERITED}
            row["display_name"] = f"{rows[position - 10]['name']} — {row['name']}"
        row |= _times(created, edited, rng)
        rows.append(row)
    return rows


def _product(key: int, seller: Seller, rng: Random) -> dict[str, Any]:
    name, unit, category, sub_category, cases, cheapest, dearest = rng.choice(GOODS)
    brand, brand_name = rng.choice(seller.brands)
    strain = rng.choice(STRAINS)
    multiplier = rng.choice(cases)
    price = rng.randrange(cheapest, dearest, 1 if rng.random() < 0.3 else 25)
    state = rng.choice(_LISTING)
    fractional = multiplier in (None, 0, 1)
    return {
        "id": key,
        "name": f"{strain} {name}",
        # Stock keeping units are not unique: nothing may be joined by them.
        "sku": rng.choice((f"{brand_name[:3].upper()}-{key % 60:03d}", f"{brand_name[:3].upper()}-{key}", "", None)),
        "description": f"<p>{strain} &mdash; {name}</p>",
        "display_name": f"{strain} {name}",
        "unit_multiplier": multiplier,
        "seller": seller.id,
        "brand": brand,
        "product_line": brand * 10 + category,
        "manufacturer": seller.id,
        "category": category,
        "sub_category": sub_category,
        "unit_of_measure": unit,
        "sell_in_unit_of_measure": "Case" if multiplier else None,
        "listing_state": state,
        "display_listing_state": state,
        "allow_fractional_quantities": fractional,
        "is_ancillary": False,
        **_prices(price, multiplier, rng),
        **_stock(rng),
        **_details(seller, strain, rng),
    }


def _prices(cents: int, multiplier: int | None, rng: Random) -> dict[str, Any]:
    on_sale = rng.random() < 0.05
    return {
        "wholesale_price": money(cents, "USD", rng),
        "retail_price": money(cents * 2 // (multiplier or 1), "USD", rng),
        "sale_price": money(cents * 8 // 10 if on_sale else 0, "USD", rng),
        "price_schedule_price": money(cents, "USD", rng),
        "discount_percent": number(2000) if on_sale else 0,
    }


def _stock(rng: Random) -> dict[str, Any]:
    managed = rng.random() < 0.8
    units = rng.randrange(500, 9000) * 10000 if managed else 0
    return {
        "inventory_management": _MANAGED if managed else _UNLIMITED,
        "quantity": quantity_text(units),
        "reserved_qty": quantity_text(0),
        "available_inventory": units // 10000,
        "threshold_value": rng.choice((0, "0.0000", None)),
        "threshold_action": rng.choice(("unavailable", "backorder", None)),
        "reverse_threshold_value": rng.choice((1, None)),
        "reverse_threshold_action": rng.choice(("available", None)),
        "show_quantity": rng.random() < 0.5,
    }


def _details(seller: Seller, strain: str, rng: Random) -> dict[str, Any]:
    kind, kind_words = rng.choice((("hybrid", "Hybrid"), ("indica", "Indica"), ("sativa", "Sativa"), ("na", "N/A")))
    thc = {"spec_type": "thc", "dosage_unit": "%", "decimal_value": f"{rng.randrange(800, 3000) / 100:.4f}"}
    specs = [thc | {"max_decimal_value": None, "text_value": None}]
    return {
        "minimum_order": rng.choice(("1.0000", "0.0000", None)),
        "maximum_order": rng.choice(("500.0000", None, None)),
        "is_medical_line_item": rng.random() < 0.1,
        "AVAILABLE_FOR_SAMPLES": rng.random() < 0.6,
        "extern_acct_id": rng.choice((None, "", "118")),
        "extern_income_acct_id": rng.choice((None, "")),
        "featured": rng.random() < 0.1,
        "tagline": rng.choice((None, "", f"New: {strain} ✨")),
        "featured_on_deals": False,
        "parent": None,
        "unit_denomination": rng.choice((None, {"id": 1, "value": "1.00000", "name": "One", "label": "1"})),
        "grow_type": rng.choice((None, 1, 2)),
        "seller_internal_id": rng.choice((None, "", f"INT-{rng.randrange(1000)}")),
        "strain_classification": kind,
        "strain_classification_display": kind_words,
        "license": {
            "id": seller.id * 10,
            "number": seller.license_number,
            "type": "Recreational",
            "display_type": "Adult Use",
            "classification": "Adult Use",
        },
        "children_count": 0,
        "strains": [] if kind == "na" else [rng.randrange(100, 140)],
        "image_count": rng.randrange(4),
        "s2s_conversion_amount": "1.0000",
        "extern_sts_ids": rng.choice((None, [], [f"{rng.getrandbits(40):010x}"])),
        "has_deals_eligible_children": False,
        "base_units_per_unit": rng.choice((None, "3.5000", 1)),
        "external_ids": rng.choice(({}, None, {"erp": str(rng.randrange(10**6))})),
        "product_data_items": rng.choice((None, [], specs)),
    }


def _fee(brand: int | None, rng: Random) -> dict[str, Any]:
    """Return what is different in a product that stands for a delivery fee."""
    return {
        "name": "Delivery fee",
        "display_name": "Delivery fee",
        "sku": None,
        "brand": brand,
        "unit_multiplier": 1,
        "listing_state": "Internal",
        "display_listing_state": "Internal",
        "is_ancillary": True,
        **_prices(3500, 1, rng),
        "inventory_management": _UNLIMITED,
        "quantity": "0.0000",
        "available_inventory": 0,
    }


def _times(created: datetime, edited: datetime, rng: Random) -> dict[str, Any]:
    return {
        "created_on": instant(created, rng),
        "last_edit": instant(edited, rng),
        "modified": instant(edited, rng),
        "drop_date": None,
        "dropped": rng.choice((None, instant(created, rng))),
    }


def reserved(row: dict[str, Any], units_e4: int) -> dict[str, Any]:
    """Return the product with that much reserved, in ten-thousandths; stock that would not do is filled up."""
    changed = row | {"reserved_qty": quantity_text(units_e4)}
    if row["inventory_management"] == _MANAGED:
        stock = scaled(row["quantity"], 4)
        if stock < units_e4:
            stock = units_e4 + 250 * 10000
        free = stock - units_e4
        whole = free % 10000 == 0
        changed |= {"quantity": quantity_text(stock), "available_inventory": free // 10000 if whole else free / 10000}
    return changed
