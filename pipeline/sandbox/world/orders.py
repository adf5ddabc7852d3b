"""Orders with their lines and payments, as the API gives them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from pipeline.sandbox.store.forms import amount, decimal_text, instant, money, noon_of, number
from pipeline.sandbox.world.amounts import Adjustments, Amounts, balance_cents, order_amounts
from pipeline.sandbox.world.customers import Buyer
from pipeline.sandbox.world.lines import Wish, choose_lines, line_row
from pipeline.sandbox.world.payments import Settlement, payment_row, settle
from pipeline.sandbox.world.products import Goods
from pipeline.sandbox.world.terms import PaymentTerms, payment_terms
from pipeline.sandbox.world.timeline import RECEIVABLE, Moments, moments_of, status_at
from pipeline.sandbox.world.vocabulary import NOTES, SELLERS, STATUSES_ONWARD

Row = dict[str, Any]
_COMBINED_SHARE = 0.015
_REPS = {rep: name for seller in SELLERS for rep, name in seller.reps}


@dataclass
class Bundle:
    """An order with its lines and payments."""

    order: Row
    lines: list[Row]
    payments: list[Row]


@dataclass
class Keys:
    """The ids that the next line, payment and customer get."""

    line: int = 9000001
    payment: int = 500001
    customer: int = 0


@dataclass(frozen=True)
class _Start:
    """What is fixed about an order before anything is priced."""

    number: str
    buyer: Buyer
    moments: Moments
    wishes: list[Wish]
    is_combination: bool


@dataclass
class OrderMaker:
    """Makes orders for the buyers out of the goods, handing out keys and following one stream of chance."""

    buyers: Sequence[Buyer]
    goods: Sequence[Goods]
    keys: Keys
    rng: Random
    _merged: tuple[Buyer, list[Wish]] | None = None
    _goods_of: dict[int, tuple[list[Goods], Goods]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for seller in SELLERS:
            own = [each for each in self.goods if each.seller == seller.id]
            fee = next(each for each in own if each.is_fee)
            self._goods_of[seller.id] = ([each for each in own if not each.is_fee], fee)

    def make(self, created: datetime, now: datetime, status: str | None = None) -> Bundle:
        """Return an order created then, as it stands now; the one after a Combined order is what it went into."""
        rng = self.rng
        number = str(UUID(int=rng.getrandbits(128), version=4))
        merged, self._merged = self._merged, None
        if merged:
            buyer, status = merged[0], "Complete" if (now - created).days > 9 else "Accepted"
        else:
            buyer = self.buyers[int(rng.random() * len(self.buyers))]
        wishes = choose_lines(*self._goods_of[buyer.seller], buyer.currency, rng)
        if merged:
            wishes = merged[1] + wishes
        elif status == "Combined" or (status is None and rng.random() < _COMBINED_SHARE):
            status, self._merged = "Combined", (buyer, wishes)
        moments = moments_of(created, now, status or status_at((now - created) / timedelta(days=1), rng), rng)
        return self._bundle(_Start(number, buyer, moments, wishes, merged is not None), now)

    def _bundle(self, start: _Start, now: datetime) -> Bundle:
        rng, moments = self.rng, start.moments
        adjustments = _adjustments(rng)
        amounts = order_amounts((wish.priced for wish in start.wishes), adjustments)
        terms = payment_terms(start.buyer.term, moments.invoiced, rng)
        credits_cents, settlement = 0, Settlement()
        # Some pay before anything is shipped.
        if moments.status in RECEIVABLE or (moments.status in ("Accepted", "Fulfilled") and rng.random() < 0.1):
            credits_cents = amounts.total * rng.randrange(1, 10) // 100 if rng.random() < 0.03 else 0
            days = 14 if terms.days is None else terms.days
            settlement = settle(amounts.total - credits_cents, moments, days, now, rng)
        if settlement.last_at:
            moments = replace(moments, modified=max(moments.modified, settlement.last_at))
        order = _order_row(start, moments, terms, rng)
        order |= _money_fields(start, adjustments, amounts, rng)
        order |= _payment_fields(amounts.total, credits_cents, settlement, rng)
        return Bundle(order, self._lines(start, moments), self._payments(start, settlement, now))

    def _lines(self, start: _Start, moments: Moments) -> list[Row]:
        first = self.keys.line
        self.keys.line += len(start.wishes)
        return [
            line_row(first + position, position, start.number, wish, start.buyer.currency, moments, self.rng)
            for position, wish in enumerate(start.wishes)
        ]

    def _payments(self, start: _Start, settlement: Settlement, now: datetime) -> list[Row]:
        first = self.keys.payment
        self.keys.payment += len(settlement.payments)
        return [
            payment_row(first + position, start.number, start.buyer.currency, payment, now, self.rng)
            for position, payment in enumerate(settlement.payments)
        ]


def _adjustments(rng: Random) -> Adjustments:
    discount, discount_type, tax, tax_type, shipping = 0, "%", 0, "%", 0
    chance = rng.random()
    if chance < 0.12:
        discount = rng.choice((500, 1000, 1250, 333))
    elif chance < 0.18:
        discount, discount_type = rng.choice((2500, 10000, 1999, 150000)), "$"
    if rng.random() < 0.2:
        tax, tax_type = rng.choice(((1500, "%"), (290, "%"), (12345, "$")))
    if rng.random() < 0.25:
        shipping = rng.choice((2500, 4000, 1795))
    return Adjustments(discount, discount_type, tax, tax_type, shipping)


def _money_fields(start: _Start, adjustments: Adjustments, amounts: Amounts, rng: Random) -> Row:
    currency, is_percentage = start.buyer.currency, adjustments.tax and adjustments.tax_type == "%"
    tax = {"id": int(start.number[:7], 16), "order": start.number, "tax": 3, "name": "Excise", "state": "CO"}
    return {
        "discount": amount(adjustments.discount, rng),
        "discount_type": adjustments.discount_type,
        "tax_amount": amount(adjustments.tax, rng),
        "tax_type": adjustments.tax_type,
        "final_tax": amount(amounts.tax, rng),
        "shipping_charge": money(adjustments.shipping_cents, currency, rng),
        "total": money(amounts.total, currency, rng),
        "order_taxes": [tax | {"rate": decimal_text(adjustments.tax), "auto_apply": True}] if is_percentage else [],
    }


def _payment_fields(total: int, credits_cents: int, settlement: Settlement, rng: Random) -> Row:
    paid = [payment.cents for payment in settlement.payments]
    return {
        "credits": amount(credits_cents, rng),
        "payment_balance": number(balance_cents(total, credits_cents, paid, settlement.paid)),
        "paid": settlement.paid,
        "paid_date": settlement.paid_date.isoformat() if settlement.paid_date else None,
    }


def _order_row(start: _Start, moments: Moments, terms: PaymentTerms, rng: Random) -> Row:
    buyer, short_id = start.buyer, start.number[:8]
    own = rng.choice((None, "", f"SO-{int(start.number[:5], 16)}"))
    brands = sorted({wish.goods.brand for wish in start.wishes if wish.goods.brand})
    return {
        "number": start.number,
        "short_id": short_id,
        "external_id_seller": own,
        "external_id_buyer": rng.choice((None, "", "PO 77/3")),
        "ext_acct_id": rng.choice((None, "", "8841")),
        "created_on": instant(moments.created, rng),
        "modified": instant(moments.modified, rng),
        "buyer": buyer.company,
        "seller": buyer.seller,
        "customer": buyer.id if rng.random() < 0.02 else buyer.short(),
        "brand": brands[0] if len(brands) == 1 else None,
        "brand_ids": brands,
        "status": moments.status,
        "available_transitions": list(STATUSES_ONWARD[moments.status]),
        "is_combination": start.is_combination,
        "ship_date": noon_of(moments.shipped, rng) if moments.shipped else None,
        "order_number": start.number,
        "order_seller_number": own or short_id,
        "order_buyer_number": short_id,
        "order_short_number": short_id,
        "corporate_address": buyer.corporate_address,
        "delivery_address": buyer.delivery_address,
        "delivery_preferences": buyer.preferences,
        "sales_reps": _reps(buyer.seller, rng),
        **terms.fields,
        **_remarks(moments, rng),
    }


def _reps(seller: int, rng: Random) -> list[Any]:
    """Return the order's sales reps: as a rule objects, on some orders only their ids."""
    reps = next(each for each in SELLERS if each.id == seller).reps
    chosen = [rep for rep, _ in reps if rng.random() < 0.45]
    return chosen if rng.random() < 0.15 else rep_objects(chosen)


