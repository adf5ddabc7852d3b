"""A load after which too many rows would be gone at once is stopped, and says how many, and what lets it through."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pipeline.resources import PerParent, Resource, all_resources
from pipeline.warehouse.shrink import ShrinkError

from .seller import LINES, ORDERS, Read, Seller, finish, line, order, read_all, read_changed, read_sets

NOTES = replace(LINES, path="orders/{number}/notes/", refresh=PerParent(parent="orders", parent_key="order"))
# One of each way of being kept fresh.
KINDS = ("orders_received", "customers", "brands", "order_payments", "line_items", "orders_received_comments")


def orders(count: int, status: str = "Accepted", prefix: str = "order") -> list[dict[str, object]]:
    return [order(f"{prefix} {number}", status) for number in range(count)]


def lines(count: int, per_order: int, prefix: str = "order") -> list[dict[str, Any]]:
    return [line(key, f"{prefix} {key // per_order}") for key in range(count)]


def rows(resource: Resource, count: int) -> list[dict[str, object]]:
    """Return rows that are nothing but their keys."""
    is_number = resource.record.model_fields[resource.key].annotation is int
    return [{resource.key: key if is_number else f"{resource.name} {key}"} for key in range(count)]


def guarded_load(seller: Seller) -> None:
    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        build.refuse_shrink()
        finish(build)


def refused_runs(seller: Seller) -> dict[str, list[str]]:
    """Load in vain, and return the runs that are refused, by company."""
    with pytest.raises(ShrinkError) as caught:
        guarded_load(seller)
    return {each.company: [run.run_id for run in each.runs] for each in caught.value.refusals}


@pytest.mark.parametrize("name", KINDS)
def test_more_than_25_rows_and_more_than_a_hundredth_are_too_many(seller: Seller, name: str) -> None:
    resource = all_resources()[name]
    seller.resources = all_resources()
    seller.land(read_all(resource, *rows(resource, 100)))
    guarded_load(seller)
    run = seller.land(read_all(resource, *rows(resource, 74)))

    with pytest.raises(ShrinkError, match=f"{name}: 26 of 100 rows") as caught:
        guarded_load(seller)

    for text in (run.run_id, "more than 25 and more than 1%", "--accept-shrink", "next extract"):
        assert text in str(caught.value)
    assert caught.value.exit_code == 4
    assert len(seller.live(resource)) == 100


def test_there_is_no_resource_that_is_not_guarded(seller: Seller) -> None:
    seller.resources = all_resources()
    seller.land(*(read_all(resource, *rows(resource, 100)) for resource in all_resources().values()))
    guarded_load(seller)
    seller.land(*(read_all(resource, *rows(resource, 74)) for resource in all_resources().values()))

    named = ", ".join(f"{name}: 26 of 100 rows" for name in list(all_resources())[:3])
    with pytest.raises(ShrinkError, match=f"{named}, {len(all_resources()) - 3} resources more are gone"):
        guarded_load(seller)


@pytest.mark.parametrize(("before", "after"), [(100, 75), (2_600, 2_574)])
def test_25_rows_or_a_hundredth_may_go(seller: Seller, before: int, after: int) -> None:
    seller.land(read_all(ORDERS, *orders(before)))
    guarded_load(seller)
    seller.land(read_all(ORDERS, *orders(after)))

    guarded_load(seller)

    assert len(seller.live(ORDERS)) == after


def test_all_rows_are_too_many_where_there_were_more_than_five(seller: Seller) -> None:
    seller.land(read_all(ORDERS, *orders(6)))
    guarded_load(seller)
    seller.land(read_all(ORDERS))

    with pytest.raises(ShrinkError, match="orders: 6 of 6 rows"):
        guarded_load(seller)


@pytest.mark.parametrize(("before", "after"), [(6, 1), (5, 0)])
def test_all_but_one_may_go_and_so_may_five(seller: Seller, before: int, after: int) -> None:
    seller.land(read_all(ORDERS, *orders(before)))
    guarded_load(seller)
    seller.land(read_all(ORDERS, *orders(after)))

    guarded_load(seller)

    assert len(seller.live(ORDERS)) == after


def test_drafts_count_neither_among_the_deleted_nor_among_all(seller: Seller) -> None:
    drafts = orders(2_000, "Draft", "draft")
    seller.land(read_all(ORDERS, *orders(100), *drafts))
    guarded_load(seller)
    seller.land(read_all(ORDERS, *orders(75), *drafts[:10]))
    guarded_load(seller)
    assert len(seller.live(ORDERS)) == 85

    seller.land(read_all(ORDERS, *orders(40), *drafts[:10]))
    with pytest.raises(ShrinkError, match=r"35 of 75 rows \(Drafts not counted\)"):
        guarded_load(seller)


def test_lines_that_went_with_their_orders_are_judged_by_these(seller: Seller) -> None:
    seller.land(read_all(ORDERS, *orders(50)), read_all(LINES, *lines(500, 10)))
    guarded_load(seller)
    seller.land(read_all(ORDERS, *orders(25)), read_all(LINES, *lines(250, 10)))

    guarded_load(seller)

    assert (len(seller.live(ORDERS)), len(seller.live(LINES))) == (25, 250)


@pytest.mark.parametrize("how", [read_all, read_sets])
def test_lines_that_vanish_from_living_orders_count(seller: Seller, how: Callable[..., Read]) -> None:
    seller.land(read_all(ORDERS, *orders(50)), read_all(LINES, *lines(500, 10)))
    guarded_load(seller)
    seller.land(read_all(ORDERS, *orders(49)), how(LINES, *lines(500, 10)[:464]))

    with pytest.raises(ShrinkError, match=r"^lines: 26 of 490 rows are gone"):  # ten went with the last order
        guarded_load(seller)


def test_lines_of_drafts_come_and_go_with_them(seller: Seller) -> None:
    drafts = orders(50, "Draft")
    seller.land(read_all(ORDERS, *drafts), read_all(LINES, *lines(500, 10)))
    guarded_load(seller)
    seller.land(read_all(ORDERS, *drafts), read_all(LINES, *lines(400, 10)))

    guarded_load(seller)

    assert len(seller.live(LINES)) == 400


def test_payments_of_deleted_orders_are_judged_by_these(seller: Seller) -> None:
    received, payments = all_resources()["orders_received"], all_resources()["order_payments"]
    seller.resources = all_resources()
    paid = [{"id": key, "order": f"order {key // 10}"} for key in range(500)]
    seller.land(read_all(received, *orders(50)), read_all(payments, *paid))
    guarded_load(seller)
    seller.land(read_all(received, *orders(45)), read_all(payments, *paid[:450]))
    guarded_load(seller)
    assert len(seller.live(payments)) == 450

    seller.land(read_all(received, *orders(45)), read_all(payments, *paid[:424]))
    with pytest.raises(ShrinkError, match=r"^order_payments: 26 of 450 rows are gone"):
        guarded_load(seller)


def test_what_is_asked_for_by_order_counts_like_all_else(seller: Seller) -> None:
    seller.resources = {"orders": ORDERS, NOTES.name: NOTES}
    asked = replace(read_sets(NOTES), proof={"asked": tuple(f"order {key}" for key in range(3)), "parent_key": "order"})
    seller.land(read_all(ORDERS, *orders(50)), read_all(NOTES, *lines(500, 10)))
    guarded_load(seller)
    seller.land(asked)

    with pytest.raises(ShrinkError, match=f"^{NOTES.name}: 30 of 500 rows are gone"):
        guarded_load(seller)


def test_runs_that_wait_for_one_load_count_together(seller: Seller) -> None:
    seller.land(read_all(ORDERS, *orders(100)))
    guarded_load(seller)
    for left in (85, 70):
        seller.land(read_all(ORDERS, *orders(left)))

    with pytest.raises(ShrinkError, match="30 of 100"):
        guarded_load(seller)


def test_the_first_run_that_took_something_away_is_refused_with_all_that_were_planned_upon_it(seller: Seller) -> None:
    seller.land(read_all(ORDERS, *orders(100)), company="acme")
    seller.land(read_all(ORDERS, *orders(100)), company="zenith")
    guarded_load(seller)
    seller.land(read_changed(ORDERS, order("order 1", "Shipped")), company="acme")
    wrong = seller.land(read_all(ORDERS, *orders(10)), company="acme")
    seller.land(read_changed(ORDERS, order("order 2", "Shipped")), company="zenith")
    upon_it = seller.land(read_changed(ORDERS, order("order 1", "Complete")), company="acme")

    assert refused_runs(seller) == {"acme": [wrong.run_id, upon_it.run_id]}


def test_every_company_that_lost_too_much_is_refused_at_once(seller: Seller) -> None:
    companies = ("acme", "birch", "cedar")
    for company in companies:
        seller.land(read_all(ORDERS, *orders(100)), company=company)
    guarded_load(seller)
    landed = {
        company: seller.land(read_all(ORDERS, *orders(left)), company=company).run_id
        for company, left in zip(companies, (10, 90, 20), strict=True)
    }

    assert refused_runs(seller) == {company: [landed[company]] for company in ("acme", "cedar")}


def test_rows_that_a_later_run_finds_again_stop_nothing(seller: Seller) -> None:
    seller.land(read_all(ORDERS, *orders(100)))
    guarded_load(seller)
    seller.land(read_all(ORDERS, *orders(10)))
    with pytest.raises(ShrinkError):
        guarded_load(seller)

    seller.land(read_all(ORDERS, *orders(100)))
    guarded_load(seller)

    assert len(seller.live(ORDERS)) == 100


def test_what_an_earlier_load_let_through_stops_no_later_one(seller: Seller) -> None:
    seller.land(read_all(ORDERS, *orders(100)))
    seller.land(read_all(ORDERS, *orders(10)))
    seller.load()

    seller.land(read_changed(ORDERS, order("order 1", "Shipped")))
    guarded_load(seller)

    assert len(seller.live(ORDERS)) == 10


def test_the_rows_of_one_company_do_not_outweigh_those_of_another(seller: Seller) -> None:
    seller.land(read_all(ORDERS, *orders(3_000)), company="zenith")
    seller.land(read_all(ORDERS, *orders(100)), company="acme")
    guarded_load(seller)
    seller.land(read_all(ORDERS, *orders(70)), company="acme")

    with pytest.raises(ShrinkError, match="30 of 100"):
        guarded_load(seller)
