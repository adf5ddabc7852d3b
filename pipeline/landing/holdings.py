"""Holdings: the rows that we have already, as far as planning the next read needs them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.reading import Values


@dataclass(frozen=True)
class Holding:
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
class Holdings:
    """The holding of each resource."""

    resources: Mapping[str, Holding] = field(default_factory=dict)

    def of(self, resource: str) -> Holding:
        """Return the holding of a resource."""
        return self.resources.get(resource, Holding())


@dataclass(frozen=True)
class HeldRow:
    """A row that can be asked for by its key, and what tells it from another account's row of the same key.

    That is the order that it belongs to (`parent`), when it was created (microseconds since 1970) and its name; each is
    None where the resource has no such field. `seller` is the company that sells.
    """

    resource: str
    key: str
    seller: str | None = None
    parent: str | None = None
    created: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class Proofs:
    """By resource, newest first, the rows that show whether a key sees the account whose data are held.

    `is_empty` says that nothing at all is held. `sellers` are the companies whose orders are held, `companies` those
    that are held as the key's own.
    """

    is_empty: bool = True
    rows: Mapping[str, tuple[HeldRow, ...]] = field(default_factory=dict)
    sellers: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()
