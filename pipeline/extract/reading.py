"""What reading a window brought: the proof that it is complete, and what was landed of it."""

from collections.abc import Iterable, Set
from typing import Any

import msgspec

from pipeline.decoding.drift import FieldsMet
from pipeline.decoding.oddities import Rejected
from pipeline.landing import Batch, WindowRead
from pipeline.reading import Values


class ChildRead(msgspec.Struct):
    """What came of an embedded resource inside the rows of a window: how many rows, and how many in each parent."""

    received: int = 0
    keyless: int = 0
    sizes: dict[str, int] = msgspec.field(default_factory=dict)


class Reading(msgspec.Struct):
    """One or more windows, read and complete.

    `windows` prove that all of the listing came, `additions` what came beside that: rows that changed meanwhile, or
    were asked for one by one. `rejected` are (resource, row) pairs; `children` say, by resource, what came inside the
    rows; `childless` are the keys of the rows that did not carry their children at all. `values` are what each row may
    be listed by, by key, `links` the parent that each row of a list without filters points to. `fields` are those met,
    by resource.
    """

    windows: list[WindowRead] = msgspec.field(default_factory=list)
    batches: list[Batch] = msgspec.field(default_factory=list)
    rejected: list[tuple[str, Rejected]] = msgspec.field(default_factory=list)
    children: dict[str, ChildRead] = msgspec.field(default_factory=dict)
    childless: list[str] = msgspec.field(default_factory=list)
    additions: list[WindowRead] = msgspec.field(default_factory=list)
    values: dict[str, Values] = msgspec.field(default_factory=dict)
    links: dict[str, str] = msgspec.field(default_factory=dict)
    keyless: int = 0
    fields: dict[str, FieldsMet] = msgspec.field(default_factory=dict)

    def add(self, other: "Reading") -> None:
        """Take in the reading of further windows."""
        self.windows += other.windows
        self.additions += other.additions
        self.batches += other.batches
        self.rejected += other.rejected
        self.childless += other.childless
        self.keyless += other.keyless
        self.values |= other.values
        self.links |= other.links
        for name, child in other.children.items():
            mine = self.children.setdefault(name, ChildRead())
            mine.received += child.received
            mine.keyless += child.keyless
            mine.sizes |= child.sizes
        for name, fields in other.fields.items():
            self.fields.setdefault(name, FieldsMet()).add(fields)

    def add_changes(self, other: "Reading") -> None:
        """Take in rows that came beside the windows: they prove nothing of these."""
        other.additions = other.windows + other.additions
        other.windows = []
        self.add(other)

    @property
    def keys(self) -> Set[str]:
        """The keys of the rows themselves."""
        return self.values.keys()

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
