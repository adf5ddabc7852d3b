"""Going back: a kept warehouse is put in place in one rename, and the next load builds on it."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, UsageError
from pipeline.landing import Manifest
from pipeline.warehouse.rollback import list_warehouses, roll_back

from .seller import ORDERS, Seller, order, read_changed
from .test_publish import digest, script


@pytest.fixture
def runs(seller: Seller) -> list[Manifest]:
    """Three runs, each with a load of its own: order a, then b, then c."""
    landed = []
    for number in ("a", "b", "c"):
        landed.append(seller.land(read_changed(ORDERS, order(number))))
        seller.load()
    return landed


def test_the_warehouses_are_listed_with_what_they_hold(seller: Seller, runs: list[Manifest]) -> None:
    listed = list_warehouses(seller.data_dir)

    ids = [run.run_id for run in runs]
    assert [(each.load_id, each.is_published, each.as_of, each.runs) for each in listed] == [
        ("load-003", True, "2026-11-01", tuple(ids)),
        ("load-002", False, "2026-11-01", tuple(ids[:2])),
        ("load-001", False, "2026-11-01", tuple(ids[:1])),
    ]
    assert [each.newest_run for each in listed] == ids[::-1]
    assert [each.bytes for each in listed] == [each.path.stat().st_size for each in listed]


def test_nothing_is_listed_before_the_first_load(seller: Seller) -> None:
    assert list_warehouses(seller.data_dir) == []


def test_going_back_publishes_the_kept_file_and_keeps_the_published_one(seller: Seller, runs: list[Manifest]) -> None:
    kept, published = digest(seller.data_dir / "kept" / "load-001.duckdb"), digest(seller.published)

    restored = roll_back(seller.data_dir, "load-001")

    assert (restored.load_id, restored.path, restored.newest_run) == ("load-001", seller.published, runs[0].run_id)
    assert digest(seller.published) == kept
    assert digest(seller.data_dir / "kept" / "load-003.duckdb") == published
    assert [each.load_id for each in list_warehouses(seller.data_dir)] == ["load-001", "load-003", "load-002"]
    assert seller.live(ORDERS) == {"a"}


def test_the_next_load_builds_on_it_and_takes_up_all_that_landed_since(seller: Seller, runs: list[Manifest]) -> None:
    roll_back(seller.data_dir, "load-001")
    fourth = seller.land(read_changed(ORDERS, order("d")))

    seller.load()

    assert seller.live(ORDERS) == {"a", "b", "c", "d"}
    assert seller.rows("SELECT run_id, load_id FROM meta.runs ORDER BY 1") == [
        (runs[0].run_id, "load-001"),
        *((run.run_id, "load-004") for run in (*runs[1:], fourth)),
    ]


def test_there_and_back_again(seller: Seller, runs: list[Manifest]) -> None:
    before = digest(seller.published)

    roll_back(seller.data_dir, "load-001")
    roll_back(seller.data_dir, "load-003")

    assert digest(seller.published) == before
    assert [each.load_id for each in list_warehouses(seller.data_dir)] == ["load-003", "load-002", "load-001"]


def test_a_run_stands_for_the_warehouse_whose_newest_run_it_is(seller: Seller, runs: list[Manifest]) -> None:
    assert roll_back(seller.data_dir, runs[1].run_id).load_id == "load-002"


def test_a_run_that_was_loaded_with_later_ones_stands_for_the_first_warehouse_that_took_it(seller: Seller) -> None:
    first = seller.land(read_changed(ORDERS, order("a")))
    seller.land(read_changed(ORDERS, order("b")))
    for _ in range(3):
        seller.load()

    assert roll_back(seller.data_dir, first.run_id).load_id == "load-001"


@pytest.mark.parametrize(
    ("wanted", "says"), [("load-009", "kept: load-002, load-001"), ("load-003", "published already")]
)
def test_what_is_not_kept_is_refused(seller: Seller, runs: list[Manifest], wanted: str, says: str) -> None:
    before = digest(seller.published)

    with pytest.raises(UsageError, match=says):
        roll_back(seller.data_dir, wanted)

    assert digest(seller.published) == before


def test_a_damaged_kept_file_is_listed_as_such_and_not_put_in_place(seller: Seller, runs: list[Manifest]) -> None:
    before = digest(seller.published)
    (seller.data_dir / "kept" / "load-001.duckdb").write_bytes(b"not a database" * 900)

    problems = {each.load_id: each.problem for each in list_warehouses(seller.data_dir)}
    with pytest.raises(ConfigurationError, match="damaged"):
        roll_back(seller.data_dir, "load-001")

    assert "damaged" in str(problems.pop("load-001"))
    assert problems == {"load-003": None, "load-002": None}
    assert digest(seller.published) == before


def test_a_damaged_published_file_is_replaced_and_kept_for_whoever_wants_to_look(
    seller: Seller, runs: list[Manifest]
) -> None:
    seller.published.write_bytes(b"not a database" * 900)

    roll_back(seller.data_dir, "load-002")

    assert seller.live(ORDERS) == {"a", "b"}
    assert [each.load_id for each in list_warehouses(seller.data_dir) if each.problem] == ["load-003"]
    seller.load()
    assert seller.live(ORDERS) == {"a", "b", "c"}


def test_a_published_file_that_is_gone_is_put_back(seller: Seller, runs: list[Manifest]) -> None:
    seller.published.unlink()

    roll_back(seller.data_dir, "load-002")

    assert seller.live(ORDERS) == {"a", "b"}


READER = """
import sys
from pathlib import Path
from pipeline.warehouse.reader import attach
while True:
    con = attach(Path(sys.argv[1]))
    print(con.execute("SELECT count(*) FROM raw.orders").fetchall()[0][0], flush=True)
    con.close()
"""


def test_a_reader_in_a_loop_sees_one_warehouse_or_the_other(seller: Seller, runs: list[Manifest]) -> None:
    with script(READER, seller.published) as process:
        assert process.stdout
        for wanted, rows in [("load-001", 1), ("load-003", 3)] * 5:
            roll_back(seller.data_dir, wanted)
            while (seen := process.stdout.readline()) != f"{rows}\n":
                assert seen, "the reader ended"
        process.kill()


def test_a_published_file_of_an_earlier_version_is_kept_under_its_load(seller: Seller, runs: list[Manifest]) -> None:
    seller.published.resolve().replace(seller.published)  # a file and no link, which no kept one is the same as

    assert [each.load_id for each in list_warehouses(seller.data_dir)] == ["load-003", "load-002", "load-001"]
    seller.load()

    assert seller.published.readlink() == Path("kept/load-004.duckdb")
    assert [each.load_id for each in list_warehouses(seller.data_dir)] == [
        "load-004", "load-003", "load-002", "load-001",
    ]  # fmt: skip
