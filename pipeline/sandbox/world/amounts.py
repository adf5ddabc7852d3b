"""What an order comes to, in whole numbers: the rule that every total of the sandbox keeps to the cent."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.sandbox.store.forms import rewritten, scaled


class PricedLine(NamedTuple):
    """What a line contributes: the price of a case in cents, base units in ten-thousandths, units in a case."""

    price_cents: int
    units_e4: int
    multiplier: int | None
    is_sample: bool


class Adjustments(NamedTuple):
    """What is taken off and added: discount and tax in hundredths of a percent or in cents, the rest in cents."""

    discount: int = 0
    discount_type: str = "%"
    tax: int = 0
    tax_type: str = "%"
    shipping_cents: int = 0


@dataclass(frozen=True)
class Amounts:
    """What an order comes to, in cents."""

    lines: int
    discount: int
    tax: int
    total: int


def divide(numerator: int, denominator: int) -> int:
    """Divide and round half away from zero."""
    quotient, rest = divmod(abs(numerator), denominator)
    quotient += 2 * rest >= denominator
    return quotient if numerator >= 0 else -quotient


def line_amount_e6(line: PricedLine) -> int:
    """Return price x quantity / units in a case, in millionths; a multiplier of null or 0 counts as 1."""
    # Cents times ten-thousandths are millionths already.
    return divide(line.price_cents * line.units_e4, line.multiplier or 1)


def order_amounts(lines: Iterable[PricedLine], adjustments: Adjustments) -> Amounts:
    """Return what the order comes to: lines - discount + tax + shipping, each rounded to the cent once."""
    everything = discountable = 0
    for line in lines:
        amount = line_amount_e6(line)
        everything += amount
        if not line.is_sample:
            discountable += amount
    if adjustments.discount_type == "%":
        discount = divide(discountable * adjustments.discount, 10**8)
    else:
        discount = min(adjustments.discount, divide(discountable, 10**4))
    gross = divide(everything, 10**4)
    tax = adjustments.tax
    if adjustments.tax_type == "%":
        tax = divide((gross - discount) * adjustments.tax, 10**4)
    return Amounts(gross, discount, tax, gross - discount + tax + adjustments.shipping_cents)


def priced_line(row: dict[str, Any]) -> PricedLine:
    """Return what a line of the API contributes; the sale price counts when there is one."""
    price = scaled(row["sale_price"], 2) or scaled(row["ordered_unit_price"], 2)
    return PricedLine(price, scaled(row["quantity"], 4), row["unit_multiplier"], row["is_sample"])


def balance_cents(total: int, credits_cents: int, payments: list[int], is_paid: bool) -> int:
    """Return what is still owed: the total less credits and payments; nothing when it was ticked paid without any."""
    return 0 if is_paid and not payments else total - credits_cents - sum(payments)


def settled(
    order: dict[str, Any], lines: Iterable[dict[str, Any]], payments: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """Return the order with its total, tax and balance as they follow from its lines and payments."""
    adjustments = Adjustments(
        scaled(order["discount"], 2),
        order["discount_type"],
        scaled(order["tax_amount"], 2),
        order["tax_type"],
        scaled(order["shipping_charge"], 2),
    )
    amounts = order_amounts(map(priced_line, lines), adjustments)
    paid = [scaled(payment["total"], 2) for payment in payments]
    balance = balance_cents(amounts.total, scaled(order["credits"], 2), paid, order["paid"])
    return order | {
        "total": rewritten(order["total"], amounts.total),
        "final_tax": rewritten(order["final_tax"], amounts.tax),
        "payment_balance": rewritten(order["payment_balance"], balance),
    }
