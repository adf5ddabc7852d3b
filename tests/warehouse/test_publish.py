"""Publishing: readers see a whole file at every moment, and a load that does not end well leaves no trace."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
from itertools import count
from pathlib import Path

import duckdb
import pytest

from pipeline.warehouse import reader
from pipeline.warehouse.reader import attach

from ..marks import long_from
from .publishing import READERS, publish_under_readers
from .seller import ORDERS, Seller, finish, order, read_all

HERE = Path(__file__).parents[1]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def modes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): oct(stat.S_IMODE(path.stat().st_mode))
        for path in sorted(folder.rglob("*"))
    }


def script(source: str, *args: object) -> subprocess.Popen[str]:
    """Run Python source in another process, with this folder's helpers."""
    return subprocess.Popen(
        [sys.executable, "-c", source, *map(str, args)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(HERE)},
    )  # fmt: skip


def test_only_the_owner_can_read_what_a_load_leaves(seller: Seller) -> None:
    for _ in range(2):
        seller.land(read_all(ORDERS, order("a")))
        seller.load()

    found = modes(seller.data_dir)

    assert {mode for name, mode in found.items() if name.endswith((".duckdb", ".parquet", ".json"))} == {"0o600"}
    assert {mode for name, mode in found.items() if (seller.data_dir / name).is_dir()} == {"0o700"}


def test_nothing_but_the_published_and_the_kept_file_is_left(seller: Seller) -> None:
    for _ in range(2):
        seller.land(read_all(ORDERS, order("a")))
        seller.load()

    left = {name for name in modes(seller.data_dir) if not name.startswith("landing")}

    kept = {f"kept/{name}" for name in ("load-001.duckdb", "load-002.duckdb", "signatures.json")}
    assert left == {"warehouse.duckdb", "kept", *kept}
    assert seller.published.readlink() == Path("kept/load-002.duckdb")


def test_a_load_without_a_new_run_publishes_the_same_rows(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    seller.load()

    assert seller.live(ORDERS) == {"a"}
    assert seller.rows("SELECT load_id FROM meta.loads ORDER BY 1") == [("load-001",), ("load-002",)]


def test_an_error_in_the_middle_leaves_the_published_file_as_it_was(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    seller.land(read_all(ORDERS, order("b")))
    before = digest(seller.published)

    with pytest.raises(ZeroDivisionError), seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        raise ZeroDivisionError

    assert digest(seller.published) == before
    assert not (seller.data_dir / "building").exists()
    seller.load()
    assert seller.live(ORDERS) == {"b"}


KILLED = """
import sys
from pathlib import Path
from warehouse.seller import Seller
seller = Seller(Path(sys.argv[1]))
with seller.build() as build:
    for manifest in build.pending():
        build.merge(manifest)
    if sys.argv[2] == "closed":
        build.close_inputs()
        build.con.execute("CHECKPOINT")
    print("merged", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("moment", ["merged", "closed"])
def test_a_killed_load_leaves_the_old_file_and_the_next_one_takes_over(seller: Seller, moment: str) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    seller.land(read_all(ORDERS, order("b")))
    before = digest(seller.published)

    with script(KILLED, seller.data_dir, moment) as process:
        assert process.stdout and process.stdout.readline() == "merged\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL

    assert digest(seller.published) == before
    assert list((seller.data_dir / "building").iterdir())
    seller.load()
    assert seller.live(ORDERS) == {"b"}
    assert not (seller.data_dir / "building").exists()


@pytest.mark.parametrize(("publishes", "count"), long_from(1, [(4, 4), (10, 8)]))
def test_readers_see_one_publish_at_a_time_and_no_error(seller: Seller, publishes: int, count: int) -> None:
    """With fifty: `python -m tests.long.publish`."""
    publish_under_readers(seller, publishes, READERS[-count:])


def test_a_connection_keeps_its_snapshot_and_a_new_one_in_the_same_process_sees_the_new_file(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    early = attach(seller.published)

    seller.land(read_all(ORDERS, order("a"), order("b")))
    seller.load()
    late = attach(seller.published)

    assert early.execute("SELECT count(*) FROM raw.orders").fetchall() == [(1,)]
    assert late.execute("SELECT count(*) FROM raw.orders").fetchall() == [(2,)]
    early.close()
    late.close()


@pytest.mark.parametrize("error", [None, duckdb.IOException("Could not read enough bytes")])
def test_a_file_that_is_replaced_while_it_is_attached_is_attached_anew(
    seller: Seller, monkeypatch: pytest.MonkeyPatch, error: duckdb.Error | None
) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    attach_once, attachments = reader._attach, count(1)

    def attach_slowly(con: duckdb.DuckDBPyConnection, path: Path) -> None:
        attach_once(con, path)
        if next(attachments) == 1:
            seller.land(read_all(ORDERS, order("a"), order("b")))
            seller.load()
            if error is not None:
                raise error

    monkeypatch.setattr(reader, "_attach", attach_slowly)
    con = attach(seller.published)

    assert con.execute("SELECT count(*) FROM raw.orders").fetchall() == [(2,)]
    assert next(attachments) == 3
    con.close()


def test_a_log_that_someone_left_beside_the_file_is_not_replayed_into_the_next_one(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    log = seller.data_dir / "warehouse.duckdb.wal"
    log.write_bytes(b"left behind")

    seller.land(read_all(ORDERS, order("b")))
    seller.load()

    assert not log.exists()
    assert seller.live(ORDERS) == {"b"}


def test_the_kept_file_does_not_change_when_the_next_warehouse_is_built(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    before = digest(seller.published)

    seller.land(read_all(ORDERS, order("b")))
    seller.load()

    assert digest(seller.data_dir / "kept" / "load-001.duckdb") == before


def test_what_is_built_after_the_merge_can_reach_no_other_file(seller: Seller) -> None:
    secret = seller.data_dir / "secret.csv"
    secret.write_text("key\nvalue\n")
    seller.land(read_all(ORDERS, order("a")))

    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)
        build.close_inputs()
        for statement in (
            f"SELECT * FROM read_csv('{secret}')",
            f"COPY raw.orders TO '{seller.data_dir / 'out.csv'}'",
            f"ATTACH '{seller.data_dir / 'other.duckdb'}'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(Exception, match=r"disabled by config|has been locked"):
                build.con.execute(statement)


def test_the_file_opens_in_the_oldest_duckdb_that_the_layout_allows(seller: Seller) -> None:
    for _ in range(2):
        seller.land(read_all(ORDERS, order("a")))
        seller.load()

    (tags,) = seller.rows("SELECT tags FROM duckdb_databases() WHERE database_name = current_database()")

    assert tags[0]["storage_version"].startswith("v1.4")


def test_the_load_that_was_not_published_is_not_in_the_next_file(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    with seller.build() as build:
        for manifest in build.pending():
            build.merge(manifest)

    assert not seller.published.exists()
    with seller.build() as build:
        assert [manifest.run_id for manifest in build.pending()] == ["20261101T030000Z-0001"]
        for manifest in build.pending():
            build.merge(manifest)
            build.merge(manifest)
        finish(build)
    assert seller.rows("SELECT count(*) FROM raw.orders") == [(1,)]
