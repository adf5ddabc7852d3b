"""What a running extract has done so far, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.landing import ResourceRead


@dataclass
class ResourceProgress:
    """One resource: rows of total, pages, and how it is read."""

    way: str = "waiting"
    total: int | None = None
    rows: int = 0
    pages: int = 0
    read: ResourceRead | None = None


@dataclass
class Progress:
    """All resources of a run. `is_resumed` when an interrupted run goes on; `on_read` is called as each of the

    resources is complete (or refused).
    """

    resources: dict[str, ResourceProgress] = field(default_factory=dict)
    is_resumed: bool = False
    on_read: Callable[[ResourceRead], None] = lambda read: None

    def of(self, resource: str) -> ResourceProgress:
        """Return the progress of a resource."""
        return self.resources.setdefault(resource, ResourceProgress())

    def finish(self, read: ResourceRead) -> None:
        """Note that a resource has been read."""
        self.of(read.resource).read = read
        self.on_read(read)
