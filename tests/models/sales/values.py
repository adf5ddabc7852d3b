"""Reading values in the API's shapes, and rounding."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT, RATIO = Decimal("0.01"), Decimal("0.0001")
Row = dict[str, Any]


def number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def money(value: Any) -> tuple[Decimal | None, str | None]:
    if isinstance(value, Mapping):
        return number(value.get("amount")), value.get("currency")
    return number(value), None


def id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, Mapping) else value


def rounded(value: Decimal, unit: Decimal = CENT) -> Decimal:
    return value.quantize(unit, rounding=ROUND_HALF_UP)


def ratio(numerator: Decimal | int, denominator: Decimal | int) -> Decimal | None:
    return rounded(Decimal(numerator) / Decimal(denominator), RATIO) if denominator else None
