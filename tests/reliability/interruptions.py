"""A run that is cut off or refused while the source moves, and the plain night after it."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import pytest

from pipeline.errors import IncompleteError
from pipeline.sandbox.trouble.lies import FailingPages, Lie
from pipeline.sandbox.trouble.wiggling import wiggle
from tests.acceptance.nights import FIVE, House, open_house
from tests.acceptance.vanishing import some_orders, vanish
from tests.forked import run_forked

from . import killed
from .lying import assert_equal_to_the_source
from .quick import be_quick

KEYS = {**FIVE, "brands": "id", "order_event_logs": "id"}
WAYS = ("kill", "500", "refusal")
_ORDERS, _ANSWERS, _CHANGES = 60, 30, 20


@dataclass
class Weather:
    """What the source does at its answers: it changes at some of `moves_at`, and `turns` at one of them."""

    answers: int = 0
    moves_at: frozenset[int] = frozenset()
    move: Callable[[], object] = str
    turns_at: int = 0
    turn: Callable[[], object] = str

    def after_answer(self) -> None:
        """Do what is due; the server calls this."""
        self.answers += 1
        if self.answers in self.moves_at:
            self.move()
        if self.answers == self.turns_at:
            self.turn()


@dataclass
class Interruption:
    """A night that is cut off in one of the `WAYS`, with a third of the changes before, amid and after it."""

    seed: int
    way: str
    is_full: bool
    house: House
    weather: Weather
    lies: dict[str, Lie]
    rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = Random(f"interruption {self.seed}")

    async def play(self) -> None:
        """Read once, be interrupted, and read again; raises AssertionError for what then differs from the source."""
        await self.house.read()
        self._change(_CHANGES)
        await {"kill": self._kill, "500": self._fail, "refusal": self._refuse}[self.way]()
        self._change(_CHANGES)
        await self.house.read()
        assert_equal_to_the_source(self.house, KEYS)

    def _change(self, count: int) -> None:
        for _ in range(count):
            self._move()

    def _move(self) -> None:
        sandbox = self.house.sandbox
        if self.rng.random() < 0.1:
            sandbox.delete_order(self.rng.choice([row["number"] for row in sandbox.rows("orders_received")]))
        else:
            wiggle(sandbox, self.rng, touch=True)

    def _unrest(self, turn: Callable[[], object]) -> None:
        """Let changes come amid the next answers, and a turn at one of them."""
        answers = range(1, _ANSWERS + 1)
        self.weather.answers, self.weather.move, self.weather.turn = 0, self._move, turn
        self.weather.moves_at = frozenset(self.rng.sample(answers, _CHANGES))
        self.weather.turns_at = self.rng.choice(answers)

    def _calm(self) -> None:
        self.weather.moves_at, self.weather.turns_at = frozenset(), 0

    async def _kill(self) -> None:
        """Kill the process some steps in its data folder after the beginning."""
        self._unrest(str)
        arguments = ("extract", "--only", ",".join(KEYS), *(["--full"] if self.is_full else []))
        run = partial(
            run_forked, killed.main, self.rng.randint(1, 60), self.rng.uniform(0, 0.3), *arguments,
            folder=self.house.data_dir.parent, environment=os.environ,
        )  # fmt: skip
        code, _, errors = await asyncio.to_thread(run)
        assert code in (0, -signal.SIGALRM, -signal.SIGKILL), errors
        self._calm()

    async def _fail(self) -> None:
        """Let every list answer 500 from some answer on, until the run gives up; it may be over before."""
        self._unrest(lambda: self.lies.update(dict.fromkeys(KEYS, FailingPages())))
        with suppress(IncompleteError):
            await self.house.extract(full=self.is_full)
        self.lies.clear()
        self._calm()

    async def _refuse(self) -> None:
        """Let the load refuse a run that saw two thirds of the orders gone, which then are there again."""
        gone = vanish(self.house.sandbox, some_orders(self.house.sandbox))
        await self.house.extract(full=True)
        with pytest.raises(IncompleteError, match="Run set aside"):
            self.house.load()
        gone.return_()


async def play(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Play the interruption of a seed; returns its way."""
    be_quick(monkeypatch)
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "20")
    monkeypatch.setenv("LEAFLINK_GIVE_UP_SECONDS", "1")
    weather, lies = Weather(), dict[str, Lie]()
    async with open_house(
        folder, monkeypatch, orders=_ORDERS, seed=seed, only=",".join(KEYS), between=weather.after_answer, lies=lies
    ) as house:
        way = WAYS[seed % len(WAYS)]
        await Interruption(seed, way, seed // len(WAYS) % 2 == 1, house, weather, lies).play()
    return way
