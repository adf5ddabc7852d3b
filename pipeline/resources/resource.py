"""What a resource declares of itself: path, key, parent, filters, how it is kept fresh, and its fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.resources.types import Record

_PLACEHOLDER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Full:
    """Read whole on every run: the API offers no way to ask for what changed."""


@dataclass(frozen=True)
class Changed:
    """Read by the time of the last change, and whole now and then.

    The fields hold the instants that the API can filter by (`__gte`, `__lt`). Where changes need not show in the
    time of the last change, all rows of the last weeks are read too (`is_trailing`), and those that a boolean field,
    `open_flag`, says are not settled yet.
    """

    modified_field: str = "modified"
    created_field: str = "created_on"
    is_trailing: bool = False
    open_flag: str | None = None


@dataclass(frozen=True)
class Appended:
    """A list without filters that grows at one end, in the order of its key: read from there, and whole now and then.

    `parent`, if any, is the resource that `parent_key` points to: its rows change with these. Where `is_final`, no row
    is ever edited.
    """

    parent: str | None = None
    parent_key: str | None = None
    is_final: bool = False


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
class PerParent:
    """Asked for with a request for each row of another resource that is new or changed, and only when switched on.

    `parent` is the name of that resource, which is read by its changes and keeps its history, `parent_key` the field
    that holds the parent's key. The answer is the whole set of the parent's children; or, where `whole_as` names a
    field, one object that is kept in it as it is.
    """

    parent: str
    parent_key: str
    whole_as: str | None = None


@dataclass(frozen=True)
class Resource:
    """One API resource.

    `path` is relative to the API's root and ends in a slash; a placeholder in it stands for the key of a parent.
    `params` are sent with every request for it; `filters` are the query parameters that the reference documents for its
    listing; `keeps_history` says that the warehouse keeps what its rows looked like before, `is_vital` that a run which
    cannot read it is worth nothing.
    """

    path: str
    record: type[Record]
    key: str
    refresh: Full | Changed | Appended | WithParent | PerParent
    filters: frozenset[str] = frozenset()
    params: Mapping[str, str] = field(default_factory=dict)
    keeps_history: bool = False
    is_vital: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError, with a sentence, for a declaration that cannot be meant."""
        if not self.path.endswith("/") or self.path.startswith("/"):
            raise ValueError(f"{self.path}: a path is relative to the API's root and ends in a slash")
        for name in self._fields_named():
            if name not in self.record.model_fields:
                known = ", ".join(sorted(self.record.model_fields))
                raise ValueError(f"{self.path}: {self.record.__name__} has no field {name} (it has {known})")
        if missing := sorted(self._filters_needed() - self.filters):
            raise ValueError(f"{self.path}: it is read by {', '.join(missing)}, which is not among its filters")

    def _fields_named(self) -> list[str]:
        refresh, names = self.refresh, [self.key]
        if isinstance(refresh, Changed):
            names += [refresh.modified_field, refresh.created_field, *filter(None, (refresh.open_flag,))]
        elif isinstance(refresh, WithParent):
            names.append(refresh.parent_key)
        elif isinstance(refresh, PerParent):
            names += [refresh.parent_key, *filter(None, (refresh.whole_as,))]
        elif isinstance(refresh, Appended):
            names += filter(None, (refresh.parent_key,))
        return names

    def _filters_needed(self) -> set[str]:
        refresh = self.refresh
        if not isinstance(refresh, Changed):
            return set()
        times = (refresh.modified_field, refresh.created_field)
        needed = {f"{name}__{suffix}" for name in times for suffix in ("gte", "lt")}
        return needed if refresh.open_flag is None else needed | {refresh.open_flag}

    @property
    def name(self) -> str:
        """The name of its table and its landing folder: the path with underscores, without a placeholder."""
        return _PLACEHOLDER.sub("", self.path).strip("/").replace("//", "/").replace("/", "_").replace("-", "_")

    @property
    def created_field(self) -> str | None:
        """The field that holds when a row was made, None where rows do not say."""
        return self._instant("created_on" if not isinstance(self.refresh, Changed) else self.refresh.created_field)

    @property
    def modified_field(self) -> str | None:
        """The field that holds when a row was last changed, None where rows do not say."""
        return self._instant("modified" if not isinstance(self.refresh, Changed) else self.refresh.modified_field)

    def _instant(self, name: str) -> str | None:
        return name if name in self.record.model_fields else None

    @property
    def has_number_key(self) -> bool:
        """Whether the key is a whole number."""
        return self.record.model_fields[self.key].annotation is int

    def path_of(self, parent: str) -> str:
        """Return the path of what belongs to one parent."""
        return _PLACEHOLDER.sub(lambda _: parent, self.path)
