"""What we hold already, as far as planning the next read needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.reading import Values


@dataclass(frozen=True)
class HeldResource:
    """The live rows of a resource.

    `recent` counts those created within the trailing days; `open_keys` are the older ones that are not settled.
    `values` are what the listing may be in the order of, by key; `parents`, for a list that grows at one end, the
    parent that a row points to.
    `quarantined` are the keys of rows that were set aside, `has_keyless` says that some of these have none.
    `modified` are, for what others are asked for by, the keys with the last change of each (microseconds since 1970);
    `unasked`, for what is asked for by parent, the parents that changed since, or have rows in quarantine.
    """

    rows: int = 0
    recent: int = 0
    open_keys: tuple[str, ...] = ()
    values: Mapping[str, Values] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    quarantined: tuple[str, ...] = ()
    has_keyless: bool = False
    modified: Mapping[str, int | None] = field(default_factory=dict)
    unasked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Held:
    """What is held, by resource."""

    resources: Mapping[str, HeldResource] = field(default_factory=dict)

    def of(self, resource: str) -> HeldResource:
        """Return what is held of a resource."""
        return self.resources.get(resource, HeldResource())
