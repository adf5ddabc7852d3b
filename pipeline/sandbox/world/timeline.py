"""When things happen to an order, and how far it has come by then."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

_STATUSES = (
    "Draft", "Submitted", "Accepted", "Backorder", "Fulfilled", "Shipped", "Complete", "Rejected", "Cancelled",
)  # fmt: skip
# Chances of each status in percent, for orders of up to so many days.
_CHANCES = (
    (1, (15, 45, 36, 2, 2, 0, 0, 0, 0)),
    (7, (4, 16, 29, 7, 18, 16, 2, 4, 4)),
    (21, (2, 4, 6, 3, 11, 42, 24, 4, 4)),
    (10**6, (1, 0, 1, 1, 1, 20, 67, 5, 4)),
)
RECEIVABLE = ("Shipped", "Complete")


@dataclass(frozen=True)
class Moments:
    """How far an order has come: its status, age in days, day of shipping and last change."""

    status: str
    age_days: int
    created: datetime
    shipped: date | None
    modified: datetime

    @property
    def invoiced(self) -> date:
        """The day that terms of payment count from."""
        return self.shipped or self.created.date()


def status_at(age_days: float, rng: Random) -> str:
    """Return a status that an order of that age may have."""
    weights = next(weights for days, weights in _CHANCES if age_days < days)
    return rng.choices(_STATUSES, weights)[0]


def moments_of(created: datetime, now: datetime, status: str, rng: Random) -> Moments:
    """Return when an order that was created then, and has that status now, was shipped and last changed."""
    age_days = (now - created).days
    shipped = None
    if status in RECEIVABLE and rng.random() < 0.97:
        shipped = min(now.date(), created.date() + timedelta(days=rng.randrange(1, 9)))
    elif status in ("Accepted", "Fulfilled") and rng.random() < 0.3:
        shipped = created.date() + timedelta(days=rng.randrange(3, 12))  # planned
    settled = created + timedelta(days=rng.random() * 9, microseconds=rng.randrange(10**6))
    return Moments(status, age_days, created, shipped, min(now, settled))
