"""A load after which too many rows would be gone at once is stopped, and says how many, and what lets it through."""

from dataclasses import replace

import pytest

from pipeline.errors import IncompleteError

from .seller import ORDERS, Seller, finish, order, read_all, read_changed

RECEIVED = replace(ORDERS, path="orders-received/")
PRODUCTS = replace(ORDERS, path="products/")


@pytest.fixture
def seller(seller: Seller) -> Seller:
    seller.resources = {"orders_received": RECEIVED, "products": PRODUCTS, "orders": ORDERS}
    return seller


def orders(count: int, status: str = "Accepted", prefix: str = "order") -> list[dict[str, object]]:
    return [order(f"{prefix} {number}", status) for number in range(count)]


def guarded_load(seller: Seller) -> None:
    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        build.refuse_shrink()
        finish(build)


@pytest.mark.parametrize("resource", [RECEIVED, PRODUCTS], ids=lambda each: each.name)
def test_more_than_25_rows_and_more_than_a_hundredth_are_too_many(seller: Seller, resource) -> None:
    seller.land(read_all(resource, *orders(100)))
    guarded_load(seller)
    run = seller.land(read_all(resource, *orders(74)))

    with pytest.raises(IncompleteError, match=f"{resource.name}: 26 of 100 rows") as caught:
        guarded_load(seller)

    for text in (run.run_id, "--accept-shrink", "Nothing was changed"):
        assert text in str(caught.value)
    assert len(seller.live(resource)) == 100


@pytest.mark.parametrize(("before", "after"), [(100, 75), (2_600, 2_574)])
def test_25_rows_or_a_hundredth_may_go(seller: Seller, before: int, after: int) -> None:
    seller.land(read_all(RECEIVED, *orders(before)))
    guarded_load(seller)
    seller.land(read_all(RECEIVED, *orders(after)))

    guarded_load(seller)

    assert len(seller.live(RECEIVED)) == after


def test_drafts_count_neither_among_the_deleted_nor_among_all(seller: Seller) -> None:
    drafts = orders(2_000, "Draft", "draft")
    seller.land(read_all(RECEIVED, *orders(100), *drafts))
    guarded_load(seller)
    seller.land(read_all(RECEIVED, *orders(75), *drafts[:10]))
    guarded_load(seller)
    assert len(seller.live(RECEIVED)) == 85

    seller.land(read_all(RECEIVED, *orders(40), *drafts[:10]))
    with pytest.raises(IncompleteError, match=r"35 of 75 rows \(Drafts not counted\)"):
        guarded_load(seller)


def test_runs_that_wait_for_one_load_count_together(seller: Seller) -> None:
    seller.land(read_all(RECEIVED, *orders(100)))
    guarded_load(seller)
    for left in (85, 70):
        seller.land(read_all(RECEIVED, *orders(left)))

    with pytest.raises(IncompleteError, match="30 of 100"):
        guarded_load(seller)


def test_rows_that_a_later_run_finds_again_stop_nothing(seller: Seller) -> None:
    seller.land(read_all(RECEIVED, *orders(100)))
    guarded_load(seller)
    seller.land(read_all(RECEIVED, *orders(10)))
    with pytest.raises(IncompleteError):
        guarded_load(seller)

    seller.land(read_all(RECEIVED, *orders(100)))
    guarded_load(seller)

    assert len(seller.live(RECEIVED)) == 100


def test_what_an_earlier_load_let_through_stops_no_later_one(seller: Seller) -> None:
    seller.land(read_all(RECEIVED, *orders(100)))
    seller.land(read_all(RECEIVED, *orders(10)))
    seller.load()

    seller.land(read_changed(RECEIVED, order("order 1", "Shipped")))
    guarded_load(seller)

    assert len(seller.live(RECEIVED)) == 10


def test_the_rows_of_one_company_do_not_outweigh_those_of_another(seller: Seller) -> None:
    seller.land(read_all(RECEIVED, *orders(3_000)), company="zenith")
    seller.land(read_all(RECEIVED, *orders(100)), company="acme")
    guarded_load(seller)
    seller.land(read_all(RECEIVED, *orders(70)), company="acme")

    with pytest.raises(IncompleteError, match="30 of 100"):
        guarded_load(seller)


def test_other_resources_may_lose_whatever_is_gone(seller: Seller) -> None:
    seller.land(read_all(ORDERS, *orders(100)))
    guarded_load(seller)
    seller.land(read_all(ORDERS))

    guarded_load(seller)

    assert seller.live(ORDERS) == set()
