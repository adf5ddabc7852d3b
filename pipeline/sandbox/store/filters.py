"""From query parameters to conditions: each filter turns the text of a parameter into SQL, or refuses it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from pipeline.sandbox.store.forms import EPOCH, MICROSECOND


class Condition(NamedTuple):
    """A part of a WHERE clause with its values."""

    sql: str
    values: tuple[object, ...] = ()


# Takes the text of a parameter; raises ValueError with what is wrong about it.
Filter = Callable[[str], Condition]

NOTHING = Condition("0")
OPERATORS = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


def field(name: str) -> str:
    """Return the SQL for a field of the row's body."""
    return f"(body ->> '$.{name}')"


def text_field(name: str) -> str:
    """Return the SQL for a field that may come as a number, as text."""
    return f"CAST({field(name)} AS TEXT)"


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("Enter a valid date/time.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // MICROSECOND


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("Enter a number.") from None


def _whole(text: str) -> int:
    if not (text.strip().isdecimal() and len(text) < 19):
        raise ValueError("Enter a whole number.")
    return int(text)


def instants(parameter: str, template: str) -> dict[str, Filter]:
    """Return the four filters that compare an instant; `{}` in the template stands for operator and value."""
    return {f"{parameter}__{suffix}": _compared(template, sign, _instant) for suffix, sign in OPERATORS.items()}


def numbers(parameter: str, expression: str) -> dict[str, Filter]:
    """Return the four filters that compare a number."""
    template = f"CAST({expression} AS REAL) {{}}"
    return {f"{parameter}__{suffix}": _compared(template, sign, _number) for suffix, sign in OPERATORS.items()}


def _compared(template: str, sign: str, parse: Callable[[str], object]) -> Filter:
    return lambda text: Condition(template.format(f"{sign} ?"), (parse(text),))


def equals(expression: str) -> Filter:
    """Return a filter for rows where the expression is exactly the parameter."""
    return lambda text: Condition(f"{expression} = ?", (text,))


def is_number(expression: str) -> Filter:
    """Return a filter for rows where the expression is the number given, refusing what is no whole number."""
    return lambda text: Condition(f"{expression} = ?", (_whole(text),))


def one_of(expression: str, parse: Callable[[str], object] = str.strip) -> Filter:
    """Return a filter for rows where the expression is in the comma-separated list."""

    def condition(text: str) -> Condition:
        values = tuple(parse(each) for each in text.split(","))
        return Condition(f"{expression} IN ({', '.join('?' * len(values))})", values)

    return condition


def one_of_numbers(expression: str) -> Filter:
    """Return a filter for rows where the expression is in the comma-separated list of whole numbers."""
    return one_of(expression, _whole)


def words(expression: str, negated: bool = False) -> Filter:
    """Return a filter by a comma-separated list of words in any case; negated: rows with none of them."""

    def condition(text: str) -> Condition:
        values = tuple(each.strip().lower() for each in text.split(","))
        sign = "NOT IN" if negated else "IN"
        return Condition(f"lower({expression}) {sign} ({', '.join('?' * len(values))})", values)

    return condition


def contains(expression: str) -> Filter:
    """Return a filter for rows where the expression contains the text, in any case."""
    return lambda text: Condition(f"instr(lower({expression}), ?) > 0", (text.lower(),))


def starts_with(expression: str) -> Filter:
    """Return a filter for rows where the expression starts with the text."""
    return lambda text: Condition(f"substr({expression}, 1, ?) = ?", (len(text), text))


def is_true(expression: str) -> Filter:
    """Return a filter by a truth value: true, false, 1 or 0 in any case; anything else filters nothing."""

    def condition(text: str) -> Condition:
        value = {"true": 1, "1": 1, "false": 0, "0": 0}.get(text.lower())
        return Condition("1") if value is None else Condition(f"({expression}) = ?", (value,))

    return condition


def through(template: str, inner: Filter) -> Filter:
    """Return a filter on another table: `{}` in the template stands for the inner filter's condition."""

    def condition(text: str) -> Condition:
        found = inner(text)
        return Condition(template.format(found.sql), found.values)

    return condition
