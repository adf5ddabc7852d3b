"""Why sales differ between two months: by doors, price, volume and mix."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb

from pipeline.errors import UsageError
from pipeline.jobs.choice import choose_brands, choose_sellers
from pipeline.jobs.explanation import Explanation, Move, Part, part_of
from pipeline.warehouse.published import has_table, open_published

_CENT = Decimal("0.01")


def why_net_sales(
    data_dir: Path,
    *,
    seller: str | None = None,
    brand: str | None = None,
    month: date | None = None,
    against: date | None = None,
) -> list[Explanation]:
    """Return what net sales of `month` differ by from those of the month `against`, by company and currency.

    Without them it is the last month that is over, and the one before it. The parts: doors that bought in only one of
    the months; of those that bought in both, price (of products that they bought in both months), volume (cases, at the
    average price of `against`) and mix, which is the rest. Raises UsageError when there is no warehouse, no such seller
    or brand, or the two months are one.
    """
    with open_published(data_dir) as con:
        for table in ("marts.fct_order_lines", "marts.dim_brands", "marts.fct_orders"):
            if not has_table(con, table):
                raise UsageError(
                    f"{table}: not there, since a resource that it needs never came. See `leafhouse status`."
                )
        month = month or _last_complete_month(con)
        against = against or _month_before(month)
        if month == against:
            raise UsageError(f"{month:%Y-%m}: cannot be compared with itself. Name another month with --against.")
        values = {
            "sellers": choose_sellers(con, seller), "brands": choose_brands(con, brand), "month": month,
            "against": against,
        }  # fmt: skip
        lines = con.execute(_MONTHS, values).fetchall()
    groups: dict[tuple[str, str | None], list[Line]] = {}
    for company, currency, *rest in lines:
        groups.setdefault((company, currency), []).append(Line(*rest))
    return [
        explain_months(
            "net_sales" if brand is None else f"net_sales, {brand}", company, currency, month, against, group
        )
        for (company, currency), group in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    ]


@dataclass(frozen=True)
class Line:
    """A sale line; `is_after` when it is of the later month."""

    is_after: bool
    customer_id: int | None
    customer_name: str | None
    short_id: str
    product_id: int | None
    product_name: str | None
    cases: Decimal
    amount: Decimal


def explain_months(
    amount: str, company: str, currency: str | None, month: date, against: date, lines: Collection[Line]
) -> Explanation:
    """Return what the sum of `lines` of `month` differs by from those of `against`; the last part takes the rest."""
    before, after = (_rounded(line.amount for line in lines if line.is_after == is_after) for is_after in (False, True))
    doors_before, doors_after = (
        {line.customer_id for line in lines if line.is_after == side} for side in (False, True)
    )
    new = [line for line in lines if line.customer_id not in doors_before]
    lost = [line for line in lines if line.customer_id not in doors_after]
    same = [line for line in lines if line.customer_id in doors_before & doors_after]
    parts = [
        part_of("new doors", _orders_of(new, 1), _rounded(line.amount for line in new)),
        part_of("lost doors", _orders_of(lost, -1), -_rounded(line.amount for line in lost)),
    ]
    products = {line.product_id for line in same}
    parts.append(
        part_of("price", [move for move in _price_moves(same) if move.change], _rounded(_exact_prices(same).values()))
    )
    parts.append(Part("volume", _volume(same), len(products), ()))
    rest = after - before - sum((part.change for part in parts), Decimal(0))
    parts.append(Part("mix", rest, len(products), ()))
    return Explanation(amount, company, currency, f"{against:%Y-%m}", f"{month:%Y-%m}", before, after, tuple(parts))


def _orders_of(lines: Iterable[Line], sign: int) -> list[Move]:
    amounts: dict[tuple[str, str | None], Decimal] = {}
    for line in lines:
        key = line.short_id, line.customer_name
        amounts[key] = amounts.get(key, Decimal(0)) + sign * line.amount
    return [Move("", name, customer, _rounded([amount])) for (name, customer), amount in amounts.items()]


def _sides(lines: Iterable[Line]) -> dict[int | None, list[Fraction]]:
    """Return cases and amount then, and cases and amount now, by product."""
    sides: dict[int | None, list[Fraction]] = {}
    for line in lines:
        side, first = sides.setdefault(line.product_id, [Fraction(0)] * 4), 2 if line.is_after else 0
        side[first] += Fraction(line.cases)
        side[first + 1] += Fraction(line.amount)
    return sides


def _exact_prices(lines: Iterable[Line]) -> dict[int | None, Fraction]:
    """Return by product what its cases of now cost more than they would have cost then."""
    return {
        product: amount_after - cases_after * amount_before / cases_before
        for product, (cases_before, amount_before, cases_after, amount_after) in _sides(lines).items()
        if cases_before > 0 and cases_after > 0
    }


def _price_moves(lines: Collection[Line]) -> list[Move]:
    names = {line.product_id: line.product_name for line in lines}
    return [
        Move("price", names[product] or f"product {product}", None, _rounded([change]))
        for product, change in _exact_prices(lines).items()
    ]


def _volume(lines: Iterable[Line]) -> Decimal:
    """Return what the cases that were bought more cost at the average price of then."""
    sides = list(_sides(lines).values())
    cases_before, amount_before, cases_after = (sum((side[i] for side in sides), Fraction(0)) for i in range(3))
    return _rounded([(cases_after - cases_before) * amount_before / cases_before] if cases_before > 0 else [])


def _rounded(amounts: Iterable[Decimal | Fraction]) -> Decimal:
    """Return the sum in cents, half away from zero."""
    total = sum((Fraction(amount) for amount in amounts), Fraction(0)) * 100
    cents = (2 * abs(total).numerator + total.denominator) // (2 * total.denominator)
    return Decimal(cents if total >= 0 else -cents) * _CENT


def _last_complete_month(con: duckdb.DuckDBPyConnection) -> date:
    (as_of,) = con.execute("SELECT arg_max(as_of, load_id) FROM meta.loads").fetchone() or (None,)
    assert as_of is not None, "a published warehouse has a load"
    next_day = as_of + timedelta(days=1)
    return _month_before(next_day.replace(day=1))


def _month_before(month: date) -> date:
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


_MONTHS = """
    SELECT
        _company, currency, date_trunc('month', order_date) = $month AS is_after, customer_id, customer_name,
        short_id, product_id, product_name, coalesce(cases, 0), coalesce(net_amount, 0)
    FROM marts.fct_order_lines
    WHERE is_sale
        AND date_trunc('month', order_date) IN ($month, $against)
        AND ($sellers IS NULL OR list_contains($sellers, seller_id))
        AND ($brands IS NULL OR list_contains($brands, brand_id))
"""
