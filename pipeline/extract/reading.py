"""What reading a window brought: the proof that it is complete, and what was landed of it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from pipeline.extract.drift import FieldsMet
from pipeline.extract.normalise import Rejected
from pipeline.landing import Batch, WindowRead


class ChildRead(msgspec.Struct):
    """What came of an embedded resource inside the rows of a window."""

    received: int = 0
    distinct: int = 0
    keyless: int = 0


class Reading(msgspec.Struct):
    """One or more windows, read and complete.

    `rejected` are (resource, row) pairs; `children` say, by resource, what came inside the rows; `childless` are
    the keys of the rows that did not carry their children at all. `keys` are those of the rows themselves, `links` the
    parent that each row of a list without filters points to. `fields` are those met, by resource.
    """

    windows: list[WindowRead] = msgspec.field(default_factory=list)
    batches: list[Batch] = msgspec.field(default_factory=list)
    rejected: list[tuple[str, Rejected]] = msgspec.field(default_factory=list)
    children: dict[str, ChildRead] = msgspec.field(default_factory=dict)
    childless: list[str] = msgspec.field(default_factory=list)
    keys: set[str] = msgspec.field(default_factory=set)
    links: dict[str, str] = msgspec.field(default_factory=dict)
    keyless: int = 0
    fields: dict[str, FieldsMet] = msgspec.field(default_factory=dict)

    def add(self, other: "Reading") -> None:
        """Take in the reading of further windows."""
        self.windows += other.windows
        self.batches += other.batches
        self.rejected += other.rejected
        self.childless += other.childless
        self.keyless += other.keyless
        self.keys |= other.keys
        self.links |= other.links
        for name, child in other.children.items():
            mine = self.children.setdefault(name, ChildRead())
            mine.received += child.received
            mine.distinct += child.distinct
            mine.keyless += child.keyless
        for name, fields in other.fields.items():
            self.fields.setdefault(name, FieldsMet()).add(fields)

    @property
    def stated(self) -> int:
        """The API's own count, over all windows."""
        return self._sum("stated")

    @property
    def received(self) -> int:
        """Rows that came."""
        return self._sum("received")

    @property
    def distinct(self) -> int:
        """Their distinct keys, and the rows without a readable one."""
        return self._sum("distinct")

    @property
    def rereads(self) -> int:
        """Readings that were thrown away."""
        return self._sum("rereads")

    def _sum(self, name: str) -> int:
        values: Iterable[Any] = (getattr(window, name) for window in self.windows)
        return sum(values)
