"""What the warehouse says of drift, and the views that make new fields queryable."""

import json
from typing import Any

import pytest

from pipeline.decoding.fields import Drift, Fields
from pipeline.warehouse.drift import FEWEST_ROWS

from .seller import LINES, ORDERS, Read, Seller, line, order


def read(scope: str = "all", *rows: dict[str, Any], size: int = 0, nulls: int = 0, drift: Any = ()) -> Read:
    """Return a read of orders in which so many of `size` rows had no status."""
    fields = Fields(rows=size, nulls={"status": nulls, "number": 0}, drift=tuple(drift))
    return Read(ORDERS, scope, [rows] if rows else [], proof={"fields": fields})


def new(field: str, detail: str = "in 1 as text") -> Drift:
    return Drift(field=field, kind="new field", detail=detail)


def with_extra(number: str, **extra: Any) -> dict[str, Any]:
    return order(number, _extra=json.dumps(extra))


def found(seller: Seller) -> list[tuple[Any, ...]]:
    return seller.rows("SELECT resource, field, kind, detail FROM meta.drift ORDER BY run_id, kind, field")


def view(seller: Seller, columns: str) -> list[tuple[Any, ...]]:
    return seller.rows(f"SELECT {columns} FROM extra.orders ORDER BY number")


def test_drift_is_kept_by_run_and_says_since_when(seller: Seller) -> None:
    first = seller.land(read(drift=[new("colour")]))
    seller.load()
    second = seller.land(read(drift=[new("colour", "in 7 as text"), new("size")]))
    seller.load()

    assert seller.rows("SELECT run_id, _company, field, detail, epoch_us(first_seen) FROM meta.drift ORDER BY ALL") == [
        (run.run_id, "acme", field, detail, round(since.server_time.timestamp() * 1e6))
        for run, field, detail, since in (
            (first, "colour", "in 1 as text", first),
            (second, "colour", "in 7 as text", first),
            (second, "size", "in 1 as text", second),
        )
    ]


@pytest.mark.parametrize(
    ("before", "after", "jumps"), [(10, 41, 1), (10, 40, 0), (90, 59, 1), (90, 60, 0), (0, 100, 1)]
)
def test_a_share_of_nulls_that_moves_by_more_than_thirty_points_is_drift(
    seller: Seller, before: int, after: int, jumps: int
) -> None:
    seller.land(read(size=100, nulls=before))
    seller.land(read(size=200, nulls=2 * after))
    seller.load()

    detail = f"{before} % null before, now {after} %"
    assert found(seller) == [("orders", "status", "null rate", detail)] * jumps


def test_shares_of_nulls_are_compared_within_a_scope_and_a_company_and_among_enough_rows(seller: Seller) -> None:
    seller.land(read(size=FEWEST_ROWS, nulls=0))
    seller.land(read(size=FEWEST_ROWS - 1, nulls=FEWEST_ROWS - 1))
    seller.land(read("changed", size=FEWEST_ROWS, nulls=FEWEST_ROWS))
    seller.land(read(size=FEWEST_ROWS, nulls=FEWEST_ROWS), company="other")
    seller.land(read(size=FEWEST_ROWS, nulls=0))
    seller.load()

    assert found(seller) == []


def test_a_column_that_was_not_there_before_has_no_share_to_compare(seller: Seller) -> None:
    seller.land(Read(ORDERS, "all", [], proof={"fields": Fields(rows=FEWEST_ROWS, nulls={"number": 0})}))
    seller.land(read(size=FEWEST_ROWS, nulls=FEWEST_ROWS))
    seller.load()

    assert found(seller) == []


def test_each_resource_of_a_run_is_compared_with_itself(seller: Seller) -> None:
    for nulls in (0, FEWEST_ROWS):
        lines = Fields(rows=FEWEST_ROWS, nulls={"id": 0, "quantity": nulls, "order": 0})
        seller.land(read(size=FEWEST_ROWS, nulls=FEWEST_ROWS - nulls), Read(LINES, "all", [], proof={"fields": lines}))
        seller.load()

    assert found(seller) == [
        ("lines", "quantity", "null rate", "0 % null before, now 100 %"),
        ("orders", "status", "null rate", "100 % null before, now 0 %"),
    ]


def test_new_fields_can_be_queried_at_once(seller: Seller) -> None:
    rows = [with_extra("a", colour="red", **{"customer.score": {"x": 1}}), order("b"), with_extra("c", colour=None)]
    seller.land(read("all", *rows, drift=[new("colour"), new("customer.score")]))
    seller.load()

    assert view(seller, '_company, number, colour, "customer.score"') == [
        ("acme", "a", '"red"', '{"x":1}'),
        ("acme", "c", "null", None),
    ]
    comments = seller.rows("SELECT comment FROM duckdb_columns() WHERE schema_name = 'extra'")
    assert len(comments) == 4
    assert all(text for (text,) in comments)


def test_new_fields_of_objects_in_a_list_are_a_list(seller: Seller) -> None:
    row = with_extra("a", **{f"taxes[{index}].code": index for index in (0, 1, 10)})
    seller.land(read("all", row, drift=[new("taxes[].code")]))
    seller.load()

    assert view(seller, '"taxes[].code"') == [("[0,1,10]",)]


def test_a_view_follows_what_is_met_later(seller: Seller) -> None:
    seller.land(read("all", with_extra("a", colour="red"), drift=[new("colour")]))
    seller.load()
    seller.land(read("changed", with_extra("b", size=5), drift=[new("size")]))
    seller.load()
    seller.land(read("changed", order("b")))
    seller.load()

    assert view(seller, "number, colour, size") == [("a", '"red"', None)]
    assert seller.rows("SELECT view_name FROM duckdb_views() WHERE schema_name = 'extra'") == [("orders",)]


def test_what_the_contract_has_come_to_name_is_in_raw_alone(seller: Seller) -> None:
    seller.land(read("all", with_extra("a", status="x", colour=1), drift=[new("status"), new("colour")]))
    seller.load()

    assert [name for name, *_ in seller.rows("DESCRIBE extra.orders")] == ["_company", "number", "colour"]


@pytest.mark.parametrize(
    "name", ['a "b"', "a/b", "~", "$.a", "it's", "a.b", "-- x", "select", "NUMBER", "_company", "ü", "x" * 500, "a\\b"]
)
def test_a_new_field_may_have_any_name(seller: Seller, name: str) -> None:
    seller.land(read("all", with_extra("a", **{name: 7}), drift=[new(name)]))
    seller.load()

    assert seller.rows("SELECT * FROM extra.orders") == [("acme", "a", "7")]


def test_names_that_sql_does_not_tell_apart_are_numbered(seller: Seller) -> None:
    seller.land(read("all", with_extra("a", Foo=1, foo=2), drift=[new("Foo"), new("foo")]))
    seller.load()

    assert view(seller, '"Foo", "foo 2"') == [("1", "2")]


def test_names_that_sql_does_not_take_stay_in_extra(seller: Seller) -> None:
    names = ["", "a\x00b", "tab\t"]
    row = with_extra("a", **dict.fromkeys(names, 1))
    seller.land(read("all", row, drift=[new(name) for name in names]))
    seller.load()

    assert [name for name, *_ in seller.rows("DESCRIBE extra.orders")] == ["_company", "number"]


def test_a_run_that_was_landed_before_drift_was_noted_still_loads(seller: Seller) -> None:
    seller.land(Read(ORDERS, "all", [[order("a")]]), Read(LINES, "all", [[line(1, "a")]]))
    seller.load()

    assert found(seller) == []
    assert seller.live(ORDERS) == {"a"}
