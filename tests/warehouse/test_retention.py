"""What is kept, and for how long: nothing goes that a rebuild, a rollback or the next plan needs."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline import clock
from pipeline.landing.needed import planned_upon
from pipeline.warehouse.files import list_kept
from pipeline.warehouse.reader import attach
from pipeline.warehouse.retention import Retention, find_prunable, prune
from pipeline.warehouse.rollback import roll_back

from .seller import FIRST_RUN, LINES, ORDERS, Seller, line, order, read_all, read_changed, read_sets

KEEP_NOTHING = Retention(warehouses=0, landing_days=0, log_days=0)


@pytest.fixture(autouse=True)
def long_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 31, tzinfo=UTC))


def pruned(seller: Seller, retention: Retention = KEEP_NOTHING) -> list[str]:
    """Prune, and return the runs that went."""
    found = find_prunable(seller.data_dir, seller.landing, retention)
    prune(seller.data_dir, seller.landing, found)
    return [run.run_id for run in found.runs]


def nights(seller: Seller, count: int) -> None:
    """Load a full read, and then nights of which each changes one order, adds one and deletes one."""
    seller.land(read_all(ORDERS, *(order(f"o{n}") for n in range(20))), read_sets(LINES, *lines(range(20))))
    seller.load()
    for night in range(1, count):
        seller.land(
            read_changed(ORDERS, order(f"o{night}", f"night {night}"), order(f"new{night}"), gone=(f"o{19 - night}",)),
            read_sets(LINES, *lines([night])),
        )
        seller.load()


def lines(numbers: "range | list[int]") -> list[dict[str, object]]:
    return [line(number, f"o{number}") for number in numbers]


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of raw and history, runs among them."""
    con = attach(path)
    tables = [
        f"{schema}.{name}" for schema, name in con.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_schema IN ('raw', 'history') OR (table_schema, table_name) = ('meta', 'runs')"
        ).fetchall()
    ]  # fmt: skip
    found = {table: con.execute(f"SELECT * EXCLUDE (load_id) FROM {table} ORDER BY ALL" if "meta" in table else
                                f"FROM {table} ORDER BY ALL").fetchall() for table in tables}  # fmt: skip
    con.close()
    return found


def remove_warehouses(seller: Seller) -> None:
    seller.published.unlink()
    for kept in list_kept(seller.data_dir / "kept"):
        kept.path.unlink()


def test_so_many_earlier_warehouses_stay_newest_first(seller: Seller) -> None:
    for number in range(5):
        seller.land(read_all(ORDERS, order(f"order {number}")))
        seller.load()

    pruned(seller, Retention(warehouses=3, landing_days=365, log_days=365))
    kept = list_kept(seller.data_dir / "kept")

    assert [each.load_id for each in kept] == ["load-005", "load-004", "load-003", "load-002"]
    for each, number in zip(kept, (4, 3, 2, 1), strict=True):
        con = attach(each.path)
        assert con.execute("SELECT number FROM raw.orders WHERE _deleted_at IS NULL").fetchall() == [
            (f"order {number}",)
        ]
        con.close()


def test_a_rebuild_from_a_pruned_landing_has_the_same_rows_and_the_same_past(seller: Seller) -> None:
    nights(seller, 6)
    before = contents(seller.published)

    went = pruned(seller)
    remove_warehouses(seller)
    seller.load()

    assert len(went) == 4, "the last night and the last full read are what the next plan is made from"
    assert contents(seller.published) == before


def test_runs_that_landed_after_the_pruning_are_merged_upon_the_base(seller: Seller) -> None:
    nights(seller, 4)
    pruned(seller)
    seller.land(read_changed(ORDERS, order("o0", "later"), gone=("o1",)))
    seller.load()
    before = contents(seller.published)
    remove_warehouses(seller)

    seller.load()

    assert contents(seller.published) == before


