"""Changed means changed: a row that comes as `raw` holds it stays, counts as nothing, and counts as seen."""

import pytest

from .seller import LINES, ORDERS, Seller, finish, line, order, read_all, read_changed, read_sets


def merged(seller: Seller) -> dict[str, tuple[int, int, int]]:
    """Load what is pending, and return of each table how many rows were new, changed and deleted."""
    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        finish(build)
    return {name: (each.inserted, each.changed, each.deleted) for name, each in build.merges.items()}


def test_rows_that_come_as_they_are_held_stay_and_count_as_nothing(seller: Seller) -> None:
    orders, lines = [order("a"), order("b", _extra='{"new": 1}')], [line(1, "a"), line(2, "a"), line(3, "b")]
    seller.land(read_all(ORDERS, *orders), read_all(LINES, *lines))
    assert merged(seller) == {"orders": (2, 0, 0), "lines": (3, 0, 0)}
    before = [seller.rows(f"SELECT * FROM raw.{name} ORDER BY 1") for name in ("orders", "lines")]

    seller.land(read_all(ORDERS, *orders), read_all(LINES, *lines))
    seller.land(read_changed(ORDERS, orders[0]), read_sets(LINES, *lines[:2]))

    assert merged(seller) == {"orders": (0, 0, 0), "lines": (0, 0, 0)}
    assert [seller.rows(f"SELECT * FROM raw.{name} ORDER BY 1") for name in ("orders", "lines")] == before


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        (order("a", "Shipped"), 1),
        (order("a", None), 1),
        (order("a", _extra='{"new": 2}'), 1),
        (order("a", _extra=None), 1),
        (order("a", _extra='{"new": 1}'), 0),
    ],
)
def test_a_change_is_one_of_any_column(seller: Seller, now: dict[str, object], changed: int) -> None:
    seller.land(read_all(ORDERS, order("a", _extra='{"new": 1}')))
    seller.load()

    seller.land(read_changed(ORDERS, now))

    assert merged(seller)["orders"] == (0, changed, 0)


def test_an_order_that_comes_unchanged_still_says_which_lines_it_has(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), read_all(LINES, line(1, "a"), line(2, "a"), line(3, "b")))
    seller.load()

    seller.land(read_changed(ORDERS, order("a")), read_sets(LINES, line(2, "a"), line(4, "a")))

    assert merged(seller) == {"orders": (0, 0, 0), "lines": (1, 0, 1)}
    assert seller.live(LINES) == {2, 3, 4}


def test_a_row_that_was_deleted_and_is_back_has_changed(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")))
    seller.land(read_all(ORDERS, order("a")))
    seller.load()

    seller.land(read_all(ORDERS, order("a"), order("b")))

    assert merged(seller)["orders"] == (0, 1, 0)
