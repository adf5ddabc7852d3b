"""What a read means for `raw`: replaced by key, marked when proved gone, back when it is back."""

from datetime import UTC, datetime, timedelta

import pytest

from .seller import LINES, ORDERS, Read, Seller, finish, line, order, read_all, read_changed, read_sets, refused


def test_a_complete_read_marks_what_is_missing_and_says_which_read_it_was(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")))
    second = seller.land(read_all(ORDERS, order("a")))

    seller.load()

    assert seller.live(ORDERS) == {"a"}
    assert seller.rows("SELECT number, epoch_us(_deleted_at), _deleted_reason FROM raw.orders WHERE number = 'b'") == [
        ("b", round(second.server_time.timestamp() * 1e6), f"not in the complete read of {second.run_id}")
    ]


def test_a_deleted_row_comes_back_when_it_is_read_again(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")))
    seller.land(read_all(ORDERS, order("a")))
    seller.land(read_changed(ORDERS, order("b", "Shipped")))

    seller.load()

    assert seller.rows("SELECT number, status, _deleted_at, _deleted_reason FROM raw.orders ORDER BY 1") == [
        ("a", "Accepted", None, None),
        ("b", "Shipped", None, None),
    ]


def test_a_deletion_keeps_the_time_at_which_it_was_first_seen(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")))
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    first_seen = seller.rows("SELECT epoch_us(_deleted_at) FROM raw.orders WHERE number = 'b'")

    seller.land(read_all(ORDERS, order("a")))
    seller.load()

    assert seller.rows("SELECT epoch_us(_deleted_at) FROM raw.orders WHERE number = 'b'") == first_seen


def test_a_complete_read_without_rows_deletes_everything(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")))
    seller.land(read_all(ORDERS))

    seller.load()

    assert seller.live(ORDERS) == set()
    assert seller.deleted(ORDERS).keys() == {"a", "b"}


@pytest.mark.parametrize(
    "read",
    [
        read_all(ORDERS, order("a"), bad=[None]),
        read_all(ORDERS, order("a"), bad=["b"]),
        read_changed(ORDERS, order("a")),
        read_changed(ORDERS),
        refused(ORDERS),
    ],
    ids=["keyless bad row", "its own bad row", "changed rows", "nothing changed", "refused"],
)
def test_nothing_is_deleted_because_of(seller: Seller, read: Read) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")))
    seller.land(read)

    seller.load()

    assert seller.live(ORDERS) == {"a", "b"}


def test_what_was_asked_for_and_is_not_there_is_deleted(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), read_all(LINES, line(1, "a"), line(2, "b")))
    run = seller.land(read_changed(ORDERS, bad=[None], gone=("b", "never held")))

    seller.load()

    assert seller.live(ORDERS) == {"a"}
    assert seller.deleted(ORDERS) == {"b": f"asked for and not there in {run.run_id}"}
    assert seller.deleted(LINES) == {2: "its order was deleted"}


SINCE = datetime(2026, 10, 1, tzinfo=UTC)
COMPLETE_SINCE = {"created_field": "created_on", "complete_since": SINCE}


def test_a_read_that_is_complete_since_some_time_deletes_what_is_missing_of_that_time(seller: Seller) -> None:
    held = [
        order("before", created_on=SINCE - timedelta(seconds=1)), order("missing", created_on=SINCE),
        order("there", created_on=SINCE), order("bad", created_on=SINCE), order("undated"),
    ]  # fmt: skip
    seller.land(read_all(ORDERS, *held))
    run = seller.land(read_changed(ORDERS, held[2], bad=["bad"], **COMPLETE_SINCE))

    seller.load()

    assert seller.deleted(ORDERS) == {"missing": f"not in the complete read since 2026-10-01 of {run.run_id}"}


def test_a_keyless_bad_row_may_be_any_that_is_missing_since_then(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a", created_on=SINCE)))
    seller.land(read_changed(ORDERS, bad=[None], **COMPLETE_SINCE))

    seller.load()

    assert seller.live(ORDERS) == {"a"}


def test_a_bad_row_does_not_shield_others_from_deletion(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b"), order("c")))
    seller.land(read_all(ORDERS, order("a"), bad=["b"]))

    seller.load()

    assert seller.deleted(ORDERS).keys() == {"c"}


def test_changed_rows_replace_those_with_their_key_and_add_new_ones(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")))
    seller.load()
    seller.land(read_changed(ORDERS, order("b", "Shipped"), order("c")))

    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        finish(build)
        merged = build.merges["orders"]

    assert seller.rows("SELECT number, status FROM raw.orders ORDER BY 1") == [
        ("a", "Accepted"),
        ("b", "Shipped"),
        ("c", "Accepted"),
    ]
    assert (merged.inserted, merged.changed, merged.deleted, merged.rows) == (1, 1, 0, 3)


def test_a_line_that_left_its_order_is_marked_and_the_lines_of_other_orders_stay(seller: Seller) -> None:
    seller.land(
        read_all(ORDERS, order("a"), order("b")),
        read_all(LINES, line(1, "a"), line(2, "a"), line(3, "b"), line(4, "b")),
    )
    second = seller.land(read_changed(ORDERS, order("a")), read_sets(LINES, line(1, "a", 5), line(5, "a")))

    seller.load()

    assert seller.live(LINES) == {1, 3, 4, 5}
    assert seller.deleted(LINES) == {2: f"no longer in its order, seen by {second.run_id}"}


def test_an_order_that_lost_all_its_lines_keeps_none(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a"), line(2, "a")))
    seller.land(read_changed(ORDERS, order("a")), read_sets(LINES))

    seller.load()

    assert seller.live(LINES) == set()


def test_a_line_that_moved_to_another_order_is_not_deleted(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), read_all(LINES, line(1, "a"), line(2, "b")))
    seller.land(read_changed(ORDERS, order("a"), order("b")), read_sets(LINES, line(1, "b"), line(2, "b")))

    seller.load()

    assert seller.live(LINES) == {1, 2}


@pytest.mark.parametrize(
    "lines",
    [read_sets(LINES, line(1, "a"), bad=["2"]), read_sets(LINES, line(1, "a"), bad=[None]), refused(LINES)],
    ids=["bad line", "keyless bad line", "lines refused"],
)
def test_no_line_is_deleted_because_of(seller: Seller, lines: Read) -> None:
    seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a"), line(2, "a")))
    seller.land(read_changed(ORDERS, order("a")), lines)

    seller.load()

    assert seller.live(LINES) == {1, 2}


def test_the_lines_of_a_bad_order_stay(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a")))
    seller.land(read_changed(ORDERS, bad=["a"]), read_sets(LINES))

    seller.load()

    assert seller.live(LINES) == {1}


def test_lines_leave_with_their_order_and_come_back_with_it(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), read_all(LINES, line(1, "a"), line(2, "b")))
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    assert seller.deleted(LINES) == {2: "its order was deleted"}

    seller.land(read_changed(ORDERS, order("b")))
    seller.load()

    assert seller.live(LINES) == {1, 2}


def test_a_line_that_left_before_its_order_does_not_come_back_with_it(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a"), line(2, "a")))
    seller.land(read_changed(ORDERS, order("a")), read_sets(LINES, line(1, "a")))
    seller.land(read_all(ORDERS))
    seller.land(read_changed(ORDERS, order("a")))

    seller.load()

    assert seller.live(LINES) == {1}


def test_lines_that_are_still_listed_do_not_outlive_their_order(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), read_all(LINES, line(1, "a"), line(2, "b")))
    seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a"), line(2, "b")))

    seller.load()

    assert seller.deleted(LINES) == {2: "its order was deleted"}


def test_the_rows_of_another_company_are_not_touched(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), company="acme")
    seller.land(read_all(ORDERS, order("a", "Shipped")), company="zenith")
    seller.land(read_all(ORDERS, order("b")), company="acme")

    seller.load()

    assert seller.rows("SELECT _company, number, status, _deleted_at IS NULL FROM raw.orders ORDER BY ALL") == [
        ("acme", "a", "Accepted", False),
        ("acme", "b", "Accepted", True),
        ("zenith", "a", "Shipped", True),
    ]


def test_of_a_key_that_came_twice_the_last_row_stays(seller: Seller) -> None:
    batches = [[order("a", "first"), order("a", "second"), order("b")], [order("a", "third"), order("c")]]
    seller.land(Read(ORDERS, "all", batches))

    seller.load()

    assert seller.rows("SELECT number, status FROM raw.orders ORDER BY 1") == [
        ("a", "third"),
        ("b", "Accepted"),
        ("c", "Accepted"),
    ]


def test_batches_that_come_before_their_manifest_end_in_the_same_rows(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a"), order("b")), read_all(LINES, line(1, "a"), line(2, "b")))
    seller.load()
    manifest = seller.write(
        Read(ORDERS, "changed", [[order("a", "Shipped")], [order("c")]]), read_sets(LINES, line(3, "a"))
    )

    with seller.build() as build:
        for read in manifest.resources:
            for batch in read.batches:
                build.merge_batch(batch)
        seller.landing.commit(manifest)
        build.merge(manifest)
        finish(build)

    assert seller.rows("SELECT number, status FROM raw.orders ORDER BY 1") == [
        ("a", "Shipped"),
        ("b", "Accepted"),
        ("c", "Accepted"),
    ]
    assert seller.live(LINES) == {2, 3}


@pytest.mark.parametrize("rows_at_once", [1, 1_000])
def test_batches_that_came_early_wait_while_another_run_is_merged(
    seller: Seller, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr("pipeline.warehouse.build._ROWS_AT_ONCE", rows_at_once)
    first = seller.land(read_all(ORDERS, order("a"), order("b")))
    second = seller.write(read_changed(ORDERS, order("a", "Shipped")))

    with seller.build() as build:
        build.merge_batch(second.resources[0].batches[0])
        build.merge(first)
        seller.landing.commit(second)
        build.merge(second)
        finish(build)

    assert seller.rows("SELECT number, status FROM raw.orders ORDER BY 1") == [("a", "Shipped"), ("b", "Accepted")]


def test_batches_whose_run_was_never_committed_are_not_published(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.warehouse.build._ROWS_AT_ONCE", 1)
    seller.land(read_all(ORDERS, order("a")))
    uncommitted = seller.write(read_changed(ORDERS, order("b")))

    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        build.merge_batch(uncommitted.resources[0].batches[0])
        finish(build)

    assert seller.live(ORDERS) == {"a"}


def test_a_bad_row_stays_in_quarantine_until_its_key_lands_well(seller: Seller) -> None:
    seller.land(read_changed(ORDERS, bad=["a", "b", None]))
    again = seller.land(read_changed(ORDERS, bad=["b"]))
    seller.load()
    quarantined = "SELECT key, _run_id FROM meta.quarantine WHERE resource = 'orders' ORDER BY key NULLS LAST"
    assert [key for key, _ in seller.rows(quarantined)] == ["a", "b", None]
    assert ("b", again.run_id) in seller.rows(quarantined)

    seller.land(read_changed(ORDERS, order("a")))
    seller.load()
    assert [key for key, _ in seller.rows(quarantined)] == ["b", None]

    seller.land(read_all(ORDERS, order("a"), order("b")))
    seller.load()
    assert seller.rows(quarantined) == []


def test_a_bad_row_that_was_asked_for_and_is_gone_leaves_quarantine(seller: Seller) -> None:
    seller.land(read_changed(ORDERS, bad=["a", "b"]))
    seller.land(read_changed(ORDERS, gone=("a",)))

    seller.load()

    assert seller.rows("SELECT key FROM meta.quarantine") == [("b",)]


def test_a_refused_read_leaves_the_quarantine_as_it_is(seller: Seller) -> None:
    seller.land(read_changed(ORDERS, bad=["a", None]))
    seller.land(refused(ORDERS))

    seller.load()

    assert len(seller.rows("SELECT * FROM meta.quarantine")) == 2


def test_meta_says_what_each_read_proved(seller: Seller) -> None:
    run = seller.land(read_all(ORDERS, order("a"), bad=["b"]), refused(LINES))

    seller.load()

    assert seller.rows(
        "SELECT run_id, resource, scope, stated, received, distinct_keys, quarantined, verdict, refused "
        "FROM meta.completeness JOIN meta.reads USING (run_id, resource) ORDER BY resource"
    ) == [
        (run.run_id, "lines", "changed", 0, 0, 0, 0, "refused", "403: no permission"),
        (run.run_id, "orders", "all", 2, 2, 2, 1, "complete", None),
    ]
    assert seller.rows("SELECT run_id, source, _company, load_id FROM meta.runs") == [
        (run.run_id, "sandbox", "acme", "load-001")
    ]
