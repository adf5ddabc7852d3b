"""What is held, for planning the next read: what is published, and what has landed since."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.landing.holdings import Holding, Holdings
from pipeline.reading import Values
from pipeline.resources import Appended, Changed
from pipeline.warehouse.holdings import read_holdings

from .seller import LINES, ORDERS, Seller, line, order, read_all, read_changed, refused

RECENT = datetime(2026, 10, 1, tzinfo=UTC)
OLD = RECENT - timedelta(seconds=1)
TRAILING = replace(ORDERS, refresh=Changed(is_trailing=True, open_flag="paid"))
APPENDED = replace(LINES, refresh=Appended(parent="orders", parent_key="order"))


@pytest.fixture
def seller(seller: Seller) -> Seller:
    seller.resources = {"lines": APPENDED, "orders": TRAILING}
    return seller


def held(seller: Seller, company: str = "acme") -> Holdings:
    return read_holdings(seller.data_dir, seller.landing, dict(seller.resources), company, RECENT)


@pytest.mark.parametrize("is_loaded", [True, False], ids=["published", "landed"])
def test_orders_are_counted_and_the_old_ones_that_are_not_settled_are_named(seller: Seller, is_loaded: bool) -> None:
    seller.land(
        read_all(
            TRAILING,
            order("settled", created_on=OLD, paid=True),
            order("unpaid", created_on=OLD, paid=False),
            order("unknown", created_on=OLD),
            order("undated", paid=False),
            order("new", created_on=RECENT, paid=False),
            order("new and settled", created_on=RECENT, paid=True),
        )
    )
    if is_loaded:
        seller.load()

    orders = held(seller).of("orders")
    assert (orders.rows, orders.recent, orders.open_keys) == (6, 2, ("undated", "unknown", "unpaid"))
    assert orders.values["undated"].created is None
    assert orders.values["new"] == Values("new", created=round(RECENT.timestamp() * 1e6))


@pytest.mark.parametrize("is_loaded", [True, False], ids=["published", "landed"])
def test_a_list_that_grows_is_held_by_key_with_its_parents(seller: Seller, is_loaded: bool) -> None:
    seller.land(read_all(APPENDED, line(10, "b"), line(9, "a"), line(100, "a")))
    if is_loaded:
        seller.load()

    lines = held(seller).of("lines")
    assert lines.values == {key: Values(int(key)) for key in ("9", "10", "100")}
    assert lines.parents == {"9": "a", "10": "b", "100": "a"}


def test_a_list_that_grows_may_point_to_nothing(seller: Seller) -> None:
    unlinked = replace(LINES, refresh=Appended())
    seller.resources = {"lines": unlinked}
    seller.land(read_all(unlinked, line(10, "b"), line(9, "a")))

    assert held(seller).of("lines").values.keys() == {"9", "10"}
    assert held(seller).of("lines").parents == {}


def test_what_landed_since_replaces_what_is_published(seller: Seller) -> None:
    seller.land(read_all(TRAILING, *(order(number, created_on=OLD, paid=False) for number in "abc")))
    seller.load()
    seller.land(read_changed(TRAILING, order("a", created_on=OLD, paid=True), gone=("b",)))
    seller.land(read_changed(TRAILING, order("d", created_on=OLD, paid=False)))

    orders = held(seller).of("orders")
    assert (orders.rows, orders.open_keys) == (3, ("c", "d"))
    assert orders.values.keys() == {"a", "c", "d"}


def test_a_complete_read_that_landed_since_leaves_only_its_own_rows(seller: Seller) -> None:
    seller.land(read_all(TRAILING, order("a"), order("b")))
    seller.load()
    seller.land(read_all(TRAILING, order("b")))

    assert held(seller).of("orders").open_keys == ("b",)


def test_an_order_that_was_gone_and_is_back_is_held(seller: Seller) -> None:
    seller.land(read_all(TRAILING, order("a")))
    seller.land(read_changed(TRAILING, gone=("a",)))
    seller.land(read_changed(TRAILING, order("a")))

    assert held(seller).of("orders").open_keys == ("a",)


def test_deleted_rows_and_other_companies_and_refused_reads_do_not_count(seller: Seller) -> None:
    seller.land(read_all(TRAILING, order("a"), order("b")))
    seller.land(read_all(TRAILING, order("a")))
    seller.land(read_all(TRAILING, order("z")), company="zenith")
    seller.load()
    seller.land(read_all(TRAILING, order("y")), company="zenith")
    seller.land(refused(TRAILING))

    assert held(seller).of("orders").open_keys == ("a",)
    assert held(seller, "zenith").of("orders").open_keys == ("y",)


@pytest.mark.parametrize("is_loaded", [True, False], ids=["published", "landed"])
def test_rows_in_quarantine_are_named_and_those_without_a_key_are_said_to_be_there(
    seller: Seller, is_loaded: bool
) -> None:
    seller.land(read_all(TRAILING, order("a"), bad=["b", "b", "c"]), read_all(APPENDED, bad=[None]))
    if is_loaded:
        seller.load()

    assert held(seller).of("orders").quarantined == ("b", "c")
    assert not held(seller).of("orders").has_keyless
    assert held(seller).of("lines") == Holding(has_keyless=True)


def test_nothing_is_held_before_anything_landed(seller: Seller) -> None:
    assert held(seller) == Holdings({"lines": Holding(), "orders": Holding()})
