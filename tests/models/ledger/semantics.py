"""What LeafLink leaves open, as the oracle finds it out from the rows: the bases of prices, per cents and credits."""

from datetime import date
from decimal import Decimal

from .source import CENT, SIX, ZERO, Row, Source, amount_of, cents, currency_of, number, quotient, rounded, total


class Line:
    """A line as ordered: its price, currency, and its amount under either basis of prices."""

    def __init__(self, source: Source, order: Row, raw: Row) -> None:
        self.raw, self.id = raw, raw["id"]
        sale, ordered = raw.get("sale_price"), raw.get("ordered_unit_price")
        self.is_on_sale = (amount_of(sale) or 0) > 0
        price = sale if self.is_on_sale else ordered
        self.price, self.currency = amount_of(price), currency_of(price) or currency_of(order.get("total"))
        self.units, self.multiplier = number(raw.get("quantity")), int(raw.get("unit_multiplier") or 1)
        self.is_sample = bool(raw.get("is_sample"))
        self.is_own = self.currency == currency_of(order.get("total"))
        product = source.one("products", raw.get("product")).get("wholesale_price")
        self.list_price, self.list_basis = number(raw.get("wholesale_price")), "line"
        if self.list_price is None or self.list_price <= 0:
            self.list_price, self.list_basis = amount_of(product), "product"
            if self.list_price is None or self.list_price <= 0 or currency_of(product) != self.currency:
                self.list_price, self.list_basis = None, "none"

    def amount(self, basis: str, price: Decimal | None) -> Decimal | None:
        if price is None or self.units is None:
            return None
        return quotient(price * self.units, self.multiplier if basis == "selling_unit" else 1, SIX)

    def line_amount(self, basis: str) -> Decimal | None:
        return self.amount(basis, self.price)

    def list_amount(self, basis: str) -> Decimal | None:
        listed_amount = self.amount(basis, self.list_price)
        return self.line_amount(basis) if listed_amount is None else listed_amount


def lines(source: Source, order: Row) -> list[Line]:
    return [Line(source, order, raw) for raw in source.lines_of[order["number"]]]


def tax(order: Row) -> Decimal:
    final = number(order.get("final_tax"))
    if final is None and order.get("tax_type") == "$":
        final = number(order.get("tax_amount"))
    return final or ZERO


def rate_of(order: Row) -> Decimal:
    """The discount of an order in percent, or in parts of 1, as entered; one of a thousand or more is none."""
    rate = number(order.get("discount")) if order.get("discount_type") == "%" else None
    return rate if rate is not None and abs(rate) < 1000 else ZERO


def discount(order: Row, own: Decimal, percent_basis: str) -> Decimal:
    """The order's discount in cents; `own` is the unrounded sum of its non-sample lines."""
    value = number(order.get("discount"))
    if value is None or own <= 0:
        return ZERO
    if order.get("discount_type") == "$":
        return cents(min(value, own))
    return quotient(own * rate_of(order), 100 if percent_basis == "percent" else 1, CENT)


def taken(source: Source, order: Row, price_basis: str, netted: bool) -> tuple[Decimal, Decimal]:
    """What the order's total lacks of its lines, charges and credits, in cents; and the sum that a percentage is of."""
    every = lines(source, order)
    own = total(line.line_amount(price_basis) for line in every if not line.is_sample and line.is_own)
    charges = cents(tax(order)) + cents(amount_of(order.get("shipping_charge")) or ZERO)
    credit = cents(number(order.get("credits")) or ZERO) if netted else ZERO
    lacks = cents(total(line.line_amount(price_basis) for line in every)) + charges - credit
    return lacks - cents(amount_of(order.get("total")) or ZERO), own


def semantics(source: Source) -> Row:
    if "semantics" not in source.memo:
        source.memo["semantics"] = _semantics(source)
    return source.memo["semantics"]


def _semantics(source: Source) -> Row:
    with_credits = netted = not_netted = 0
    for order in source.of("orders_received"):
        credit, balance = number(order.get("credits")), number(order.get("payment_balance"))
        whole = amount_of(order.get("total"))
        if credit and whole is not None and balance is not None:
            paid = total(paid_amount(payment) for payment in source.payments_of[order["number"]])
            with_credits += 1
            netted += cents(whole - paid - balance) == 0
            not_netted += cents(whole - credit - paid - balance) == 0
    row: Row = {"credits_basis": "netted" if netted > not_netted else "not_netted"}
    row |= {"orders_with_credits": with_credits, "netted": netted, "not_netted": not_netted}
    is_netted = row["credits_basis"] == "netted"
    with_multiplier, hits = 0, {"selling_unit": 0, "base_unit": 0}
    percents = {"selling_unit": [0, 0, 0], "base_unit": [0, 0, 0]}
    for order in source.of("orders_received"):
        every = lines(source, order)
        if amount_of(order.get("total")) is None or not every:
            continue
        if rate := rate_of(order):
            for basis, count in percents.items():
                lacks, own = taken(source, order, basis, is_netted)
                count[0] += 1
                if all(line.is_sample for line in every):
                    continue
                count[1] += abs(lacks - cents(max(own, ZERO) * rate / 100)) <= CENT
                count[2] += abs(lacks - cents(max(own, ZERO) * rate)) <= CENT
    source.memo["percents"] = percents
    for order in source.of("orders_received"):
        every = lines(source, order)
        priced = all(line.price is not None and line.units is not None for line in every)
        if amount_of(order.get("total")) is None or not priced or not any(line.multiplier > 1 for line in every):
            continue
        with_multiplier += 1
        for basis, count in percents.items():
            percent_basis = "fraction" if count[2] > count[1] else "percent"
            lacks, own = taken(source, order, basis, is_netted)
            hits[basis] += abs(lacks - discount(order, own, percent_basis)) <= CENT
    price_basis = "base_unit" if hits["base_unit"] > hits["selling_unit"] else "selling_unit"
    seen, as_percent, as_fraction = percents[price_basis]
    return (
        {"_company": source.company}
        | row
        | {
            "percent_basis": "fraction" if as_fraction > as_percent else "percent",
            "orders_with_percent": seen,
            "percents": as_percent,
            "fractions": as_fraction,
            "price_basis": price_basis,
            "orders_with_multiplier": with_multiplier,
            "selling_units": hits["selling_unit"],
            "base_units": hits["base_unit"],
        }
    )


def counted(source: Source, order: Row, payment: Row) -> bool:
    return currency_of(payment.get("total")) in (None, currency_of(order.get("total")))


def paid_amount(payment: Row) -> Decimal | None:
    """What a payment counts, in cents."""
    return rounded(amount_of(payment.get("total")))


def paid_on(source: Source, payment: Row) -> date | None:
    return source.day(payment.get("payment_date") or payment.get("created_on"))
