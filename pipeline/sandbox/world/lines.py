"""The lines of orders: mostly whole cases, often a part of one, at times a sample or a fee."""

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from pipeline.sandbox.store.forms import decimal_text, instant, money, quantity_text
from pipeline.sandbox.world.amounts import PricedLine
from pipeline.sandbox.world.products import Goods
from pipeline.sandbox.world.timeline import Moments

_CANADIAN_PERCENT = 136  # what a case costs in Canadian dollars, of its price in US dollars
_OLD_PAYLOAD_DAYS = 200  # lines of orders older than this still say whether they are marked for deletion


class Wish(NamedTuple):
    """A line to be: what is ordered, how much of it in ten-thousandths of a base unit, and at which price."""

    goods: Goods
    units_e4: int
    multiplier: int | None
    price_cents: int
    sale_cents: int
    is_sample: bool

    @property
    def priced(self) -> PricedLine:
        """What the line contributes to its order."""
        return PricedLine(self.sale_cents or self.price_cents, self.units_e4, self.multiplier, self.is_sample)


def choose_lines(goods: Sequence[Goods], fee: Goods, currency: str, rng: Random) -> list[Wish]:
    """Return the lines of a new order: eight on average, and now and then a fee."""
    count = int(rng.triangular(1, 21, 3))
    wishes = [_wish(goods[int(rng.random() * len(goods))], currency, rng) for _ in range(count)]
    if rng.random() < 0.06:
        price = rng.choice((1500, 3500, 3500, 4999))
        wishes.append(Wish(fee, 10000, 1, price, 0, False))
    return wishes


def _wish(goods: Goods, currency: str, rng: Random) -> Wish:
    chance = rng.random()
    multiplier = goods.multiplier
    size = multiplier or 1
    price = goods.price_cents if currency == "USD" else goods.price_cents * _CANADIAN_PERCENT // 100
    if chance < 0.035:
        return Wish(goods, 10000, multiplier, 1 if chance < 0.02 else 0, 0, True)
    if rng.random() < 0.15:
        # A part of a case; what is sold by weight comes in parts of a unit.
        units = int(rng.random() * 3 * size * 10000) // 10000 * 10000 + (10000 if size > 1 else 2500)
    else:
        units = (1 + int(rng.random() * 12)) * size * 10000
    if size == 1 and rng.random() < 0.05:
        multiplier = rng.choice((None, 0))
    sale = price * 85 // 100 if rng.random() < 0.05 else 0
    return Wish(goods, units, multiplier, price, sale, False)


def batch_of(product: int) -> int:
    """Return the batch that orders got the product from."""
    return 5000 + product % 50


def line_row(key: int, position: int, number: str, wish: Wish, currency: str, moments: Moments, rng: Random) -> Any:
    """Return a line as the API gives it."""
    goods, chance = wish.goods, rng.random()
    is_packed = moments.shipped is not None and chance < 0.4
    row = {
        "id": key,
        "ordered_unit_price": money(wish.price_cents, currency, rng),
        "quantity": quantity_text(wish.units_e4),
        "order": number,
        "product": goods.id,
        "notes": None if chance < 0.6 else "" if chance < 0.97 else "2 cases short — ok, reçu 👍",
        "is_sample": wish.is_sample,
        "sale_price": money(wish.sale_cents, currency, rng),
        "unit_multiplier": wish.multiplier,
        "is_medical_line_item": chance > 0.95,
        "is_packed": is_packed,
        "packed_at": instant(moments.modified, rng) if is_packed else None,
        "packed_by": 41 if is_packed else None,
        "unit_of_measure": goods.unit,
        "position": position,
        "bulk_units": wish.units_e4 // 10000 // (wish.multiplier or 1),
        "on_sale": wish.sale_cents > 0,
        "is_backorder": moments.status == "Backorder" and chance < 0.5,
        "order_id": number[:8],
        "batch": batch_of(goods.id) if chance < 0.3 else None,
        "package_tags": [f"1A40{key:020d}"] if is_packed else ([] if chance < 0.8 else None),
        "frozen_data": {
            "product": {"name": goods.name, "sku": goods.sku, "product_line_name": goods.product_line},
        },
        "wholesale_price": decimal_text(goods.price_cents),
    }
    if moments.age_days > _OLD_PAYLOAD_DAYS:
        row["marked_for_deletion"] = False
    return row