def test_a_second_pruning_takes_the_place_of_the_first_base(seller: Seller) -> None:
    nights(seller, 4)
    pruned(seller)
    seller.land(read_all(ORDERS, order("o0", "last")), read_sets(LINES, *lines([0])))
    seller.load()
    before = contents(seller.published)

    pruned(seller)
    remove_warehouses(seller)
    seller.load()

    assert contents(seller.published) == before
    assert [path.name for path in seller.landing.root.glob("_base*")] == ["_base.duckdb"]


def test_no_run_goes_that_an_earlier_warehouse_would_have_to_take_up_again(seller: Seller) -> None:
    nights(seller, 5)

    went = pruned(seller, Retention(warehouses=2, landing_days=0, log_days=0))
    kept = [each.load_id for each in list_kept(seller.data_dir / "kept")]
    before = contents(seller.published)
    roll_back(seller.data_dir, kept[-1])
    seller.load()

    assert kept == ["load-005", "load-004", "load-003"]
    assert len(went) == 2, "the second and the third: the first is the last full read"
    assert contents(seller.published)["raw.orders"] == before["raw.orders"]


def test_young_runs_stay_and_a_load_lets_old_ones_go_by_the_week(seller: Seller) -> None:
    nights(seller, 4)
    age = clock.now() - FIRST_RUN

    def would_go(days: int, *, by_the_week: bool = False) -> int:
        retention = Retention(warehouses=0, landing_days=days, log_days=0)
        return len(find_prunable(seller.data_dir, seller.landing, retention, by_the_week=by_the_week).runs)

    assert would_go(age.days + 1) == 0
    assert would_go(age.days - 1) == 2
    assert would_go(age.days - 1, by_the_week=True) == 0
    assert would_go(age.days - 8, by_the_week=True) == 2


def test_what_a_plan_is_made_from_is_the_newest_read_of_each_scope(seller: Seller) -> None:
    runs = [
        seller.land(read_all(ORDERS, order("a"))),
        seller.land(read_all(ORDERS, order("a")), read_sets(LINES)),
        seller.land(read_changed(ORDERS, watermark=FIRST_RUN)),
        seller.land(read_changed(ORDERS)),
        seller.land(read_sets(LINES)),
    ]

    needed = planned_upon(seller.landing.manifests())

    assert [run.run_id in needed for run in runs] == [False, True, True, True, True]


def test_a_base_is_not_made_of_a_file_that_another_program_has_written_to(seller: Seller) -> None:
    nights(seller, 4)
    with duckdb.connect(str(seller.published.resolve())) as con:
        con.execute("DELETE FROM raw.orders")

    assert pruned(seller) == []
    assert not (seller.landing.root / "_base.duckdb").exists()


def test_a_pruning_that_was_cut_off_is_finished_by_the_next(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    nights(seller, 5)
    before = contents(seller.published)
    monkeypatch.setattr(type(seller.landing), "forget", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        pruned(seller)
    monkeypatch.undo()
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 31, tzinfo=UTC))

    assert len(pruned(seller)) == 3
    remove_warehouses(seller)
    seller.load()

    assert contents(seller.published) == before


def test_old_logs_go_and_young_ones_stay(seller: Seller) -> None:
    logs = seller.data_dir / "logs"
    logs.mkdir()
    for name, days in (("old", 91), ("young", 89)):
        (logs / name).write_text(name)
        at = (clock.now() - timedelta(days=days)).timestamp()
        os.utime(logs / name, (at, at))

    pruned(seller, Retention(warehouses=0, landing_days=0, log_days=90))

    assert [path.name for path in logs.iterdir()] == ["young"]


def test_finding_out_changes_nothing(seller: Seller) -> None:
    nights(seller, 4)
    files = {path: digest(path) for path in seller.data_dir.rglob("*") if path.is_file()}

    found = find_prunable(seller.data_dir, seller.landing, KEEP_NOTHING)

    assert found.bytes > sum(each.bytes for each in found.warehouses) > 0
    assert {path: digest(path) for path in seller.data_dir.rglob("*") if path.is_file()} == files


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
