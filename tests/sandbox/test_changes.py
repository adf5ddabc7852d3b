"""The sandbox moves on by itself between two looks, and changes one thing at a time when told."""

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.sandbox import Sandbox, SandboxConfig

from .conftest import NOW, RESOURCES, client_of
from .test_data import amount_of, assert_exact, assert_stock_adds_up

LATER = NOW + timedelta(days=1)


def state_of(sandbox: Sandbox) -> dict[str, dict[Any, Any]]:
    return {resource: {row.get("number") or row["id"]: row for row in sandbox.rows(resource)} for resource in RESOURCES}


def changed(before: dict[Any, Any], after: dict[Any, Any]) -> set[Any]:
    return {key for key in before.keys() & after.keys() if before[key] != after[key]}


def test_every_step_changes_something_of_every_kind(own: Sandbox):
    for seconds in (2, 3, 86400, 86401):
        before = state_of(own)
        changes = own.advance(NOW + timedelta(seconds=seconds))
        after = state_of(own)

        assert all(asdict(changes).values()), changes
        orders, old_orders = after["orders_received"], before["orders_received"]
        gone = old_orders.keys() - orders.keys()
        assert {old_orders[number]["status"] for number in gone} == {"Draft"}
        assert len(gone) == changes.drafts_deleted
        assert len(orders.keys() - old_orders.keys()) == changes.orders_added
        moved = [n for n in changed(old_orders, orders) if old_orders[n]["status"] != orders[n]["status"]]
        assert moved
        kept = {key for key, line in before["line_items"].items() if line["order"] in orders}
        assert len(kept - after["line_items"].keys()) == changes.lines_removed
        assert changed(before["line_items"], after["line_items"])
        new_payments = after["order_payments"].keys() - before["order_payments"].keys()
        assert {amount_of(after["order_payments"][key]["total"]) > 0 for key in new_payments} == {True, False}
        assert len(before["order_payments"].keys() - after["order_payments"].keys()) == changes.payments_deleted
        assert after["customers"].keys() - before["customers"].keys()
        assert changed(before["customers"], after["customers"])
        states = {key: row["listing_state"] for key, row in before["products"].items()}
        assert [key for key, row in after["products"].items() if row["listing_state"] != states[key]]


def test_amounts_and_stock_stay_exact_over_many_steps(own: Sandbox):
    for hours in range(0, 60, 6):
        own.advance(NOW + timedelta(hours=hours))

    assert_exact(own)
    assert_stock_adds_up(own)
    for order in own.rows("orders_received"):
        assert sum(amount_of(payment["total"]) for payment in own.payments_of(order["number"])) >= 0


def test_what_changed_says_so_after_the_last_step(own: Sandbox):
    before = state_of(own)
    own.advance(LATER)
    after = state_of(own)

    for resource in ("orders_received", "customers", "products"):
        for key in changed(before[resource], after[resource]):
            assert NOW < datetime.fromisoformat(after[resource][key]["modified"]) <= LATER
        for key in after[resource].keys() - before[resource].keys():
            assert NOW < datetime.fromisoformat(after[resource][key]["modified"]) <= LATER


def test_an_order_shows_up_days_after_its_creation(own: Sandbox):
    before = state_of(own)["orders_received"]
    own.advance(LATER)

    new = [row for number, row in state_of(own)["orders_received"].items() if number not in before]
    oldest = min(datetime.fromisoformat(row["created_on"]) for row in new)
    assert LATER - oldest == timedelta(days=4.6)


def test_payments_and_lines_can_leave_their_orders_untouched(tmp_path: Path):
    sandbox = Sandbox.open(tmp_path, SandboxConfig(orders=120, touches_orders=False), NOW)
    before = state_of(sandbox)["orders_received"]
    sandbox.advance(LATER)
    after = state_of(sandbox)["orders_received"]
    sandbox.close()

    silent = [number for number in changed(before, after) if before[number]["modified"] == after[number]["modified"]]
    assert any(before[number]["payment_balance"] != after[number]["payment_balance"] for number in silent)
    assert any(before[number]["total"] != after[number]["total"] for number in silent)


