"""`history`: a version for every change that a run saw, each valid until the next one begins."""

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.datafolder.paths import signatures_file
from pipeline.landing import Manifest

from .seller import LINES, ORDERS, Seller, finish, line, order, read_all, read_changed, read_sets
from .test_properties import Model, reads, reads_of

# Of each row (resource and key) its versions: content, from, to, whether it was deleted then.
Versions = dict[tuple[str, Any], list[list[Any]]]
ORDER_VERSIONS = (
    "SELECT number, status, epoch_us(_valid_from), epoch_us(_valid_to), _was_deleted, _run_id FROM history.orders "
    "ORDER BY number, _valid_from"
)


def at(moment: Manifest | datetime) -> int:
    """The moment, or the source's clock at the start of a run, in microseconds."""
    if isinstance(moment, Manifest):
        moment = moment.server_time
    return round(moment.timestamp() * 1e6)


def test_a_change_closes_a_version_and_opens_the_next(seller: Seller) -> None:
    first = seller.land(read_all(ORDERS, order("a"), order("b")))
    second = seller.land(read_changed(ORDERS, order("a", "Shipped")))

    seller.load()

    assert seller.rows(ORDER_VERSIONS) == [
        ("a", "Accepted", at(first), at(second), False, first.run_id),
        ("a", "Shipped", at(second), None, False, second.run_id),
        ("b", "Accepted", at(first), None, False, first.run_id),
    ]


def test_rows_that_land_again_unchanged_get_no_new_version(seller: Seller) -> None:
    rows = [order("a"), {"number": "b", "status": None}]
    first = seller.land(read_all(ORDERS, *rows))
    seller.load()

    seller.land(read_all(ORDERS, *rows))
    seller.load()

    assert seller.rows(ORDER_VERSIONS) == [
        ("a", "Accepted", at(first), None, False, first.run_id),
        ("b", None, at(first), None, False, first.run_id),
    ]


def test_a_value_that_goes_missing_is_a_change(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.land(read_all(ORDERS, {"number": "a", "status": None}))

    seller.load()

    assert [status for _, status, *_ in seller.rows(ORDER_VERSIONS)] == ["Accepted", None]


def test_a_deleted_row_has_no_current_version_and_one_that_is_back_has_a_new_one(seller: Seller) -> None:
    first = seller.land(read_all(ORDERS, order("a"), order("b")))
    second = seller.land(read_all(ORDERS, order("a")))
    seller.load()
    assert seller.rows(f"FROM ({ORDER_VERSIONS}) WHERE number = 'b'") == [
        ("b", "Accepted", at(first), at(second), True, first.run_id)
    ]

    third = seller.land(read_changed(ORDERS, order("b")))
    seller.load()

    assert seller.rows(f"FROM ({ORDER_VERSIONS}) WHERE number = 'b'") == [
        ("b", "Accepted", at(first), at(second), True, first.run_id),
        ("b", "Accepted", at(third), None, False, third.run_id),
    ]


def test_a_version_ends_when_raw_says_that_the_row_was_found_deleted(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), read_all(LINES, line(1, "a"), line(2, "b")))
    seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a")))

    seller.load()

    for table, key in (("orders", "number"), ("lines", "id")):
        assert seller.rows(f"SELECT epoch_us(_valid_to) FROM history.{table} WHERE _was_deleted") == seller.rows(
            f"SELECT epoch_us(_deleted_at) FROM raw.{table} WHERE _deleted_at IS NOT NULL ORDER BY {key}"
        )


def test_lines_that_come_back_with_their_order_have_a_current_version_again(seller: Seller) -> None:
    first = seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a")))
    second = seller.land(read_all(ORDERS))
    third = seller.land(read_changed(ORDERS, order("a")))

    seller.load()

    assert seller.rows("SELECT id, epoch_us(_valid_from), epoch_us(_valid_to) FROM history.lines ORDER BY 2") == [
        (1, at(first), at(second)),
        (1, at(third), None),
    ]


def test_a_clock_that_stands_still_or_is_set_back_leaves_no_version_without_time(seller: Seller) -> None:
    start = seller.land(read_all(ORDERS, order("a"))).server_time
    for status, clock in (("Shipped", start), ("Complete", start.replace(year=2020))):
        manifest = seller.write(read_changed(ORDERS, order("a", status)))
        seller.landing.commit(msgspec.structs.replace(manifest, server_time=clock))

    seller.load()

    assert [(status, since, until) for _, status, since, until, *_ in seller.rows(ORDER_VERSIONS)] == [
        ("Accepted", at(start), at(start) + 1),
        ("Shipped", at(start) + 1, at(start) + 2),
        ("Complete", at(start) + 2, None),
    ]


