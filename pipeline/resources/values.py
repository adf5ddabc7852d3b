"""Values of each kind, read one by one from whatever form they came in.

Columns take whole batches of values in the usual forms (see `decoding.columns`); what is left comes through here.
Values are what a JSON decoder gives, with the text of a number that is not whole.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

PRECISION, SCALE = 38, 9
LONGEST_NUMBER = 60  # characters as written; a column holds 38 digits

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}(\.0{1,9})?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)
# A float carries 15 digits, so that sums of cents come with dust: 210.4 - 150.3 is 60.099999999999994.
_DUST = Decimal("1e-9")
_CENT = Decimal("0.01")
_LAST_PLACE = Decimal(1).scaleb(-SCALE)
_EXACTLY = Context(prec=2 * LONGEST_NUMBER, rounding=ROUND_HALF_UP)


class Unfit(ValueError):
    """A value that its field cannot hold. `instead` is the nearest that it can hold, where digits are lost."""

    def __init__(self, reason: str, instead: Any = None) -> None:
        super().__init__(reason)
        self.instead = instead


def parse_exact(value: Any) -> Decimal:
    """Return an amount of at most 29 digits before the point and 9 after it. Raises Unfit."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise Unfit("not a decimal number")
    if len(text := str(value)) > LONGEST_NUMBER or not _DECIMAL.fullmatch(text):
        raise Unfit("not a decimal number, or one of too many digits")
    number = Decimal(text)
    if not number.is_finite() or number.adjusted() >= PRECISION - SCALE:
        raise Unfit(f"not a finite number of at most {PRECISION - SCALE} digits before the point")
    rounded = _EXACTLY.quantize(number, _LAST_PLACE)
    if rounded != number:
        instead = rounded if rounded.adjusted() < PRECISION - SCALE else None
        raise Unfit(f"more than {SCALE} digits after the point: it would lose digits", instead)
    return number


def parse_amount(value: Any) -> Decimal:
    """Return an amount that is computed with: within a billionth of whole cents it is those cents. Raises Unfit."""
    try:
        return parse_exact(value)
    except Unfit as error:
        if error.instead is None:
            raise
        number = Decimal(str(value))
        cents = _EXACTLY.quantize(number, _CENT)
        if abs(_EXACTLY.subtract(number, cents)) > _DUST:
            raise Unfit(str(error)) from error
        return cents


def parse_instant(value: Any) -> int:
    """Return a moment with an offset, of the years 1 to 9999 where it was written, in microseconds since 1970, UTC."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise Unfit("not a timestamp with an offset and at most microseconds")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise Unfit("not a timestamp: there is no such day or time") from error
    offset = moment.utcoffset() or timedelta()
    return (moment.replace(tzinfo=None) - _EPOCH - offset) // _MICROSECOND


def parse_instant_or_day(value: Any) -> int:
    """Return a moment in microseconds since 1970, UTC; a day alone is its noon. Raises Unfit."""
    # LeafLink writes such dates as 12:00 UTC, which is the same day in every zone of the Americas.
    if isinstance(value, str) and _DAY.fullmatch(value):
        value = f"{value}T12:00:00Z"
    return parse_instant(value)


def parse_day(value: Any) -> date:
    """Return a date. Raises Unfit."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise Unfit("not a date (YYYY-MM-DD)")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Unfit("not a date: there is no such day") from error


def parse_integer(value: Any) -> int | None:
    """Return a whole number: it, its text, or the id of an object; null for no text and no id. Raises Unfit."""
    if isinstance(value, dict) and "id" in value:
        value = value["id"]
        if value is None:
            return None
    if isinstance(value, str):
        if not value:
            return None
        if not _WHOLE.fullmatch(value):
            raise Unfit("not a whole number")
        value = int(value.partition(".")[0])
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise Unfit("not a whole number of at most 64 bits")
    return value


def parse_text(value: Any) -> str:
    """Return a text, or a number as it is written. Raises Unfit."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Unfit("not a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Unfit("not valid Unicode (a lone surrogate)") from error
    return str(value)


def parse_boolean(value: Any) -> bool:
    """Return a truth value, or what its text says. Raises Unfit."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise Unfit("not true or false")
    return value


def parse_texts(value: Any) -> list[str | None]:
    """Return a list of texts, with the nulls that are in it; one text is a list of it. Raises Unfit."""
    items = value if isinstance(value, list) else [value]
    return [None if each is None else parse_text(each) for each in items]


Parse = Callable[[Any], Any]
