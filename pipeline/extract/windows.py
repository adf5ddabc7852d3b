"""Windows: the part of a listing that is read, proved complete, and read again as one.

Windows by `created_on` keep offsets small (long scans have been seen to end early), and no edit can move a
row from one into another.
"""

import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from pipeline.errors import IncompleteError


class IgnoredFilter(IncompleteError):
    """LeafLink returned rows that the filter should have kept out: unknown parameters are ignored in silence."""


@dataclass(frozen=True)
class Window:
    """A part of a listing: the rows whose `field` lies in [low, high), an open end where one is None.

    `params` are sent beside the bounds.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    field: str | None = None
    low: datetime | None = None
    high: datetime | None = None

    def query(self) -> dict[str, str]:
        """Return the query parameters that ask for this window."""
        query = dict(self.params)
        if self.low is not None:
            query[f"{self.field}__gte"] = _text(self.low)
        if self.high is not None:
            query[f"{self.field}__lt"] = _text(self.high)
        return query

    def check(self, moments: Iterable[datetime]) -> None:
        """Raise IgnoredFilter when one of a page's instants lies outside: the only sign that a filter did nothing."""
        for moment in moments:
            if (self.low is not None and moment < self.low) or (self.high is not None and moment >= self.high):
                raise IgnoredFilter(f"the filter {' and '.join(sorted(self.query()))} let {moment} through")

    def split(self, now: datetime) -> tuple["Window", "Window"] | None:
        """Return the two halves, or None when it is too short to cut. An open end is cut towards `now`, or the past."""
        high = self.high or max(now, self.low or now)
        low = self.low or high - _PAST
        if high - low < timedelta(seconds=2) or high < _BEGINNING:
            return None
        middle = (low + (high - low) / 2).replace(microsecond=0)
        return (
            Window(self.params, self.field, self.low, middle),
            Window(self.params, self.field, middle, self.high),
        )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# How far back the edges of the first windows lie: close together where orders are many, the past in one.
_PAST = timedelta(days=3650)
_BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
_EDGES_DAYS = (30, 90, 180, 365, 730, 1825)


def first_windows(params: Mapping[str, str], created_field: str, now: datetime) -> list[Window]:
    """Return windows by creation, newest first, that together hold every row; both outer ends are open."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [today - timedelta(days=days) for days in _EDGES_DAYS]
    highs: list[datetime | None] = [None, *edges]
    lows: list[datetime | None] = [*edges, None]
    return [Window(params, created_field, low, high) for low, high in zip(lows, highs, strict=True)]


class Head(NamedTuple):
    """What the reader needs of a row before it is decoded: its key (None: unreadable) and some instants, as text."""

    key: str | None
    texts: tuple[str | None, ...]


class HeadReader:
    """Reads the keys, and the instants of some fields, of raw rows."""

    def __init__(self, key: str, fields: tuple[str, ...]) -> None:
        self._fields = fields
        # Typed for the usual forms, which is fast; whatever else a row holds there is read as raw text, row by row.
        usual = types.GenericAlias(list, (_struct(key, fields, int | str, str | None, None),))
        self._read_usual = msgspec.json.Decoder(usual).decode
        self._read_any = msgspec.json.Decoder(_struct(key, fields, msgspec.Raw, msgspec.Raw, _NULL)).decode

    def read(self, rows: list[bytes]) -> list[Head]:
        """Return a head per row."""
        try:
            found = self._read_usual(b"[" + b",".join(rows) + b"]")
            if len(found) == len(rows):
                return [Head(str(key), tuple(texts)) for key, *texts in map(msgspec.structs.astuple, found)]
        except (ValueError, RecursionError):
            pass
        return [self._read_alone(row) for row in rows]

    def _read_alone(self, row: bytes) -> Head:
        try:
            key, *texts = map(bytes, msgspec.structs.astuple(self._read_any(row)))
        except (ValueError, RecursionError):
            return Head(None, (None,) * len(self._fields))
        return Head(_key(key), tuple(text.strip(b'"').decode(errors="replace") for text in texts))

    def moments(self, heads: list[Head], field: str) -> Iterator[datetime]:
        """Yield the instants of `field`, in UTC, of the rows that have a readable one."""
        index = self._fields.index(field)
        for head in heads:
            moment = _moment(head.texts[index])
            if moment is not None:
                yield moment


_NULL = msgspec.Raw(b"null")


def _struct(key: str, fields: tuple[str, ...], key_type: Any, text_type: Any, default: Any) -> Any:
    names = [key, *fields]
    attributes = [f"f{index}" for index in range(len(names))]
    members = [(attributes[0], key_type) if default is None else (attributes[0], key_type, default)]
    members += [(attribute, text_type, default) for attribute in attributes[1:]]
    return msgspec.defstruct("Head", members, rename=dict(zip(attributes, names, strict=True)), gc=False)


def _key(raw: bytes) -> str | None:
    if raw[:1] == b'"':
        try:
            return msgspec.json.decode(raw, type=str)
        except (ValueError, RecursionError):
            return None
    text = raw.decode(errors="replace")
    return text if text.lstrip("-").isdigit() else None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