def test_a_step_survives_reopening_and_a_clock_that_was_set_back(tmp_path: Path):
    sandbox = Sandbox.open(tmp_path, SandboxConfig(orders=60), NOW)
    sandbox.advance(LATER)
    state, moment = state_of(sandbox), sandbox.now
    sandbox.close()

    again = Sandbox.open(tmp_path, SandboxConfig(orders=60), NOW)
    assert (state_of(again), again.now) == (state, moment)
    assert again.advance(NOW).orders_added
    assert again.now > moment
    again.close()


def test_what_was_not_finished_never_happened(own: Sandbox):
    before = state_of(own)

    with pytest.raises(ZeroDivisionError), own.transaction():
        own.advance(LATER)
        own.delete("customers", 140001)
        raise ZeroDivisionError

    assert (state_of(own), own.now) == (before, NOW)
    assert own.count("customers") == len(before["customers"])


def test_a_generation_that_was_cut_off_is_begun_again(tmp_path: Path):
    (tmp_path / "sandbox.building").write_bytes(b"half of a database")

    sandbox = Sandbox.open(tmp_path, SandboxConfig(orders=30), NOW)

    assert sandbox.count("orders_received") == 30
    sandbox.close()


async def test_the_server_shows_changes_at_once(own: Sandbox):
    async with client_of(own) as client:
        count = (await client.get("orders-received/?limit=1"))["count"]
        number = own.add_order(LATER, status="Submitted")
        page = await client.get("orders-received/?limit=1&include_children=line_items")
        assert (page["count"], page["results"][0]["number"]) == (count + 1, number)
        assert page["results"][0]["line_items"] == own.lines_of(number)

        own.delete_order(number)
        assert (await client.ask(f"orders-received/{number}/"))[0] == 404
        assert (await client.get(f"line-items/?order={number}"))["count"] == 0
        assert (await client.get("orders-received/?limit=1"))["count"] == count


async def test_a_change_by_another_process_is_seen(own: Sandbox, tmp_path: Path):
    other = Sandbox.open(tmp_path, SandboxConfig(), NOW)
    async with client_of(own) as client:
        count = (await client.get("customers/?limit=1"))["count"]
        other.delete("customers", 140001)
        assert (await client.get("customers/?limit=1"))["count"] == count - 1
    other.close()


def test_single_changes_keep_amounts_exact_and_touch_the_order_only_when_told(own: Sandbox):
    number = own.add_order(NOW, NOW + timedelta(days=30), "Shipped")
    modified = own.get("orders_received", number)["modified"]
    first = own.lines_of(number)[0]

    def last_change() -> str:
        text: str = own.get("orders_received", number)["modified"]
        return text

    own.edit_line(first["id"], quantity="36.0000", unit_multiplier=12)
    payment = own.add_payment(number, 1234, NOW)
    own.edit_order(number, discount="7.5", discount_type="%", notes="changed")
    assert last_change() == modified
    assert_exact(own)
    assert own.get("orders_received", number)["notes"] == "changed"
    assert amount_of(own.get("order_payments", payment)["total"]) == Decimal("12.34")

    own.delete_payment(payment, modified=LATER)
    assert datetime.fromisoformat(last_change()) == LATER
    own.remove_line(first["id"], modified=LATER + timedelta(days=1))
    assert datetime.fromisoformat(last_change()) == LATER + timedelta(days=1)
    own.edit_order(number, status="Complete", modified=LATER + timedelta(days=2))
    assert datetime.fromisoformat(last_change()) == LATER + timedelta(days=2)
    assert_exact(own)
    assert first["id"] not in {line["id"] for line in own.lines_of(number)}


def test_a_row_is_kept_as_it_is_put_with_all_its_digits(own: Sandbox):
    row = own.get("customers", 140002) | {
        "shipping_charge": Decimal("12345678901234567890.123456789"),
        "new": [1, None],
    }

    own.put("customers", row)

    assert own.get("customers", 140002) == row
    with pytest.raises(KeyError, match="999"):
        own.delete("products", 999)
    with pytest.raises(KeyError, match="nothing"):
        own.edit_order("nothing", notes="")
