"""Comparing a mart with what it should be: as multisets of rows, told apart by key and column."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
SHOWN = 20  # differences in one message: more of them are of one kind


def differences(mart: str, key: Sequence[str], found: Iterable[Row], expected: Iterable[Row]) -> str:
    """Every cell that is not as expected: mart, key, column, expected, found. Empty when both are the same rows."""
    left, right = _by_key(key, found), _by_key(key, expected)
    lines = []
    for place in sorted({**left, **right}, key=repr):
        missing, surplus = _rest(right[place], left[place]), _rest(left[place], right[place])
        head = f"{mart} {dict(zip(key, place, strict=True))}"
        for wanted, got in zip(missing, surplus, strict=False):
            lines += [
                f"{head} {column}: expected {wanted.get(column, 'no column')}, found {got.get(column, 'no column')}"
                for column in {**wanted, **got}
                if wanted.get(column, "no column") != got.get(column, "no column")
            ]
        lines += [f"{head}: a row is missing: {row}" for row in missing[len(surplus) :]]
        lines += [f"{head}: a row too many: {row}" for row in surplus[len(missing) :]]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [f"... and {len(lines) - SHOWN} more"]
    return "\n".join(lines)


def _by_key(key: Sequence[str], rows: Iterable[Row]) -> dict[tuple[str, ...], list[Row]]:
    places = defaultdict(list)
    for row in rows:
        plain = {name: _text(value) for name, value in row.items()}
        places[tuple(plain.get(name, "no column") for name in key)].append(plain)
    return places


def _rest(rows: list[Row], others: list[Row]) -> list[Row]:
    """The rows that the others do not have, as often as they do not have them."""
    count = Counter(tuple(sorted(row.items())) for row in others)
    rest = []
    for row in rows:
        mark = tuple(sorted(row.items()))
        if count[mark]:
            count[mark] -= 1
        else:
            rest.append(row)
    return rest


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value)
