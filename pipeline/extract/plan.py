"""What a run asks of each resource: everything, or what changed since the last committed run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.landing import Manifest
from pipeline.resources import Changed, Resource, WithParent

# Changes that were under way when the last run read the clock become visible later: look back that far.
OVERLAP = timedelta(hours=1)


@dataclass(frozen=True)
class Step:
    """How one resource is read; `since` is None for everything."""

    resource: Resource
    since: datetime | None = None

    @property
    def way(self) -> str:
        """The way in words, for people."""
        if isinstance(self.resource.refresh, WithParent):
            return f"with {self.resource.refresh.parent}"
        return "everything" if self.since is None else f"changed since {self.since:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class Plan:
    """The steps of a run by resource name."""

    steps: Mapping[str, Step]

    def __str__(self) -> str:
        """Return the plan in words: an interrupted run can be taken up by the same plan only."""
        return ", ".join(f"{name}: {step.way}" for name, step in self.steps.items())

    @property
    def is_incremental(self) -> bool:
        """Whether some resource is read by its changes."""
        return any(step.since is not None for step in self.steps.values())


def make_plan(resources: Mapping[str, Resource], manifests: Iterable[Manifest], *, full: bool) -> Plan:
    """Plan to read `resources`: what changed since the newest watermark, or everything.

    Everything is read when `full`, where the API has no filter for changes, and where no run is committed yet.
    """
    watermarks: dict[str, datetime] = {}
    for manifest in manifests:
        for read in manifest.resources:
            if read.watermark is not None:
                watermarks[read.resource] = read.watermark
    steps = {}
    for name, resource in resources.items():
        watermark = watermarks.get(name)
        by_change = isinstance(resource.refresh, Changed) and not full and watermark is not None
        steps[name] = Step(resource, watermark - OVERLAP if by_change and watermark else None)
    return Plan(steps)
