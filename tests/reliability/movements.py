"""A source of some size that changes after every so many answers, in any order of its lists."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from pipeline.sandbox import Sandbox
from pipeline.sandbox.trouble.wiggling import wiggle
from tests.acceptance.nights import FIVE, open_house

from .histories import keys_of
from .lying import assert_equal_to_the_source, listings

MOST = 1.3
_MOST_SKEW_SECONDS = 10


@dataclass(frozen=True)
class Movement:
    """A change after `every` answers to a source of so many `orders`, whose lists come in one `order`.

    It is read with so many requests a minute, 0 for as many as go.
    """

    orders: int
    every: int
    order: str
    rate_per_minute: int = 0


@dataclass
class Source:
    """Counts the answers of a sandbox, and changes it after `every` of them; 0 leaves it alone."""

    every: int = 0
    answers: int = 0
    changes: int = 0
    sandbox: Sandbox | None = None
    _rng: Random = field(default_factory=lambda: Random("movement"))

    def after_answer(self) -> None:
        """Make a change if it is time; the server calls this."""
        self.answers += 1
        if self.every and self.answers % self.every == 0:
            assert self.sandbox is not None
            self.changes += 1
            wiggle(self.sandbox, self._rng, touch=True)


async def play(movement: Movement, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read a source that moves, then on a quiet night; returns how many requests it took, beside the still source's.

    Raises AssertionError for a row that stood and was not read, for more than `MOST` times the requests of the same
    source when it stands still, for data that stand further apart than ten seconds, and for a difference after the
    quiet night.
    """
    source = Source()
    async with open_house(
        folder, monkeypatch, orders=movement.orders, listed={"*": movement.order}, between=source.after_answer
    ) as house:
        source.sandbox = house.sandbox
        monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "still"))
        await house.extract(full=True)
        still = source.answers

        monkeypatch.setenv("LEAFHOUSE_DATA_DIR", str(folder / "data"))
        monkeypatch.setenv("LEAFLINK_RATE_PER_MINUTE", str(movement.rate_per_minute))
        monkeypatch.setenv("LEAFLINK_BURST_PER_MINUTE", "0")
        source.answers, source.every, before = 0, movement.every, keys_of(house.sandbox)
        manifest = await house.extract(full=True)
        monkeypatch.setenv("LEAFLINK_RATE_PER_MINUTE", "0")
        source.every, after = 0, keys_of(house.sandbox)
        house.merge()
        for resource, keys in before.items():
            missing = keys & after[resource] - set(house.raw(resource).column(FIVE[resource]).to_pylist())
            assert not missing, (movement, resource, sorted(missing)[:5])
        assert source.answers <= MOST * still, (movement, source.answers, still)
        assert manifest.skew_seconds < _MOST_SKEW_SECONDS, (movement, manifest.skew_seconds)

        ratio, requests = source.answers / still, source.answers
        await house.read()
        # A payment of a long list that was changed where it stands is found within a week.
        waits = {"order_payments"} if movement.orders > 1_000 else set()
        assert_equal_to_the_source(house, listings(), changes_wait=waits)
    return f"{movement}, {source.changes} changes, {requests} requests, {ratio:.2f} of still, {manifest.skew_seconds} s"
