"""Our own clock: whoever needs the present asks `clock.now()`, so that a test can set it in one place."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present by this machine's clock, in UTC."""
    return datetime.now(UTC)
