"""Instants as whole microseconds since 1970: what rows are compared, ordered and asked for by."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Return an instant (aware) in microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def instant(microseconds: int) -> datetime:
    """Return microseconds since 1970 as an instant in UTC."""
    return EPOCH + microseconds * MICROSECOND


def text_of(moment: datetime) -> str:
    """Return an instant as LeafLink's filters take it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
