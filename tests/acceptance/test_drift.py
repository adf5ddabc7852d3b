"""A night that meets what the contracts do not know says so, and makes it queryable."""

from pathlib import Path

import pytest

from pipeline.terminal.load_view import describe_drift
from pipeline.warehouse.drift import FoundDrift

from .nights import ONLY, open_house


async def test_a_night_says_what_it_met_that_the_contracts_do_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=150, only=ONLY) as house:
        first = await house.night()
        orders = [row for row in house.sandbox.rows("orders_received") if house.sandbox.lines_of(row["number"])]
        order, other = orders[:2]
        house.sandbox.put("orders_received", order | {"status": "Paused", "colour": "green"})
        house.sandbox.put("line_items", house.sandbox.lines_of(other["number"])[0] | {"size": 7})
        for row in house.sandbox.rows("order_payments"):
            house.sandbox.put("order_payments", {name: value for name, value in row.items() if name != "reason"})
        second = await house.night(full=True)
        con = house.connect()
        colours = con.execute("select number, colour from extra.orders_received").fetchall()
        (count,) = con.execute("select count(*) from meta.drift").fetchone() or ()
        con.close()
        third = house.load()

    assert first.intake.drift == []
    assert describe_drift(second.intake.drift) == (
        "1 missing field: order_payments.reason; 2 new fields: line_items.size, orders_received.colour; "
        "1 new value: orders_received.status; 1 null rate: order_payments.reason"
    )
    assert colours == [(order["number"], '"green"')]
    assert count == len(second.intake.drift)
    assert third.intake.drift == []


def test_the_line_of_drift_names_the_first_few_fields() -> None:
    drift = [FoundDrift("orders", f"f{number}", "new field", "") for number in range(7)]

    assert describe_drift(drift) == "7 new fields: orders.f0, orders.f1, orders.f2, orders.f3, orders.f4, and 2 more"
