"""Values of DuckDB as JSON has them, without losing a digit."""

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

# Larger whole numbers lose digits in readers that have but doubles.
_EXACT = 2**53


def plain(value: object) -> object:
    """Return a value as JSON has it: decimals and large numbers as text, days and instants (UTC) in ISO 8601."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is None else f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return str(value)
