"""The reading of a resource, or of some windows of it: the proof that it is complete, and what was landed of it."""

from collections.abc import Iterator, Set
from datetime import datetime

import msgspec

from pipeline.decoding.drift import FieldTally
from pipeline.decoding.oddities import RejectedRow
from pipeline.instants import microseconds
from pipeline.landing import Batch, Scope, WindowRead
from pipeline.landing.holdings import Holding
from pipeline.reading import Values


# Strict, so that the journal of another version is not misread.
class Reading(msgspec.Struct, forbid_unknown_fields=True):
    """Windows of one resource, read and complete, and the rows that came beside them.

    `windows` prove that all of the listing came, `additions` what came beside that: rows that changed meanwhile, or
    were asked for one by one. `batches` are the files of the rows, `rejected` the rows that were set aside, `fields`
    those that the rows had. `values` are what each row may be listed by, by key, `links` the parent that each row of a
    list without filters points to, and `keyless` counts the rows without a readable key.

    `children` are, by resource, the readings of what came inside the rows, each with its `sizes`: how many of its rows
    each parent carried. `childless` are the keys of the rows that did not carry their children at all.

    `scope`, `complete_since`, `gone` and `asked` say what became of rows that did not come: see `landing.ResourceRead`.
    """

    windows: list[WindowRead] = msgspec.field(default_factory=list)
    additions: list[WindowRead] = msgspec.field(default_factory=list)
    batches: list[Batch] = msgspec.field(default_factory=list)
    rejected: list[RejectedRow] = msgspec.field(default_factory=list)
    fields: FieldTally = msgspec.field(default_factory=FieldTally)
    values: dict[str, Values] = msgspec.field(default_factory=dict)
    links: dict[str, str] = msgspec.field(default_factory=dict)
    keyless: int = 0
    children: dict[str, "Reading"] = msgspec.field(default_factory=dict)
    sizes: dict[str, int] = msgspec.field(default_factory=dict)
    childless: list[str] = msgspec.field(default_factory=list)
    scope: Scope = "changed"
    complete_since: datetime | None = None
    gone: set[str] = msgspec.field(default_factory=set)
    asked: set[str] = msgspec.field(default_factory=set)

    def add(self, other: "Reading") -> None:
        """Take in the reading of further windows."""
        self.windows += other.windows
        self.additions += other.additions
        self.batches += other.batches
        self.rejected += other.rejected
        self.fields.add(other.fields)
        self.values |= other.values
        self.links |= other.links
        self.keyless += other.keyless
        for name, child in other.children.items():
            self.children.setdefault(name, Reading()).add(child)
        self.sizes |= other.sizes
        self.childless += other.childless
        self.gone |= other.gone

    def add_changes(self, other: "Reading") -> None:
        """Take in rows that came beside the windows: they prove nothing of these."""
        other.additions = other.windows + other.additions
        other.windows = []
        self.add(other)

    def lose(self, gone: set[str]) -> None:
        """Note rows that are gone, although they may have come before they went."""
        self.gone |= gone
        for key in gone:
            self.values.pop(key, None)

    def known(self, holding: Holding) -> dict[str, Values]:
        """Return the rows that are there now as far as is known: those that came, and those that need not come."""
        if self.scope == "all":
            return dict(self.values)
        since = None if self.complete_since is None else microseconds(self.complete_since)
        kept = {
            key: values
            for key, values in holding.values.items()
            if key not in self.gone and (since is None or values.created is None or values.created < since)
        }
        return kept | self.values

    def missing(self, holding: Holding) -> set[str]:
        """Return the held rows that should have come and did not."""
        if self.scope == "all":
            return holding.values.keys() - self.keys - self.gone
        if self.complete_since is None:
            return set()
        since = microseconds(self.complete_since)
        recent = {
            key for key, values in holding.values.items() if values.created is not None and values.created >= since
        }
        return recent - self.keys - self.gone

    def files(self) -> Iterator[Batch]:
        """Yield the files of the rows, and of those that came inside them."""
        yield from self.batches
        for child in self.children.values():
            yield from child.files()

    @property
    def quarantine(self) -> list[RejectedRow]:
        """The rows that were set aside: one that came more than once as it came last."""
        return list({each.key or each.raw or each.reason: each for each in self.rejected}.values())

    @property
    def keys(self) -> Set[str]:
        """The keys of the rows themselves."""
        return self.values.keys()

    @property
    def stated(self) -> int:
        """The API's own count, over all windows."""
        return sum(window.stated for window in self.windows)

    @property
    def received(self) -> int:
        """Rows that came."""
        return sum(window.received for window in self.windows)

    @property
    def distinct(self) -> int:
        """Their distinct keys, and the rows without a readable one."""
        return sum(window.distinct for window in self.windows)

    @property
    def rereads(self) -> int:
        """Readings that were thrown away."""
        return sum(window.rereads for window in self.windows)
