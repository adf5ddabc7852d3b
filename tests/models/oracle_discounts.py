"""The oracle's decisions and discounts."""

from decimal import Decimal

from .oracle_rows import CENT, MICRO, Row, Rows, money, number, rounded


def credits_are_netted(rows: Rows) -> bool:
    netted = not_netted = 0
    for order in rows.orders:
        credit, total = number(order.get("credits")), money(order.get("total"))[0]
        balance = number(order.get("payment_balance"))
        if not credit or total is None or balance is None:
            continue
        paid = sum((money(p.get("total"))[0] or 0 for p in rows.payments_by_order[order["number"]]), Decimal(0))
        netted += rounded(total - paid - balance) == 0
        not_netted += rounded(total - credit - paid - balance) == 0
    return netted > not_netted


def percent_is_a_fraction(rows: Rows) -> bool:
    percents = fractions = 0
    netted = credits_are_netted(rows)
    for order in rows.orders:
        rate, total = number(order.get("discount")), money(order.get("total"))[0]
        lines = rows.lines_by_order[order["number"]]
        if order.get("discount_type") != "%" or not rate or total is None or not lines:
            continue
        everything = sum((line["amount"] or 0 for line in lines), Decimal(0))
        sales = sum((line["amount"] or 0 for line in lines if not line["is_sample"]), Decimal(0))
        tax = number(order.get("final_tax"))
        if tax is None:
            tax = (number(order.get("tax_amount")) or Decimal(0)) if order.get("tax_type") == "$" else Decimal(0)
        shipping = money(order.get("shipping_charge"))[0] or Decimal(0)
        credit = (number(order.get("credits")) or Decimal(0)) if netted else Decimal(0)
        taken = everything + tax + shipping - credit - total
        percents += abs(taken - sales * rate / 100) <= CENT
        fractions += abs(taken - sales * rate) <= CENT
    return fractions > percents


def discount_parts(rows: Rows) -> dict[int, Decimal]:
    """The cents of discount that each line bears, by line id."""
    parts: dict[int, Decimal] = {}
    fraction = percent_is_a_fraction(rows)
    for order in rows.orders:
        value, kind = number(order.get("discount")), order.get("discount_type")
        currency = money(order.get("total"))[1]
        lines = [
            line
            for line in rows.lines_by_order[order["number"]]
            if not line["is_sample"] and line["amount"] is not None and line["currency"] == currency
        ]
        whole = sum((line["amount"] for line in lines), Decimal(0))
        if not value or kind not in ("%", "$") or whole <= 0:
            continue
        amount = min(value, whole) if kind == "$" else whole * value / (1 if fraction else 100)
        parts.update(spread(rounded(amount), whole, lines))
    return parts


def spread(amount: Decimal, whole: Decimal, lines: list[Row]) -> dict[int, Decimal]:
    """Whole cents in proportion to the lines, by largest remainder; among equals the smaller line id is first."""
    cents = int(amount / CENT)
    shares = {line["id"]: divmod(cents * int(line["amount"] / MICRO), int(whole / MICRO)) for line in lines}
    left = cents - sum(quotient for quotient, _ in shares.values())
    order = sorted(shares, key=lambda line_id: (-shares[line_id][1], line_id))
    lucky = set(order[:left])
    return {line_id: (quotient + (line_id in lucky)) * CENT for line_id, (quotient, _) in shares.items()}
