"""The forms that LeafLink gives to values: amounts as numbers or texts, instants with changing offsets."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NOON = time(12, tzinfo=UTC)

# Offsets follow daylight saving and need not be the seller's own zone.
ZONES = (ZoneInfo("America/Denver"), ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles"), ZoneInfo("UTC"))
_ZONE_OF = (0, 0, 0, 0, 0, 1, 1, 1, 2, 3)


def random_for(*parts: object) -> Random:
    """Return the stream of chance that belongs to `parts`: the same parts give the same stream everywhere."""
    return Random("/".join(map(str, parts)))  # noqa: S311  # test data, not a secret


def instant(moment: datetime, rng: Random) -> str:
    """Write an instant with microseconds, in an offset picked by chance."""
    return moment.astimezone(ZONES[_ZONE_OF[int(rng.random() * 10)]]).isoformat(timespec="microseconds")


def noon_of(day: date, rng: Random) -> str:
    """Write a date the way LeafLink writes a shipping date: noon in UTC, in an offset picked by chance."""
    return datetime.combine(day, NOON).astimezone(ZONES[int(rng.random() * 3)]).isoformat()


def microseconds(text: str | None) -> int | None:
    """Return an instant written with an offset (or a date: its noon) as microseconds since 1970, null as null."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = datetime.combine(moment.date(), NOON)
    return (moment - EPOCH) // MICROSECOND


def decimal_text(cents: int) -> str:
    """Write cents with two decimals: -105 becomes -1.05."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{part:02d}"


def number(cents: int) -> int | float:
    """Return cents as a JSON number. A float of this size is written with exactly its two decimals."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def amount(cents: int, rng: Random) -> int | float | str:
    """Return cents as a number or as a text, by chance."""
    return number(cents) if rng.random() < 0.6 else decimal_text(cents)


def money(cents: int, currency: str, rng: Random) -> dict[str, Any]:
    """Return an amount with its currency."""
    return {"amount": amount(cents, rng), "currency": currency}


def quantity_text(units_e4: int) -> str:
    """Write a quantity, given in ten-thousandths, with four decimals."""
    return f"{units_e4 // 10000}.{units_e4 % 10000:04d}"


def scaled(value: Any, places: int) -> int:
    """Return a number or its text in units of its last place: 1.05 with two places is 105, null is 0.

    Raises ValueError when it has more places than that.
    """
    if isinstance(value, dict):
        value = value["amount"]
    if value is None:
        return 0
    exact = Decimal(str(value)).scaleb(places)
    if exact != exact.to_integral_value():
        raise ValueError(f"{value} has more than {places} decimals")
    return int(exact)


def rewritten(old: Any, cents: int) -> Any:
    """Return cents in the form that `old` has: money or bare, number or text."""
    if isinstance(old, dict):
        return old | {"amount": rewritten(old["amount"], cents)}
    return decimal_text(cents) if isinstance(old, str) else number(cents)