def other_rep(seller: int, reps: list[Any], rng: Random) -> Any:
    """Return a sales rep of the seller's who is not among `reps`, or any of them if all are."""
    own, taken = next(each for each in SELLERS if each.id == seller).reps, {rep["id"] for rep in rep_objects(reps)}
    (found,) = rep_objects([rng.choice([rep for rep, _ in own if rep not in taken] or [rep for rep, _ in own])])
    return found


def rep_objects(reps: list[Any]) -> list[Any]:
    """Return sales reps as objects, whatever they come as."""
    return [{"id": rep, "user": _REPS.get(rep)} if isinstance(rep, int) else rep for rep in reps]


def _remarks(moments: Moments, rng: Random) -> Row:
    delivery = {"acquire_type": 1, "get_acquire_type_display": "Drop off", "manifest_number": "M-7"}
    delivery |= {"acquire_date": instant(moments.modified, rng)}
    return {
        "user": rng.choice(("iokafor", "japeña", "whalloran", None)),
        "manual": rng.random() < 0.2,
        "shipping_details": rng.choice((None, "", "Left with Zoë at the back door")),
        "notes": rng.choice(NOTES),
        "internal_notes": rng.choice((None, "", "late payer ⚠")),
        "classification": rng.choice(("Adult Use", "Adult Use", "Medical")),
        "has_special_requests": rng.random() < 0.05,
        "delivery_provider": rng.choice((None, None, 990)),
        "delivery_info": rng.choice((None, None, None, delivery)),
        "facility_id": rng.choice((None, 301, "302")),
        "distributor": rng.choice(("", None, 990)),
        "external_ids": rng.choice(({}, None, {"erp": short(rng), "wms": short(rng)})),
    }


def short(rng: Random) -> str:
    """Return an identifier of another system."""
    return f"{rng.getrandbits(24):06x}"
