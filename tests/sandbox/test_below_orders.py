"""Comments and delivery information fit their orders, and change only where an order says that it did."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipeline.sandbox import Sandbox
from pipeline.sandbox.trouble.wiggling import wiggle

from .conftest import NOW, Client


def below(sandbox: Sandbox) -> dict[str, tuple[Any, ...]]:
    """Return the orders by number: the last change of each, its comments, and how it is delivered."""
    return {
        number: (order["modified"], sandbox.comments_of(number), sandbox.delivery_of(number))
        for order in sandbox.rows("orders_received")
        for number in [order["number"]]
    }


def test_comments_are_by_the_sellers_staff_and_of_the_orders_life(shared: Sandbox):
    staff = {(row["id"], row["company"], row["display_name"]) for row in shared.rows("company_staff")}
    orders = {row["number"]: row for row in shared.rows("orders_received")}
    commented = {number: found for number in orders if (found := shared.comments_of(number))}

    assert 20 < len(commented) < len(orders)
    for number, comments in commented.items():
        for comment in comments:
            assert comment["order"] == number
            assert (comment["author"], orders[number]["seller"], comment["author_name"]) in staff
            assert comment["message"]
            written, modified = (
                datetime.fromisoformat(text) for text in (comment["created_on"], orders[number]["modified"])
            )
            assert written <= modified


def test_what_was_shipped_has_delivery_information_and_nothing_else_has(shared: Sandbox):
    for order in shared.rows("orders_received"):
        assert (shared.delivery_of(order["number"]) is None) == (order["ship_date"] is None)


def test_nothing_changes_unless_the_order_says_that_it_changed(own: Sandbox):
    before, lost, gained = below(own), 0, 0
    for hours in range(3, 40, 6):
        own.advance(NOW + timedelta(hours=hours))
        rng = random.Random(hours)
        for _ in range(20):
            wiggle(own, rng, touch=rng.random() < 0.5)
        after = below(own)
        for number in before.keys() & after.keys():
            assert before[number][0] != after[number][0] or before[number] == after[number]
            old, new = ({each["id"] for each in orders[number][1]} for orders in (before, after))
            lost, gained = lost + len(old - new), gained + len(new - old)
        before = after

    assert lost > 0
    assert gained > lost


async def test_they_are_answered_as_a_bare_list_and_as_an_object(shared: Sandbox, client: Client):
    number, (_, comments, delivery) = next(
        (number, found) for number, found in below(shared).items() if found[1] and found[2]
    )

    assert await client.get(f"orders-received/{number}/comments/") == comments
    assert await client.get(f"orders/{number}/delivery-information/") == delivery


@pytest.mark.parametrize(
    "path", ["orders-received/no-such-number/comments/", "orders/no-such-number/delivery-information/"]
)
async def test_there_is_none_of_an_order_that_is_not_there(client: Client, path: str):
    assert (await client.ask(path))[0] == 404
