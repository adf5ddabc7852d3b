"""How orders are paid: in time, late, in parts, too much, twice undone, silently, or not at all."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from pipeline.sandbox.store.forms import instant, money
from pipeline.sandbox.world.timeline import Moments
from pipeline.sandbox.world.vocabulary import PAYMENT_TYPES, SELLERS

_HABITS = ("full", "unticked", "parts", "partial", "bounced", "refund", "overpaid", "ticked", "none")
_CHANCES = (43, 11, 17, 8, 5, 4, 4, 4, 4)
_TOTAL_CHANCE = sum(_CHANCES)


@dataclass(frozen=True)
class Payment:
    """A payment to be: when it was made, how many cents, why and how."""

    made_at: datetime
    cents: int
    reason: str | None
    kind: str


@dataclass
class Settlement:
    """How an order was settled so far: its payments, whether and when it was ticked as paid, and the last of it."""

    payments: list[Payment] = field(default_factory=list)
    paid: bool = False
    paid_date: date | None = None
    last_at: datetime | None = None


def settle(owed_cents: int, moments: Moments, days: int, now: datetime, rng: Random) -> Settlement:
    """Return what happened up to `now` to an order that owes so much, due `days` days after its invoice."""
    if owed_cents <= 0:
        return Settlement()
    habit = rng.choices(_HABITS, _CHANCES)[0]
    due = datetime.combine(moments.invoiced, time(16), UTC) + timedelta(days=days)
    # Most pay around the due date, some much later.
    lateness = rng.randrange(20, 110) if rng.random() < 0.2 else rng.randrange(-6, 15)
    first = due + timedelta(days=lateness, seconds=rng.randrange(20000), microseconds=rng.randrange(10**6))
    first = max(first, datetime.combine(moments.invoiced, time(1), UTC), moments.created)
    made = [
        Payment(first + timedelta(days=later), cents, reason, kind)
        for later, cents, reason, kind in _instalments(habit, owed_cents, rng)
    ]
    done = [payment for payment in made if payment.made_at <= now]
    settlement = Settlement(done, last_at=done[-1].made_at if done else None)
    ends = made[-1].made_at if made else first
    if habit in ("full", "parts", "overpaid", "ticked") and ends <= now:
        settlement.paid, settlement.paid_date, settlement.last_at = True, ends.date(), ends
    return settlement


def _instalments(habit: str, owed: int, rng: Random) -> list[tuple[int, int, str | None, str]]:
    """Return days after the first payment, cents, reason and type of what a habit pays."""
    kind = rng.choice(PAYMENT_TYPES)
    part = max(1, owed * rng.randrange(20, 80) // 100)
    back = max(1, owed * rng.randrange(5, 20) // 100)
    plans: dict[str, list[tuple[int, int, str | None, str]]] = {
        "full": [(0, owed, None, kind)],
        "unticked": [(0, owed, "", kind)],
        "parts": [(0, part, "1/2", kind), (17, owed - part, "2/2", kind)],
        "partial": [(0, part, "on account", kind)],
        "bounced": [(0, owed, None, "check"), (4, -owed, "NSF – returned by the bank", "check")],
        "refund": [(0, owed, None, kind), (9, -back, "Refund: damaged case", "credit")],
        "overpaid": [(0, owed + back, "incl. next order?", kind)],
        "ticked": [],
        "none": [],
    }
    return plans[habit]


def payment_row(key: int, number: str, currency: str, payment: Payment, now: datetime, rng: Random) -> dict[str, Any]:
    """Return a payment as the API gives it; it was recorded within two days, and not after `now`."""
    recorded = min(now, payment.made_at + timedelta(seconds=rng.randrange(170000)))
    rep, name = rng.choice(rng.choice(SELLERS).reps)
    return {
        "id": key,
        "created_on": instant(recorded, rng),
        "modified": instant(recorded, rng),
        "order": number,
        "recorded_by": rep,
        "recorder_name": name,
        "total": money(payment.cents, currency, rng),
        "payment_date": instant(payment.made_at, rng),
        "reason": payment.reason,
        "payment_type": payment.kind,
    }
