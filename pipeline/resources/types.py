"""The types of a contract's fields, which `resources.columns` makes columns from.

Pydantic holds the declarations and validates nothing: `decoding` reads the values (see `resources.values`).

A field that a row is worthless without is required, or essential: a value of it that cannot be read sets the row aside.
A bad value of any other field is null in its column, and kept in `_odd` as it came.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field


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


class Form(Enum):
    """In which other form an object may come."""

    REFERENCE = "its id"


_T = TypeVar("_T")
# What rows are joined by, or amount to. It may be null; what is there must be readable, and the models compute with it.
Essential = Annotated[_T, Weight.ESSENTIAL]

Integer = Annotated[int | None, Kind.INTEGER]
LooseInteger = Annotated[int | None, Kind.LOOSE_INTEGER]
Text = Annotated[str | None, Kind.TEXT]
LooseText = Annotated[str | None, Kind.LOOSE_TEXT]
Boolean = Annotated[bool | None, Kind.BOOLEAN]
LooseBoolean = Annotated[bool | None, Kind.LOOSE_BOOLEAN]
Exact = Annotated[Decimal | None, Kind.EXACT]
Instant = Annotated[datetime | None, Kind.INSTANT]
InstantOrDay = Annotated[datetime | None, Kind.INSTANT_OR_DAY]
Day = Annotated[date | None, Kind.DAY]
Json = Annotated[Any, Kind.JSON]
Texts = Annotated[list[str | None] | None, Kind.TEXTS]

# Keys and what no row can do without: the same forms, never null.
RequiredInteger = Annotated[int, Kind.INTEGER]
RequiredText = Annotated[str, Kind.TEXT]
RequiredLooseText = Annotated[str, Kind.LOOSE_TEXT]
RequiredInstant = Annotated[datetime, Kind.INSTANT]


def personal(description: str) -> Any:
    """Return a field that holds personal data: a person's name, e-mail, phone, address, number, place, or free text."""
    return Field(None, description=description, json_schema_extra={"personal": True})


def one_of(*values: str | int) -> dict[str, Any]:
    """Return, as `json_schema_extra` of a field, which texts or numbers are known: another one is drift, no error."""
    return {"values": list(values)}


class Record(BaseModel):
    """A row of a resource, or an object inside one. Fields that it does not name are kept in `_extra`."""

    model_config = ConfigDict(defer_build=True)  # nobody validates with it, and building validators takes time


class Money(Record):
    """An amount with its currency; seen as an object, or (in webhooks) as a bare number without a currency."""

    amount: Exact = None
    currency: Text = None


MoneyField = Money | None

# Marks an object that LeafLink may send as its id alone: 7 stands for {"id": 7}.
Reference = Form.REFERENCE
# An object that stands for its id: 7, or {"id": 7, …}.
IdOrObject = Annotated[int | None, Kind.LOOSE_INTEGER]
