"""What a resource declares of itself: path, key, parent, filters, how it is kept fresh, and its fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.resources.types import Record


@dataclass(frozen=True)
class Full:
    """Read whole on every run: the API offers no way to ask for what changed."""


@dataclass(frozen=True)
class Changed:
    """Read by the time of the last change, and whole on `--full`.

    `since` is the filter to ask with; the fields hold the instants that prove that a filter filtered.
    """

    since: str = "modified__gte"
    modified_field: str = "modified"
    created_field: str = "created_on"


@dataclass(frozen=True)
class WithParent:
    """Comes inside the rows of another resource, as the whole set of that row's children.

    `parent` is the name of that resource, `embedded_as` the field of its rows, `parent_key` the field of the
    child that holds the parent's key.
    """

    parent: str
    embedded_as: str
    parent_key: str


@dataclass(frozen=True)
class Resource:
    """One API resource.

    `path` is relative to the API's root and ends in a slash; `params` are sent with every request for it;
    `filters` are the query parameters that the reference documents for its listing.
    """

    path: str
    record: type[Record]
    key: str
    refresh: Full | Changed | WithParent
    filters: frozenset[str] = frozenset()
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its table and its landing folder: the path with underscores."""
        return self.path.strip("/").replace("/", "_").replace("-", "_")
