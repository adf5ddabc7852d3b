"""The types of a contract's fields: what pydantic validates, and what `resources.columns` makes columns from.

A field that a row is worthless without is required, or essential: a value of it that cannot be read sets the row aside.
A bad value of any other field is null in its column, and kept in `_odd` as it came.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.instants import instant
from pipeline.resources import values


class Kind(Enum):
    """How a value is stored; the marker inside each annotated type below."""

    INTEGER = "integer"
    LOOSE_INTEGER = "integer or its text"
    TEXT = "text"
    LOOSE_TEXT = "text or integer"
    BOOLEAN = "boolean"
    LOOSE_BOOLEAN = "boolean or its text"
    EXACT = "decimal"
    INSTANT = "instant"
    INSTANT_OR_DAY = "instant or date"
    DAY = "date"
    JSON = "free-form JSON"
    TEXTS = "list of texts"


class Weight(Enum):
    """What a row is worth without a field."""

    ESSENTIAL = "nothing"


_T = TypeVar("_T")
# What rows are joined by, or amount to. It may be null; what is there must be readable, and the models compute with it.
Essential = Annotated[_T, Weight.ESSENTIAL]


def _nullable(parse: values.Parse) -> BeforeValidator:
    return BeforeValidator(lambda value: None if value is None else parse(value))


def _datetime(parse: values.Parse) -> values.Parse:
    return lambda value: instant(parse(value))


Integer = Annotated[int | None, _nullable(values.parse_integer), Kind.INTEGER]
LooseInteger = Annotated[int | None, _nullable(values.parse_integer), Kind.LOOSE_INTEGER]
Text = Annotated[str | None, _nullable(values.parse_text), Kind.TEXT]
LooseText = Annotated[str | None, _nullable(values.parse_text), Kind.LOOSE_TEXT]
Boolean = Annotated[bool | None, _nullable(values.parse_boolean), Kind.BOOLEAN]
LooseBoolean = Annotated[bool | None, _nullable(values.parse_boolean), Kind.LOOSE_BOOLEAN]
Exact = Annotated[Decimal | None, _nullable(values.parse_exact), Kind.EXACT]
Instant = Annotated[datetime | None, _nullable(_datetime(values.parse_instant)), Kind.INSTANT]
InstantOrDay = Annotated[datetime | None, _nullable(_datetime(values.parse_instant_or_day)), Kind.INSTANT_OR_DAY]
Day = Annotated[date | None, _nullable(values.parse_day), Kind.DAY]
Json = Annotated[Any, Kind.JSON]
Texts = Annotated[list[str | None] | None, _nullable(values.parse_texts), Kind.TEXTS]

# Keys and what no row can do without: the same forms, never null.
RequiredInteger = Annotated[int, BeforeValidator(values.parse_integer), Kind.INTEGER]
RequiredText = Annotated[str, BeforeValidator(values.parse_text), Kind.TEXT]
RequiredLooseText = Annotated[str, BeforeValidator(values.parse_text), Kind.LOOSE_TEXT]
RequiredInstant = Annotated[datetime, BeforeValidator(_datetime(values.parse_instant)), Kind.INSTANT]


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


Reference = BeforeValidator(reference_to)
# An object that stands for its id: 7, or {"id": 7, …}.
IdOrObject = Annotated[int | None, _nullable(values.parse_integer), Kind.LOOSE_INTEGER]