def test_the_versions_of_another_company_are_not_touched(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")), company="acme")
    seller.land(read_all(ORDERS, order("a", "Shipped")), company="zenith")
    seller.land(read_all(ORDERS), company="zenith")

    seller.load()

    assert seller.rows("SELECT _company, status, _valid_to IS NULL FROM history.orders ORDER BY 1") == [
        ("acme", "Accepted", True),
        ("zenith", "Shipped", False),
    ]


def test_a_warehouse_from_before_history_begins_with_what_it_holds(seller: Seller) -> None:
    first = seller.land(read_all(ORDERS, order("a"), order("b"), order("c")))
    second = seller.land(read_all(ORDERS, order("a"), order("b", "Shipped")))
    seller.load()
    con = duckdb.connect(str(seller.published))
    con.execute("DROP SCHEMA history CASCADE")
    con.execute("DROP SCHEMA past CASCADE")
    con.execute("ALTER TABLE raw.orders DROP COLUMN _valid_from")
    con.close()
    signatures_file(seller.data_dir).unlink()  # nor were there any then

    seller.load()

    assert [row for row in seller.rows(ORDER_VERSIONS) if row[0] != "c"] == [
        ("a", "Accepted", at(first), None, False, first.run_id),
        ("b", "Shipped", at(second), None, False, second.run_id),
    ]
    assert seller.rows("SELECT count(*) FROM history.orders WHERE number = 'c' AND _valid_to IS NULL") == [(0,)]


def test_a_resource_that_does_not_keep_its_past_has_no_history(seller: Seller) -> None:
    seller.resources = {"orders": replace(ORDERS, keeps_history=False)}
    seller.land(read_all(ORDERS, order("a")))

    seller.load()

    assert seller.rows("SELECT count(*) FROM duckdb_views() WHERE schema_name = 'history'") == [(0,)]


def test_every_column_of_history_is_documented(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()

    undocumented = (
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'history' AND comment IS NULL"
    )
    assert seller.rows(undocumented) == []


def test_rows_that_came_early_for_a_later_run_are_no_versions_of_this_one(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.warehouse.build._ROWS_AT_ONCE", 1)
    first = seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a")))
    second = seller.land(read_changed(ORDERS, order("a", "Shipped")))
    third = seller.write(read_changed(ORDERS), read_sets(LINES, line(1, "a", 5)))

    with seller.build() as build:
        build.merge(first)
        build.merge_batch(third.resources[1].batches[0])
        build.merge(second)
        seller.landing.commit(third)
        build.merge(third)
        finish(build)

    assert seller.rows("SELECT CAST(quantity AS INTEGER), _run_id FROM history.lines ORDER BY 2") == [
        (1, first.run_id),
        (5, third.run_id),
    ]


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(st.lists(reads(), min_size=1, max_size=5))
def test_any_sequence_of_reads_leaves_the_versions_that_a_dictionary_has(sequence: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        seller, model = Seller(Path(folder)), Model()
        expected: Versions = {}
        for read in sequence:
            run = seller.land(*reads_of(*read))
            model.take(*read)
            take_versions(expected, live_rows(model), at(run))

        with seller.build() as build:
            for manifest in build.pending():
                build.merge(manifest)
            found = versions_in(build.con)

    assert found == expected


def versions_in(con: duckdb.DuckDBPyConnection) -> Versions:
    found: Versions = {}
    for name, key, columns in (("orders", "number", "status"), ("lines", "id", '"order", CAST(quantity AS INTEGER)')):
        for row in con.execute(
            f"SELECT {key}, epoch_us(_valid_from), epoch_us(_valid_to), _was_deleted, {columns} "
            f"FROM history.{name} ORDER BY ALL"
        ).fetchall():
            found.setdefault((name, row[0]), []).append([tuple(row[4:]), *row[1:4]])
    return found


def live_rows(model: Model) -> dict[tuple[str, Any], tuple[Any, ...]]:
    live: dict[tuple[str, Any], tuple[Any, ...]] = {
        ("orders", key): (status,) for key, status in model.orders.items() if key not in model.gone_orders
    }
    return live | {("lines", key): row for key, row in model.lines.items() if key not in model.gone_lines}


def take_versions(versions: Versions, live: dict[tuple[str, Any], tuple[Any, ...]], now: int) -> None:
    """Keep the history of `live` in plain lists: content, from, to, whether it was deleted."""
    for key in versions.keys() | live.keys():
        past = versions.setdefault(key, [])
        is_current = bool(past) and past[-1][2] is None
        if is_current and past[-1][0] != live.get(key):
            past[-1][2:] = [now, key not in live]
            is_current = False
        if not is_current and key in live:
            past.append([live[key], now, None, False])
