"""A warehouse of an earlier format is brought to this one by the next load, and keeps its runs, its past and its rows.

`formats/` has a warehouse of each earlier format, as the last version that wrote the format left it.
"""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.errors import ConfigurationError
from pipeline.warehouse.holdings import read_holdings
from pipeline.warehouse.meta import FORMAT
from pipeline.warehouse.migration import migrate
from pipeline.warehouse.published import open_published
from pipeline.warehouse.retention import Retention, find_prunable, prune
from pipeline.warehouse.rollback import list_warehouses, roll_back

from .seller import FIRST_RUN, LINES, ORDERS, RESOURCES, Seller, line, order, read_changed, read_sets

FORMATS = Path(__file__).parent / "formats"
# The columns of the API, and the times of each version.
VERSIONS = {
    "orders": "number, status, _company, epoch_us(_valid_from), epoch_us(_valid_to), _was_deleted",
    "lines": 'id, "order", quantity, _company, epoch_us(_valid_from), epoch_us(_valid_to), _was_deleted',
}


def make(path: Path, number: int) -> None:
    """Make a warehouse of a format."""
    with duckdb.connect(str(path)) as con:
        con.execute((FORMATS / f"format_{number}.sql").read_text())


def versions(con: duckdb.DuckDBPyConnection, resource: str) -> "Counter[tuple[Any, ...]]":
    return Counter(con.execute(f"SELECT {VERSIONS[resource]} FROM history.{resource}").fetchall())


def counted(path: Path) -> dict[str, "Counter[tuple[Any, ...]]"]:
    with duckdb.connect(str(path), read_only=True) as con:
        return {resource: versions(con, resource) for resource in VERSIONS}


@pytest.fixture
def old(seller: Seller) -> Seller:
    """Return a seller whose warehouse is of the first format."""
    make(seller.published, 1)
    seller.runs, seller.loads = 10, 10
    return seller


@pytest.mark.parametrize("number", range(1, FORMAT))
def test_every_format_before_this_one_is_brought_up_to_it(tmp_path: Path, number: int) -> None:
    make(tmp_path / "w.duckdb", number)

    with duckdb.connect(str(tmp_path / "w.duckdb")) as con:
        migrate(con, RESOURCES.values())

        assert con.execute("SELECT format FROM meta.warehouse").fetchall() == [(FORMAT,)]


def test_a_load_keeps_every_version_and_every_run(old: Seller) -> None:
    before = counted(old.published)

    old.load()

    assert counted(old.published) == before
    assert old.rows("SELECT count(*) FROM past.orders UNION ALL SELECT count(*) FROM past.lines") == [(3,), (3,)]
    assert old.rows("SELECT count(*) FROM meta.runs") == [(4,)]
    assert old.rows("SELECT format FROM meta.warehouse") == [(FORMAT,)]
    assert old.live(ORDERS) == {"a", "b", "c"}


def test_the_next_night_goes_on_with_the_versions_that_it_finds(old: Seller) -> None:
    before = counted(old.published)
    night = old.land(
        read_changed(ORDERS, order("a", "Shipped"), order("b", "Complete"), order("d", "Accepted")),
        read_sets(LINES, line(1, "a", 7), line(2, "b")),
    )

    old.load()

    at = round(night.server_time.timestamp() * 1e6)
    orders = counted(old.published)["orders"]
    ended = [version for version in before["orders"] if version not in orders]
    assert [version[0] for version in ended] == ["b"], "a is as it was; d was over, and stays so"
    assert sorted(version[:2] for version in orders - before["orders"] if version[3] == at) == [
        ("b", "Complete"), ("d", "Accepted"),
    ]  # fmt: skip


def test_readers_are_told_what_to_do_and_the_next_read_can_be_planned(old: Seller) -> None:
    with pytest.raises(ConfigurationError, match=r"format 1; .*Run `leafhouse load`"), open_published(old.data_dir):
        pass

    holdings = read_holdings(old.data_dir, old.landing, RESOURCES, "acme", FIRST_RUN)

    assert holdings.of("orders").rows == 3


def test_a_rollback_to_the_earlier_format_is_brought_up_again(old: Seller) -> None:
    before = counted(old.published)
    old.load()
    kept = list_warehouses(old.data_dir)[-1]

    roll_back(old.data_dir, kept.load_id)
    old.load()

    assert kept.problem is None
    assert counted(old.published) == before


def test_a_base_of_the_earlier_format_is_brought_up_too(old: Seller) -> None:
    before = counted(old.published)
    (old.data_dir / "landing").mkdir()
    shutil.move(old.published, old.data_dir / "landing" / "_base.duckdb")

    old.load()

    assert counted(old.published) == before
    prune(old.data_dir, old.landing, find_prunable(old.data_dir, old.landing, Retention(0, 0, 0)), renew_base=True)
    with duckdb.connect(str(old.data_dir / "landing" / "_base.duckdb"), read_only=True) as con:
        assert con.execute("SELECT format FROM meta.warehouse").fetchall() == [(FORMAT,)]


def test_a_step_that_fails_leaves_the_published_file_as_it_was(old: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    before = old.published.read_bytes()
    with duckdb.connect(str(old.published)) as con:
        con.execute("ALTER TABLE raw.orders ADD COLUMN _valid_from VARCHAR")
    before = old.published.read_bytes()

    with pytest.raises(duckdb.CatalogException):
        old.load()

    assert old.published.read_bytes() == before
