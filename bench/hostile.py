"""Hostile situations, served by a process of their own. Usage: python -m bench.hostile SITUATION NIGHT FOLDER ELSEWHERE

Prints the base URL, and keeps in FOLDER/truth.json which rows were there from the first request on to the last, and
which are there now. ELSEWHERE is an origin that listens to what should not be sent to it.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import anyio

from bench.measure import KEY
from pipeline.sandbox import Faults, Sandbox, SandboxConfig, serve
from pipeline.sandbox.trouble.lies import BareList, Doubled, Empty, FailingRow, Lie, NullKeys, Third
from pipeline.sandbox.trouble.wiggling import wiggle

TABLES = {"orders_received": "number", "line_items": "id", "customers": "id", "products": "id", "order_payments": "id"}
ORDERS = 500
_REVERSED = {"listed": dict.fromkeys(("line_items", "order_payments", "customers", "products"), "-key")}

_CHANCE = Random(7)  # one for all changes: a new one by the state makes the same change again where nothing moved

Keys = dict[str, list[Any]]
Change = Callable[[Sandbox], object]


def _newest(sandbox: Sandbox) -> str:
    number: str = next(sandbox.rows("orders_received"))["number"]
    return number


def _insert(sandbox: Sandbox) -> None:
    sandbox.add_order(sandbox.now)


def _delete(sandbox: Sandbox) -> None:
    sandbox.delete_order(_newest(sandbox))


def _exchange(sandbox: Sandbox) -> None:
    _delete(sandbox)
    sandbox.add_order(sandbox.now - timedelta(days=399), sandbox.now)


def _wiggle(sandbox: Sandbox) -> None:
    wiggle(sandbox, _CHANCE, touch=False)


def _nothing(sandbox: Sandbox) -> None:
    pass


def _payment_on_a_page_border(sandbox: Sandbox) -> int:
    key: int = list(sandbox.rows("order_payments"))[99]["id"]
    return key


def _remove_a_line(sandbox: Sandbox) -> None:
    number = list(sandbox.rows("orders_received"))[40]["number"]
    sandbox.remove_line(sandbox.lines_of(number)[0]["id"])


def _delete_an_order(sandbox: Sandbox) -> None:
    sandbox.delete_order(list(sandbox.rows("orders_received"))[40]["number"])


@dataclass(frozen=True)
class Situation:
    """What goes wrong: `faults` as for `leafhouse sandbox --faults`; `between` changes the source after each page.

    `second_night` changes the source before a second read; scans end after `longest_scan` rows. `lies` says what the
    lists are untrue about on the last night, by resource.
    """

    what: str
    faults: str = ""
    between: Change | None = None
    second_night: Change | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    longest_scan: int | None = None
    lies: Callable[[Sandbox], dict[str, Lie]] = lambda sandbox: {}
    most_changes: int = 30


SITUATIONS = {
    "quiet": Situation("Nothing goes wrong"),
    "insert": Situation("Orders come in between the pages", between=_insert),
    "insert-first": Situation("The same, every list with the newest first", between=_insert, settings=_REVERSED),
    "delete": Situation("New orders are deleted between the pages", between=_delete, settings=_REVERSED),
    "exchange": Situation(
        "As many old orders turn up as new ones are deleted: the count stands still", between=_exchange,
        settings=_REVERSED,
    ),
    "wiggle": Situation("A bit of everything between all pages", between=_wiggle),
    "restless": Situation(
        "The same after every answer, every list with the newest first", between=_wiggle, most_changes=1_000,
        settings={"listed": {"*": "-created"}},
    ),
    "empty": Situation("Pages without rows before the count is reached", faults="empty-page:0.15,seed=3,until=60"),
    "early": Situation("Every scan ends after 2,550 rows", longest_scan=2550),
    "same": Situation("Some pages bring the rows of the page before", faults="same-page:0.15,seed=3,until=60"),
    "clamp": Situation("The limit is clamped to 40 rows", settings={"max_limit": 40}),
    "clamp-some": Situation("Some pages bring half of the rows", faults="clamp:0.2,seed=5,until=80"),
    "burst": Situation("A burst of 500, 503 and resets", faults="500:0.2,503:0.1,reset:0.1,seed=2,until=40"),
    "cut": Situation("Bodies that are cut short", faults="truncate:0.1,short-json:0.1,seed=2,until=40"),
    "throttle": Situation("429 with Retry-After", faults="429:0.1,seed=4,until=30"),
    "bad": Situation("A few rows hold NaN, half a surrogate pair, or a list for a number",
                     faults="nan:0.0005,lone-surrogate:0.0005,wrong-type:0.0005,seed=9"),
    "twice": Situation("A few rows have a field twice, with two values", faults="duplicate-key:0.001,seed=9"),
    "elsewhere": Situation("`next` names another host", faults="next-elsewhere:1.0"),
    "line": Situation("A line is removed without a trace in `modified`, before the second night",
                      second_night=_remove_a_line),
    "order": Situation("An order is deleted before the second night", second_night=_delete_an_order),
    "ignored": Situation(
        "`modified__gte` filters nothing, on the second night", second_night=_wiggle,
        settings={"ignored_filters": frozenset({("orders_received", "modified__gte")})},
    ),
    "no-rows": Situation("The list of payments says `count: 0`, on the second night", second_night=_nothing,
                         lies=lambda sandbox: {"order_payments": Empty()}),
    "third": Situation("The list of customers shows a third of them, and a count that agrees, on the second night",
                       second_night=_nothing, lies=lambda sandbox: {"customers": Third()}),
    "bare": Situation("The list of payments is a bare JSON list, on the second night", second_night=_nothing,
                      lies=lambda sandbox: {"order_payments": BareList()}),
    "doubled": Situation("A payment is listed twice for good", lies=lambda sandbox: {
        "order_payments": Doubled(_payment_on_a_page_border(sandbox), 20)}),
    "failing-row": Situation("Every page that would show one of the payments answers 500", lies=lambda sandbox: {
        "order_payments": FailingRow(_payment_on_a_page_border(sandbox))}),
    "keyless": Situation("A payment on the border of two pages has no key", lies=lambda sandbox: {
        "order_payments": NullKeys({_payment_on_a_page_border(sandbox)})}),
}  # fmt: skip


class Truth:
    """What is there, and what was there all the time, written down after each change."""

    def __init__(
        self, sandbox: Sandbox, situation: Situation, faults: Faults, lies: Mapping[str, Lie], file: Path
    ) -> None:
        self._sandbox, self._situation, self._file = sandbox, situation, file
        self._changes = 0
        self._steady = {name: set(keys) for name, keys in self._present().items()}
        self._bad = {
            name: [key for key in keys if faults.of_row(name, key) or _is_spoilt(lies.get(name), key)]
            for name, keys in self._present().items()
        }
        self.write()

    def _present(self) -> Keys:
        store = self._sandbox.store
        return {name: [key for (key,) in store.select(f"SELECT key FROM {name}")] for name in TABLES}

    def after_page(self) -> None:
        """Make the situation's change."""
        change = self._situation.between
        if change is not None and self._changes < self._situation.most_changes:
            self._changes += 1
            change(self._sandbox)
            for name, keys in self._present().items():
                self._steady[name] &= set(keys)
            self.write()

    def write(self) -> None:
        """Write down what is there, what has been there throughout, and which rows are bad."""
        steady = {name: sorted(keys) for name, keys in self._steady.items()}
        truth = {"present": self._present(), "steady": steady, "bad": self._bad}
        self._file.write_text(json.dumps(truth))


