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
    cannot read it is worth nothing. The properties say what follows from `refresh`: nobody else asks which class it is.
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
        named = (self.change_field, self.window_field, self.open_flag, self.parent_key, self.whole_as)
        return [self.key, *filter(None, named)]

    def _filters_needed(self) -> set[str]:
        times = filter(None, (self.change_field, self.window_field))
        return {f"{name}__{suffix}" for name in times for suffix in ("gte", "lt")} | set(
            filter(None, (self.open_flag,))
        )

    @property
    def name(self) -> str:
        """The name of its table and its landing folder: the path with underscores, without a placeholder."""
        return _PLACEHOLDER.sub("", self.path).strip("/").replace("//", "/").replace("/", "_").replace("-", "_")

    @property
    def is_listed(self) -> bool:
        """Whether a run reads its listing. Else rows come as the whole set of the children of a parent."""
        return not isinstance(self.refresh, WithParent | PerParent)

    @property
    def is_embedded(self) -> bool:
        """Whether its rows come inside the rows of their parent, in the field `embedded_as`."""
        return isinstance(self.refresh, WithParent)

    @property
    def embedded_as(self) -> str | None:
        """The field of the parent's rows that its rows come in."""
        return self.refresh.embedded_as if isinstance(self.refresh, WithParent) else None

    @property
    def is_asked_per_parent(self) -> bool:
        """Whether it takes a request for each row of its parent."""
        return isinstance(self.refresh, PerParent)

    @property
    def whole_as(self) -> str | None:
        """The field that keeps the whole answer for a parent, None where the answer is a list of rows."""
        return self.refresh.whole_as if isinstance(self.refresh, PerParent) else None

    @property
    def parent(self) -> str | None:
        """The name of the resource that its rows point to, come inside of, or are asked for by."""
        return None if isinstance(self.refresh, Full | Changed) else self.refresh.parent

    @property
    def parent_key(self) -> str | None:
        """The field that holds the parent's key."""
        return None if isinstance(self.refresh, Full | Changed) else self.refresh.parent_key

    @property
    def grows_at_end(self) -> bool:
        """Whether its listing has new rows at one end only, in the order of the key."""
        return isinstance(self.refresh, Appended)

    @property
    def is_final(self) -> bool:
        """Whether no row is ever edited."""
        return isinstance(self.refresh, Appended) and self.refresh.is_final

    @property
    def change_field(self) -> str | None:
        """The field with the last change that the listing can be filtered by; None where it has no such filter."""
        return self.refresh.modified_field if isinstance(self.refresh, Changed) else None

    @property
    def window_field(self) -> str | None:
        """The field with the creation that the listing can be cut into windows by; None where it has no such filter."""
        return self.refresh.created_field if isinstance(self.refresh, Changed) else None

    @property
    def is_trailing(self) -> bool:
        """Whether changes need not show in `change_field`, so that the rows of the last weeks are read too."""
        return isinstance(self.refresh, Changed) and self.refresh.is_trailing

    @property
    def open_flag(self) -> str | None:
        """The field that is false while a row is not settled; the listing can be filtered by it."""
        return self.refresh.open_flag if isinstance(self.refresh, Changed) else None

    @property
    def can_converge(self) -> bool:
        """Whether a short pass can bring what is new in it: by a filter for changes, or at the end that grows."""
        return self.grows_at_end or self.change_field is not None

    @property
    def created_field(self) -> str | None:
        """The field that holds when a row was made, None where rows do not say."""
        return self._instant(self.window_field or "created_on")

    @property
    def modified_field(self) -> str | None:
        """The field that holds when a row was last changed, None where rows do not say."""
        return self._instant(self.change_field or "modified")

    def _instant(self, name: str) -> str | None:
        return name if name in self.record.model_fields else None

    @property
    def has_number_key(self) -> bool:
        """Whether the key is a whole number."""
        return self.record.model_fields[self.key].annotation is int

    def path_of(self, parent: str) -> str:
        """Return the path of what belongs to one parent."""
        return _PLACEHOLDER.sub(lambda _: parent, self.path)
