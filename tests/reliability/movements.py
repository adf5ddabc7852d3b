"""A source of some size that changes after every so many answers, in any order of its lists."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipeline.sandbox import Sandbox
from pipeline.sandbox.table import Row
from tests.acceptance.nights import FIVE, House, open_house

from .lying import listings

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
            self.sandbox.wiggle(self._rng, touch=True)

    def keys(self) -> dict[str, set[Any]]:
        """Return the keys of all that moves."""
        assert self.sandbox is not None
        store = self.sandbox.store
        return {name: {key for (key,) in store.select(f"SELECT key FROM {name}")} for name in FIVE}


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
        source.answers, source.every, before = 0, movement.every, source.keys()
        manifest = await house.extract(full=True)
        monkeypatch.setenv("LEAFLINK_RATE_PER_MINUTE", "0")
        source.every, after = 0, source.keys()
        house.merge()
        for resource, keys in before.items():
            missing = keys & after[resource] - set(house.raw(resource).column(FIVE[resource]).to_pylist())
            assert not missing, (movement, resource, sorted(missing)[:5])
        assert source.answers <= MOST * still, (movement, source.answers, still)
        assert manifest.skew_seconds < _MOST_SKEW_SECONDS, (movement, manifest.skew_seconds)

        ratio, requests = source.answers / still, source.answers
        await house.read()
        assert_equal(house, rows_of_payments_may_differ=movement.orders > 1_000)
    return f"{movement}, {source.changes} changes, {requests} requests, {ratio:.2f} of still, {manifest.skew_seconds} s"


def assert_equal(house: House, *, rows_of_payments_may_differ: bool) -> None:
    """Assert that raw equals the source; a payment of a long list that was changed where it stands may wait a week."""
    found: dict[str, Iterable[Any]] = {}
    for name, key in listings().items():
        differences = house.differences(name, key)
        if rows_of_payments_may_differ and name == "order_payments":
            differences = [each for each in differences if not isinstance(each, tuple)]
        if differences:
            found[name] = differences[:3]
    assert found == {}, found


def vanish_some_orders(sandbox: Sandbox, count: int) -> list[tuple[str, Row]]:
    """Delete orders that are no drafts, with all that is theirs, and return what would bring them back."""
    rows: list[tuple[str, Row]] = []
    for order in [row for row in sandbox.rows("orders_received") if row["status"] != "Draft"][:count]:
        rows.append(("orders_received", order))
        rows += [("line_items", line) for line in sandbox.lines_of(order["number"])]
        rows += [("order_payments", payment) for payment in sandbox.payments_of(order["number"])]
    for resource, row in rows:
        sandbox.delete(resource, row[FIVE[resource]])
    return rows
