"""What the doctor found out: what each key can see, the data folder, and what to fix."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pipeline.warehouse.folder import Folder

State = Literal["ok", "refused", "not offered", "unreachable"]


@dataclass(frozen=True)
class Sight:
    """What asking for one row of a resource brought: how many there are, or why there are none to see."""

    resource: str
    state: State
    rows: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class KeyHealth:
    """A key: what it can see, whose data that is, how far the source's clock is ahead of ours, and its rate.

    `proxy` is the one that was asked through. `problem` says why nothing was found out.
    """

    company: str
    source: str
    proxy: str | None = None
    sights: Sequence[Sight] = ()
    sees: Sequence[str] = ()
    clock_seconds: float | None = None
    rate: str = ""
    problem: str | None = None


@dataclass(frozen=True)
class LandingHealth:
    """A landing in a bucket: whether it can be listed and written, and whether two writers are told apart for sure.

    `problem` says why it cannot; what it ends a command with is `exit_code`.
    """

    url: str
    tells_writers_apart: bool = False
    problem: str | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class Diagnosis:
    """All that was found out: by key, of the data folder and whom it belongs to, and what to fix.

    `landing` is None where runs land in the data folder.

    `on_success` and `on_failure` say what the hooks are: a host, or "a command".
    """

    keys: Sequence[KeyHealth]
    folder: Folder
    belongs_to: str | None
    fixes: Sequence[str]
    exit_code: int
    on_success: str | None = None
    on_failure: str | None = None
    landing: LandingHealth | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the diagnosis for machines."""
        return asdict(self)
