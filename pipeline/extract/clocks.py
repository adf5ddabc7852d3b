"""Clocks that disagree: found before a run is committed, told, and refused where they are days apart.

Three can be wrong: the source's, this machine's, and that of an answer, which may have lain in a cache. The newest rows
are a witness: nothing can have changed later than now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.errors import IncompleteError

TOLD = timedelta(hours=1)
REFUSED = timedelta(days=1)


class ClocksApart(IncompleteError):
    """Two clocks are more than a day apart: no day and no watermark can be believed."""


@dataclass(frozen=True)
class Clocks:
    """What the clocks said at the end of a run.

    `source` is the time that most answers agree on, `ours` this machine's. By resource, `behind` says how old the
    oldest answer was when it came, `newest` which is the newest instant in the rows, and `recalled` when a run that was
    cut off began to read what is taken over from it.
    """

    source: datetime
    ours: datetime
    behind: Mapping[str, timedelta] = field(default_factory=dict)
    newest: Mapping[str, datetime] = field(default_factory=dict)
    recalled: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def source_ahead(self) -> timedelta:
        """How far the source's clock is ahead of ours, where that is worth telling; otherwise nothing."""
        ahead = self.source - self.ours
        return ahead if ahead > TOLD else timedelta()


def check_clocks(clocks: Clocks) -> tuple[str, ...]:
    """Return a sentence for all that is apart by more than an hour. Raises ClocksApart for more than a day."""
    return (*_of_machines(clocks), *_of_answers(clocks), *_of_recalled(clocks), *_of_rows(clocks))


def _of_machines(clocks: Clocks) -> list[str]:
    apart = abs(clocks.source - clocks.ours)
    if apart <= TOLD:
        return []
    seen = (
        f"The clocks are {_length(apart)} apart: the source says {_moment(clocks.source)}, this machine "
        f"{_moment(clocks.ours)}"
    )
    if apart > REFUSED:
        raise _refusal(seen, "Set the clock of this machine if it is wrong.")
    return [f"{seen}. Set the clock of this machine if it is wrong."]


def _of_answers(clocks: Clocks) -> list[str]:
    behind = {name: by for name, by in sorted(clocks.behind.items()) if by > TOLD}
    if not behind:
        return []
    seen = (
        f"{', '.join(behind)}: answered from a cache, or by a server whose clock is wrong, "
        f"{_length(max(behind.values()))} behind the source, which says {_moment(clocks.source)}"
    )
    if max(behind.values()) > REFUSED:
        raise _refusal(seen, "See whether a proxy of yours keeps answers.")
    return [f"{seen}. Changes since then come with the next run."]


def _of_recalled(clocks: Clocks) -> list[str]:
    """Refuse what a run that was cut off had read under another clock: it is hours old at most, and never of later."""
    for name, moment in sorted(clocks.recalled.items()):
        if moment - clocks.source > TOLD or clocks.source - moment > REFUSED:
            raise _refusal(
                f"{name}: a run that was cut off read a part of it at {_moment(moment)} by the source's clock, "
                f"which now says {_moment(clocks.source)}",
                "That part is read anew.",
            )
    return []


def _of_rows(clocks: Clocks) -> list[str]:
    ahead = {name: by for name, at in sorted(clocks.newest.items()) if (by := at - clocks.source) > TOLD}
    if not ahead:
        return []
    seen = (
        f"{', '.join(ahead)}: rows were changed up to {_length(max(ahead.values()))} later than the source says it is, "
        f"{_moment(clocks.source)}"
    )
    # Where both clocks agree it is a row that is wrong, and one row must not stop every night to come.
    if max(ahead.values()) > REFUSED and clocks.ours - clocks.source > TOLD:
        raise _refusal(f"{seen}, and this machine says {_moment(clocks.ours)}", "The source's clock is behind.")
    return [f"{seen}."]


def _refusal(seen: str, advice: str) -> ClocksApart:
    return ClocksApart(f"{seen}. {advice}")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _length(length: timedelta) -> str:
    """Return a length of time in words, rounded: 3 days, 5 hours."""
    if length >= 2 * REFUSED:
        return f"{length / timedelta(days=1):,.0f} days"
    return f"{length / timedelta(hours=1):,.1f} hours"
