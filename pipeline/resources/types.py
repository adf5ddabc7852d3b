"""The kinds of values that LeafLink sends, each with the forms it is known to come in.

A type here is what pydantic validates and normalises when a row leaves the fast path (see `extract.decode`),
and what `resources.columns` turns into an Arrow and a DuckDB column. Nothing is rounded: a value that does
not fit its column is refused.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

PRECISION, SCALE = 38, 9
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Kind(Enum):
    """How a value is stored; the marker inside each annotated type below."""

    INTEGER = "integer"
    LOOSE_INTEGER = "integer or its text"
    TEXT = "text"
    LOOSE_TEXT = "text or integer"
    BOOLEAN = "boolean"
    EXACT = "decimal"
    INSTANT = "instant"
    INSTANT_OR_DAY = "instant or date"
    DAY = "date"
    JSON = "free-form JSON"
    TEXTS = "list of texts"


def _parse_exact(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("not a decimal number")
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError("not a decimal number")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError("not a decimal number") from error
    if not number.is_finite() or number.adjusted() >= PRECISION - SCALE:  # abs() rounds to 28 digits
        raise ValueError(f"not a finite number of at most {PRECISION - SCALE} digits before the point")
    if _places(number) > SCALE:
        raise ValueError(f"more than {SCALE} digits after the point: it would lose digits")
    return number


def _places(number: Decimal) -> int:
    """Return how many digits there are after the point, without zeros at the end; normalize() rounds to 28 digits."""
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    assert isinstance(exponent, int), "a finite number"
    zeros = next((place for place, digit in enumerate(reversed(digits)) if digit), -exponent)
    return -exponent - zeros


def _parse_instant(value: Any) -> Any:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("not a timestamp with an offset and at most microseconds")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"not a timestamp: {error}") from error


def _parse_instant_or_day(value: Any) -> Any:
    # LeafLink writes such dates as 12:00 UTC, which is the same day in every zone of the Americas.
    if isinstance(value, str) and _DAY.fullmatch(value):
        value = f"{value}T12:00:00Z"
    return _parse_instant(value)


def _parse_day(value: Any) -> Any:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("not a date (YYYY-MM-DD)")
    return date.fromisoformat(value)


def _parse_integer(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError("not a whole number of at most 64 bits")
    return value


def _parse_loose_integer(value: Any) -> Any:
    if isinstance(value, str):
        if not value:
            return None
        if not re.fullmatch(r"[+-]?[0-9]{1,19}", value):
            raise ValueError("not a whole number")
        value = int(value)
    return _parse_integer(value)


def _parse_text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("not a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("not valid Unicode (a lone surrogate)") from error
    return value


def _parse_loose_text(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _parse_text(value)


def _parse_boolean(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("not true or false")
    return value


def _parse_texts(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _nullable(parse: Any) -> BeforeValidator:
    return BeforeValidator(lambda value: None if value is None else parse(value))


Integer = Annotated[int | None, _nullable(_parse_integer), Kind.INTEGER]
LooseInteger = Annotated[int | None, _nullable(_parse_loose_integer), Kind.LOOSE_INTEGER]
Text = Annotated[str | None, _nullable(_parse_text), Kind.TEXT]
LooseText = Annotated[str | None, _nullable(_parse_loose_text), Kind.LOOSE_TEXT]
Boolean = Annotated[bool | None, _nullable(_parse_boolean), Kind.BOOLEAN]
Exact = Annotated[
    Decimal | None,
    _nullable(_parse_exact),
    PlainSerializer(lambda number: None if number is None else f"{number:f}", when_used="json"),
    Kind.EXACT,
]
Instant = Annotated[datetime | None, _nullable(_parse_instant), Kind.INSTANT]
InstantOrDay = Annotated[datetime | None, _nullable(_parse_instant_or_day), Kind.INSTANT_OR_DAY]
Day = Annotated[date | None, _nullable(_parse_day), Kind.DAY]
Json = Annotated[Any, Kind.JSON]
Texts = Annotated[list[Annotated[str, BeforeValidator(_parse_text)]] | None, _nullable(_parse_texts), Kind.TEXTS]

# Keys and what no row can do without: the same forms, never null.
RequiredInteger = Annotated[int, BeforeValidator(_parse_integer), Kind.INTEGER]
RequiredText = Annotated[str, BeforeValidator(_parse_text), Kind.TEXT]
RequiredLooseText = Annotated[str, BeforeValidator(_parse_loose_text), Kind.LOOSE_TEXT]
RequiredInstant = Annotated[datetime, BeforeValidator(_parse_instant), Kind.INSTANT]


def personal(description: str) -> Any:
    """Return a field that holds personal data: a person's name, e-mail, phone, address, number, place, or free text."""
    return Field(None, description=description, json_schema_extra={"personal": True})


def one_of(*values: str | int) -> dict[str, Any]:
    """Return, as `json_schema_extra` of a field, which texts or numbers are known: another one is drift, no error."""
    return {"values": list(values)}


class Record(BaseModel):
    """A row of a resource, or an object inside one. Fields that it does not name are kept in `_extra`."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)


class Money(Record):
    """An amount with its currency; seen as an object, or (in webhooks) as a bare number without a currency."""

    amount: Exact = None
    currency: Text = None


def _money_from(value: Any) -> Any:
    return value if isinstance(value, dict | None) else {"amount": value}


MoneyField = Annotated[Money | None, BeforeValidator(_money_from)]


def reference_to(value: Any) -> Any:
    """Give an id the shape of the object that it stands for: 7 becomes {"id": 7}."""
    return {"id": value} if isinstance(value, int) and not isinstance(value, bool) else value


def id_of(value: Any) -> Any:
    """Give an expanded object back its id: {"id": 7, …} becomes 7."""
    return value["id"] if isinstance(value, dict) and "id" in value else value


Reference = BeforeValidator(reference_to)
IdOrObject = Annotated[int | None, _nullable(lambda value: _parse_loose_integer(id_of(value))), Kind.LOOSE_INTEGER]
