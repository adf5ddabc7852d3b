"""The values of a report: what a cell says, and when two cells say the same."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import Literal

Kind = Literal["money", "number", "date", "text"]
Value = Decimal | date | str | None

CENT = Decimal("0.01")
# Wide enough for any sum of DECIMAL(38): the default context would round after 28 digits.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
_MOST_DIGITS = 38

_AMOUNT = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+", re.ASCII)
_CURRENCY = re.compile(r"^(?:[A-Z]{3}|(?:US|CA|C)(?=\$))?\s*\$?|\s*[A-Z]{3}$")
_SIGN_INSIDE = re.compile(r"\d\s*[-()]+\s*\d")
# What nobody sees and some spreadsheets leave behind: control characters, marks of width nothing and of direction.
_HIDDEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_TIME_OF_DAY = re.compile(r"[T ,]+\d{1,2}:\d{2}.*$")
_DATE_FORMATS = (
    "%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%Y/%m/%d", "%m-%d-%Y", "%b %d, %Y", "%b. %d, %Y", "%B %d, %Y",
)  # fmt: skip


def read_value(kind: Kind, cell: str) -> Value:
    """Return what a cell says: None when it is empty, and its text when it is not of its kind."""
    text = tidy(cell)
    if not text or kind == "text":
        return text or None
    value = _read_date(text) if kind == "date" else _read_number(text)
    if isinstance(value, Decimal) and kind == "money":
        value = _EXACT.quantize(value, CENT)
    return text if value is None else value


def identity(kind: Kind, value: Value) -> Value:
    """Return what two values have in common when they count as the same.

    Texts do so whatever their case, and an empty amount is an amount of nothing.
    """
    if value is None and kind == "money":
        return Decimal(0)
    return value.casefold() if isinstance(value, str) else value


def difference(here: Value, there: Value) -> Decimal | int | None:
    """Return `here` less `there`, dates in days; None where nothing can be subtracted."""
    if isinstance(here, date) and isinstance(there, date):
        return (here - there).days
    if isinstance(here, Decimal) or isinstance(there, Decimal):
        first, second = (Decimal(0) if value is None else value for value in (here, there))
        if isinstance(first, Decimal) and isinstance(second, Decimal):
            return _EXACT.subtract(first, second)
    return None


def add_up(values: Iterable[Value]) -> Decimal:
    """Return the sum of the amounts among `values`."""
    total = Decimal("0.00")
    for value in values:
        if isinstance(value, Decimal):
            total = _EXACT.add(total, value)
    return total


def tidy(text: str) -> str:
    """Return what people see of `text`: single spaces between its words and none around, its characters composed."""
    return " ".join(_HIDDEN.sub("", unicodedata.normalize("NFC", text)).split())


def _read_number(text: str) -> Decimal | None:
    """Read a number as people and spreadsheets write it: $1,234.50, (1,234.50), -$1,234.50, 1,234.50-, 1,234.50 USD.

    A dash alone is how spreadsheets show a zero.
    """
    text = re.sub("[−–]", "-", text)
    signs = "".join(re.findall("[-()]", text))
    amount = _CURRENCY.sub("", re.sub("[-()]", "", text).strip()).strip()
    if signs == "-" and not amount:
        return Decimal(0)
    if signs not in ("", "-", "()") or _SIGN_INSIDE.search(text):
        return None
    if not _AMOUNT.fullmatch(amount) or sum(map(str.isdigit, amount)) > _MOST_DIGITS:
        return None
    value = Decimal(amount.replace(",", ""))
    return value.copy_negate() if signs and value else value


@lru_cache(4096)  # a column of dates has few different ones, and strptime is slow
def _read_date(text: str) -> date | None:
    """Read a date, ISO or American; a time of day behind it does not count."""
    day = _TIME_OF_DAY.sub("", text)
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(day, form).date()
        except ValueError:
            continue
    return None
