"""One small change at a time, by chance but repeatable, and between any two answers of the server."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipeline.sandbox import Faults, Sandbox, SandboxConfig, serve
from pipeline.sandbox.trouble.wiggling import wiggle
from pipeline.sandbox.world.changes import NEXT_STATUSES
from pipeline.sandbox.world.generation import follow

from .conftest import EVERY, NOW, RESOURCES, client_of
from .raw import ask_raw
from .test_changes import state_of
from .test_data import assert_exact, assert_stock_adds_up

# What a change without a touch leaves out of the order's `modified`.
SILENT = {"tick_paid", "add_line", "edit_line", "remove_line", "add_payment", "edit_payment", "delete_payment"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox.open(tmp_path / "small", SandboxConfig(orders=25, days=90), NOW)
    yield sandbox
    sandbox.close()


def orders_of(sandbox: Sandbox) -> dict[str, Any]:
    return {order["number"]: order for order in sandbox.rows("orders_received")}


def difference(before: Any, after: Any) -> dict[str, tuple[int, int, int]]:
    """Return how many rows were added, removed and changed per resource."""
    found = {}
    for resource in RESOURCES:
        old, new = before[resource], after[resource]
        changed = sum(old[key] != new[key] for key in old.keys() & new.keys())
        found[resource] = (len(new.keys() - old.keys()), len(old.keys() - new.keys()), changed)
    return found


# What each kind does to the table that it is about: rows added, removed and changed.
EFFECTS = {
    "insert_order": ("orders_received", (1, 0, 0)),
    "insert_late_order": ("orders_received", (1, 0, 0)),
    "edit_order": ("orders_received", (0, 0, 1)),
    "move_status": ("orders_received", (0, 0, 1)),
    "delete_draft": ("orders_received", (0, 1, 0)),
    "tick_paid": ("orders_received", (0, 0, 1)),
    "add_line": ("line_items", (1, 0, 0)),
    "edit_line": ("line_items", (0, 0, 1)),
    "remove_line": ("line_items", (0, 1, 0)),
    "add_payment": ("order_payments", (1, 0, 0)),
    "edit_payment": ("order_payments", (0, 0, 1)),
    "delete_payment": ("order_payments", (0, 1, 0)),
    "edit_product": ("products", (0, 0, 1)),
    "edit_customer": ("customers", (0, 0, 1)),
    "add_customer": ("customers", (1, 0, 0)),
}


def test_a_wiggle_is_one_small_change_of_the_kind_that_it_says(small: Sandbox):
    rng, seen, after = Random(1), set(), state_of(small)

    for _ in range(200):
        before, moment = after, small.now
        name = wiggle(small, rng, touch=True)
        after = state_of(small)
        resource, effect = EFFECTS[name]
        assert difference(before, after)[resource] == effect, name
        assert moment < small.now <= moment + timedelta(seconds=2)
        seen.add(name)
        if seen == EFFECTS.keys():
            break

    assert seen == EFFECTS.keys()
    assert_exact(small)
    assert_stock_adds_up(small)


def test_without_a_touch_lines_payments_and_ticks_do_not_show_in_modified(small: Sandbox):
    rng, silent, after = Random(2), set(), orders_of(small)

    for _ in range(200):
        before, name = after, wiggle(small, rng, touch=False)
        after = orders_of(small)
        for number, order in after.items():
            if number not in before:
                is_late = datetime.fromisoformat(order["created_on"]) < small.now
                assert is_late == (name == "insert_late_order")
            elif order != before[number]:
                has_moved = order["modified"] != before[number]["modified"]
                assert has_moved == (name not in SILENT), name
                silent |= {name} & SILENT

    assert silent == SILENT
    assert_exact(small)


def test_a_touch_shows_the_moment_in_modified(small: Sandbox):
    rng = Random(3)

    for _ in range(40):
        before = orders_of(small)
        wiggle(small, rng, touch=True)
        for number, order in orders_of(small).items():
            if number in before and order != before[number]:
                assert datetime.fromisoformat(order["modified"]) == small.now


def test_the_same_chance_makes_the_same_changes(tmp_path: Path):
    histories = []
    for folder in ("one", "two"):
        sandbox, rng = Sandbox.open(tmp_path / folder, SandboxConfig(orders=30), NOW), Random(7)
        names = [wiggle(sandbox, rng, touch=True) for _ in range(25)]
        histories.append((names, sandbox.now, state_of(sandbox)))
        sandbox.close()

    assert histories[0] == histories[1]


def test_a_wiggle_happens_when_it_is_told_to_but_never_before_the_last(small: Sandbox):
    wiggle(small, Random(1), touch=True, now=NOW + timedelta(hours=1))
    assert small.now == NOW + timedelta(hours=1)

    wiggle(small, Random(1), touch=True, now=NOW)
    assert small.now == NOW + timedelta(hours=1)


def test_what_follows_from_a_change_is_the_same_as_if_everything_had_been_looked_at(small: Sandbox):
    rng = Random(4)
    small.advance(NOW + timedelta(days=2))
    for _ in range(80):
        wiggle(small, rng, touch=rng.random() < 0.5)
    small.edit_line(next(small.rows("line_items"))["id"], product=20010)
    wiggle(small, rng, touch=True)
    before = {resource: list(small.rows(resource)) for resource in EVERY}

    small.store.write("INSERT INTO changed_orders SELECT key FROM orders_received")
    small.store.write("INSERT INTO changed_products SELECT key FROM products")
    follow(small.store, NOW + timedelta(days=9))

    assert {resource: list(small.rows(resource)) for resource in EVERY} == before


def test_wiggles_go_on_when_everything_is_gone(small: Sandbox):
    for number in orders_of(small):
        small.delete_order(number)

    names = {wiggle(small, Random(seed), touch=True) for seed in range(60)}

    assert names >= {"insert_order", "add_customer", "edit_product"}
    assert_exact(small)


def test_a_line_is_added_behind_the_others(small: Sandbox):
    number = next(order["number"] for order in small.rows("orders_received") if order["status"] in NEXT_STATUSES)
    before = small.lines_of(number)

    key = small.add_line(number)

    assert [line["id"] for line in small.lines_of(number)] == [*(line["id"] for line in before), key]
    assert small.get("line_items", key)["position"] == max(line["position"] for line in before) + 1
    assert_exact(small)


async def test_the_source_moves_between_any_two_answers(small: Sandbox):
    moments = []

    def add_customer() -> None:
        moments.append(small.count("customers"))
        small.put("customers", small.get("customers", 140001) | {"id": 200000 + len(moments)})

    async with client_of(small, between=add_customer) as client:
        counts = [(await client.get("customers/?limit=1"))["count"] for _ in range(3)]
        await client.get("customers/140001/")
        for path in ("customers/1/", "nothing/", "customers", "customers/?limit=1&created_on__gte=never"):
            assert (await client.ask(path))[0] in (400, 404)

    first = counts[0]
    assert counts == [first, first + 1, first + 2]
    assert moments == [first, first + 1, first + 2, first + 3]


async def test_a_source_that_shrinks_hides_rows_from_a_reader_that_only_follows_next(small: Sandbox):
    def delete_newest() -> None:
        small.delete_order(next(small.rows("orders_received"))["number"])

    async with client_of(small, between=delete_newest) as client:
        read = {row["number"] for row in await client.everything("orders-received/?limit=3")}

    assert orders_of(small).keys() - read, "orders that were there all the time"


async def test_a_lost_answer_moves_the_source_as_well(small: Sandbox):
    calls: list[int] = []
    async with serve(small, faults=Faults({"truncate": 1.0}), between=lambda: calls.append(1)) as base:
        await ask_raw(base, "customers/?limit=1")

    assert calls == [1]