def _is_spoilt(lie: Lie | None, key: Any) -> bool:
    return (isinstance(lie, FailingRow) and lie.key == key) or (isinstance(lie, NullKeys) and key in lie.keys)


def _end_scans_early(sandbox: Sandbox, longest: int) -> None:
    """Let pages from `longest` rows on be empty, as LeafLink's have been seen to be."""
    read_page = sandbox.store.page

    def page(table: Any, where: Any, limit: int, offset: int, order_by: str | None = None) -> Any:
        return read_page(table, where, limit, offset, order_by) if offset + limit <= longest else []

    sandbox.store.page = page  # type: ignore[method-assign]


async def main(name: str, night: int, folder: Path, elsewhere: str) -> None:
    """Serve a situation until the process is told to stop."""
    situation = SITUATIONS[name]
    sandbox = Sandbox.open(folder, SandboxConfig(orders=ORDERS), datetime.now(UTC))
    if night == 2 and situation.second_night is not None:
        situation.second_night(sandbox)
    faults = Faults.parse(f"{situation.faults},elsewhere={elsewhere}")
    is_last_night = night == 2 or situation.second_night is None
    lies = situation.lies(sandbox) if is_last_night else {}
    truth = Truth(sandbox, situation, faults, lies, folder / "truth.json")
    if situation.longest_scan is not None:
        _end_scans_early(sandbox, situation.longest_scan)
    settings: dict[str, Any] = {"rate_per_minute": 0, "lies": lies} | situation.settings
    async with serve(sandbox, key=KEY, faults=faults, between=truth.after_page, **settings) as base_url:
        print(base_url, flush=True)
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
