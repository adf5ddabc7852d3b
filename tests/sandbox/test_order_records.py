"""Sales reps and logs fit the orders, whatever happens to these."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from pipeline.sandbox import Sandbox
from pipeline.sandbox.trouble.wiggling import wiggle

from .conftest import NOW, Client

LOG_BEGINS = NOW - timedelta(days=90)


def rep_ids(order: dict[str, Any]) -> list[int]:
    return sorted(rep["id"] if isinstance(rep, dict) else rep for rep in order["sales_reps"])


def assert_reps_fit(sandbox: Sandbox) -> None:
    """Every order has the reps that it says, and no rep an order that is gone."""
    reps = defaultdict(list)
    for row in sandbox.rows("order_sales_reps"):
        reps[row["order"]].append(row["rep"])
    assert {number: sorted(found) for number, found in reps.items()} == {
        order["number"]: rep_ids(order) for order in sandbox.rows("orders_received") if order["sales_reps"]
    }


def assert_logs_fit(sandbox: Sandbox) -> None:
    """Statuses follow upon each other up to the order's own, and the last entry is of its last change."""
    logs = defaultdict(list)
    for row in sandbox.rows("order_event_logs"):
        logs[row["order"]].append(row)
    orders = {row["number"]: row for row in sandbox.rows("orders_received")}
    assert logs.keys() <= orders.keys()
    for number, order in orders.items():
        created, modified = (datetime.fromisoformat(order[name]) for name in ("created_on", "modified"))
        moments = [datetime.fromisoformat(row["timestamp"]) for row in logs[number]]
        moves = [row["changed_fields"]["status"] for row in logs[number] if "status" in row["changed_fields"]]
        assert moments == sorted(moments)
        assert moments[-1:] == ([modified] if modified >= LOG_BEGINS else [])
        assert [move["original"] for move in moves[1:]] == [move["new"] for move in moves[:-1]]
        assert [move["new"] for move in moves[-1:]] in ([order["status"]], [])
        if created >= LOG_BEGINS:
            assert logs[number][0]["event_type"] == "created"
            assert moments[0] == created


def test_reps_and_logs_fit_the_orders_of_a_new_sandbox(shared: Sandbox):
    assert_reps_fit(shared)
    assert_logs_fit(shared)


def test_reps_and_logs_follow_what_happens_to_orders(own: Sandbox):
    for hours in range(3, 60, 6):
        own.advance(NOW + timedelta(hours=hours))
        rng = random.Random(hours)
        for _ in range(25):
            wiggle(own, rng, touch=rng.random() < 0.5)
        own.add_order(own.now - timedelta(days=1), own.now)

    assert_reps_fit(own)
    assert_logs_fit(own)
    events = {row["event_type"] for row in own.rows("order_event_logs")}
    assert {"created", "submitted", "accepted", "unaccepted", "shipped", "edited", "rep_edited"} <= events


def test_keys_of_reps_and_logs_never_come_back(own: Sandbox):
    for resource in ("order_sales_reps", "order_event_logs"):
        seen = held = {row["id"] for row in own.rows(resource)}
        for _ in range(6):
            own.advance(own.now + timedelta(hours=5))
            now = {row["id"] for row in own.rows(resource)}
            assert min(now - held) > max(seen)
            seen, held = seen | now, now


def test_who_wrote_a_log_works_for_the_seller(shared: Sandbox):
    staff = {(row["company"], row["display_name"], row["username"]) for row in shared.rows("company_staff")}
    sellers = {row["number"]: row["seller"] for row in shared.rows("orders_received")}

    for row in shared.rows("order_event_logs"):
        assert (sellers[row["order"]], row["author_name"], row["by"]) in staff


async def test_logs_are_filtered(shared: Sandbox, client: Client):
    logs = list(shared.rows("order_event_logs"))
    order = logs[len(logs) // 2]["order"]

    for query, expected in {
        f"id={logs[3]['id']}": [logs[3]],
        f"order={order}": [row for row in logs if row["order"] == order],
        "by=whalloran": [row for row in logs if row["by"] == "whalloran"],
        "by=Okafor": [row for row in logs if row["author_name"] == "Ingrid Okafor"],
        "by=ingrid": [row for row in logs if row["author_name"] == "Ingrid Okafor"],
    }.items():
        assert expected
        assert await client.everything(f"order-event-logs/?limit=100&{query}") == expected
