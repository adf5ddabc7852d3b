"""Histories: what happens at the source, by chance and from a seed, between any two pages of a run that reads it."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipeline.errors import IncompleteError
from pipeline.sandbox import Sandbox
from pipeline.sandbox.trouble.wiggling import wiggle
from tests.acceptance.nights import FIVE, ONLY, House, open_house

from .nightly import Holdings, broken_promises

# A whole order goes this often, instead of one of the sandbox's own small changes; a buyer or a product even less.
_ORDER_GOES, _BUYER_OR_PRODUCT_GOES = 0.12, 0.04


@dataclass(frozen=True)
class History:
    """The circumstances of one run, all picked by `seed`.

    `moves` is how many changes there are at most, `moves_per_page` how many after each page on average. `touch` says
    whether changes to lines and payments show in the `modified` of their order, `is_full` which kind of run is
    disturbed, `with_night` whether a quiet night is checked before the quiet full run, `with_marts` whether the marts
    and audits are computed as well in the end.
    """

    seed: int
    orders: int
    page_size: int
    max_limit: int
    connections: int
    moves: int
    moves_per_page: float
    touch: bool
    is_full: bool
    with_night: bool
    with_marts: bool
    newest_first: frozenset[str]

    @classmethod
    def of(cls, seed: int) -> "History":
        """Return the history of a seed."""
        rng = Random(f"history {seed}")
        return cls(
            seed=seed,
            orders=rng.randint(12, 32),
            page_size=rng.randint(2, 7),
            max_limit=rng.choice((2, 3, 5, 100)),
            connections=rng.choice((1, 2, 5, 16)),
            moves=rng.choice((1, 2, 3, 8, 20, 50)),
            moves_per_page=rng.choice((0.02, 0.05, 0.1, 0.3, 1.0, 2.0)),
            touch=(touch := rng.random() < 0.5),
            is_full=rng.random() < 0.75,
            with_night=not touch,
            with_marts=rng.random() < 0.06,
            newest_first=frozenset(name for name in FIVE if name != "orders_received" and rng.random() < 0.3),
        )


def keys_of(sandbox: Sandbox) -> dict[str, set[Any]]:
    """Return the keys of all that moves."""
    return {name: {key for (key,) in sandbox.store.select(f"SELECT key FROM {name}")} for name in FIVE}


@dataclass
class Unrest:
    """Changes a sandbox after each of its pages, and knows which rows were there all the time.

    `steady` are, by resource, the keys that existed at every moment since `begin`; `log` is what was done.
    """

    history: History
    sandbox: Sandbox | None = None
    steady: dict[str, set[Any]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def begin(self, sandbox: Sandbox) -> None:
        """Move from now on."""
        self._rng = Random(f"unrest {self.history.seed}")
        self.sandbox = sandbox
        self.steady = keys_of(sandbox)

    def end(self) -> None:
        """Leave the source in peace."""
        self.sandbox = None

    def after_page(self) -> None:
        """Make as many changes as the history wants after a page; the server calls this."""
        if self.sandbox is None:
            return
        rate = self.history.moves_per_page
        for _ in range(int(rate) + (self._rng.random() < rate % 1)):
            if len(self.log) < self.history.moves:
                self.log.append(self._move(self.sandbox))
                present = keys_of(self.sandbox)
                self.steady = {name: keys & present[name] for name, keys in self.steady.items()}

    def _move(self, sandbox: Sandbox) -> str:
        chance = self._rng.random()
        if chance < _BUYER_OR_PRODUCT_GOES:
            resource = self._rng.choice(("customers", "products"))
            key = self._rng.choice(sorted(keys_of(sandbox)[resource]))
            sandbox.delete(resource, key)
            return f"delete {key} of {resource}"
        if chance < _ORDER_GOES and sandbox.count("orders_received") > 3:
            number = self._rng.choice(sorted(self._present()["orders_received"]))
            sandbox.delete_order(number)
            return f"delete order {number}"
        return wiggle(sandbox, self._rng, touch=self.history.touch)


async def play(history: History, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Disturb one run, let a quiet full one follow, and check every promise. Returns how the disturbed run ended.

    With a night between the two (half of the histories, all those without `touch`) its promise is checked first: see
    `nightly`.

    Raises AssertionError for a promise that was not kept.
    """
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", str(history.page_size))
    monkeypatch.setenv("LEAFLINK_MAX_CONNECTIONS", str(history.connections))
    unrest = Unrest(history)
    async with open_house(
        folder, monkeypatch, orders=history.orders, seed=history.seed, only=ONLY, max_limit=history.max_limit,
        listed=dict.fromkeys(history.newest_first, "-key"), between=unrest.after_page,
    ) as house:  # fmt: skip
        if not history.is_full:
            await house.extract(full=True)
        unrest.begin(house.sandbox)
        try:
            manifest, ending = await house.extract(full=history.is_full), "complete"
        except IncompleteError as error:
            manifest, ending = None, f"incomplete, {error}"
        unrest.end()
        if manifest is None:
            # What a run read before it ended with 4 is not asked for again: the next one is its second half.
            manifest = await house.extract(full=history.is_full)
        house.merge()
        check_nothing_steady_is_missing(unrest, house)
        if history.with_night:
            held = Holdings.of(house)
            await house.extract()
            house.merge()
            broken = list(broken_promises(house, held))
            assert broken == [], (history, broken[:5], unrest.log)
        await house.extract(full=True)
        house.merge()
        if history.with_marts:
            house.load()
        for resource, key in FIVE.items():
            differences = house.differences(resource, key)
            assert differences == [], (history, resource, differences[:5], unrest.log)
    return f"{ending}, {len(unrest.log)} changes, {sum(read.rereads for read in manifest.resources)} windows read again"


def check_nothing_steady_is_missing(unrest: Unrest, house: House) -> None:
    """Assert that raw holds, and does not call deleted, every row that was there from the first request to the last."""
    for resource, key in FIVE.items():
        live = set(house.raw(resource).column(key).to_pylist())
        missing = sorted(unrest.steady[resource] - live)
        assert missing == [], (unrest.history, resource, missing, unrest.log)
