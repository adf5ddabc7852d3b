"""What cannot be used ends a load with one sentence: what happened, where, what to do. Nothing is lost."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pytest

from pipeline.errors import ConfigurationError, LeafhouseError
from pipeline.resources import Full, Resource
from pipeline.warehouse.reader import attach

from .seller import LINES, ORDERS, Line, Seller, line, order, read_all, table_of
from .test_publish import HERE, digest


@pytest.fixture
def loaded(seller: Seller) -> Seller:
    """A seller whose first run is published, and whose second one has landed."""
    seller.land(read_all(ORDERS, order("a")), read_all(LINES, line(1, "a")))
    seller.load()
    seller.land(read_all(ORDERS, order("b"), bad=["c"]), read_all(LINES, line(2, "b")))
    return seller


def refusal(seller: Seller) -> LeafhouseError:
    """Load, and return the error; whatever it is, the published file is as it was, and nothing is left lying about."""
    before = digest(seller.published) if seller.published.is_file() else None
    with pytest.raises(LeafhouseError) as caught:
        seller.load()
    assert (digest(seller.published) if seller.published.is_file() else None) == before
    assert not (seller.data_dir / "building").is_dir()
    assert "\n" not in str(caught.value)
    assert "Nothing was changed" in str(caught.value)
    return caught.value


def rewrite(seller: Seller, statement: str) -> None:
    """Change the published file as only a test may."""
    con = duckdb.connect(str(seller.published))
    con.execute(statement)
    con.close()


def newest(seller: Seller, folder: str) -> Path:
    return max((seller.data_dir / "landing" / folder).iterdir())


def test_a_warehouse_of_a_newer_leafhouse_is_refused(loaded: Seller) -> None:
    rewrite(loaded, "UPDATE meta.warehouse SET format = 99, leafhouse = '9.1.0'")

    error = refusal(loaded)

    assert error.exit_code == 3
    assert "9.1.0" in str(error)
    assert str(loaded.published) in str(error)


def checksum(block: bytes) -> int:
    """DuckDB's checksum of the bytes of a header."""
    result = 5381
    for start in range(0, len(block), 8):
        result ^= int.from_bytes(block[start : start + 8], "little") * 0xBF58476D1CE4E5B9 % 2**64
    return result


def test_a_warehouse_of_a_newer_duckdb_is_refused(loaded: Seller) -> None:
    content = bytearray(loaded.published.read_bytes())
    assert checksum(content[8:4096]) == int.from_bytes(content[:8], "little")
    content[12:20] = (9_999).to_bytes(8, "little")
    content[:8] = checksum(content[8:4096]).to_bytes(8, "little")
    loaded.published.write_bytes(content)

    error = refusal(loaded)

    assert error.exit_code == 3
    assert "newer DuckDB" in str(error)


def truncate(content: bytearray) -> bytes:
    return bytes(content[:5_000])


def cut_the_end_off(content: bytearray) -> bytes:
    return bytes(content[: len(content) - 300_000])


def flip_a_bit_of_the_catalog(content: bytearray) -> bytes:
    content[3 * 4096 + 100] ^= 1
    return bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not a database" * 900,
        truncate,
        cut_the_end_off,
        flip_a_bit_of_the_catalog,
    ],
    ids=["empty", "text", "truncated", "end missing", "a bit flipped"],
)
def test_a_damaged_warehouse_is_refused_and_said_how_to_replace(
    loaded: Seller, damage: Callable[[bytearray], bytes]
) -> None:
    loaded.published.write_bytes(damage(bytearray(loaded.published.read_bytes())))

    error = refusal(loaded)

    assert error.exit_code == 3
    assert f"{loaded.published}: damaged" in str(error)
    assert "leafhouse rollback" in str(error)
    loaded.published.unlink()
    loaded.load()
    assert loaded.live(ORDERS) == {"b"}


def test_a_bit_flipped_in_any_block_is_refused_or_harmless(loaded: Seller) -> None:
    content, refused = loaded.published.read_bytes(), 0
    for start in range(3 * 4096, len(content), 262_144):
        damaged = bytearray(content)
        damaged[start + 100] ^= 1
        loaded.published.write_bytes(damaged)
        try:
            loaded.load()
        except ConfigurationError as error:
            assert "damaged" in str(error)
            refused += 1
        else:
            assert loaded.live(ORDERS) == {"b"}
    assert refused


def test_a_reader_is_told_of_a_damaged_warehouse(loaded: Seller) -> None:
    loaded.published.write_bytes(b"not a database" * 900)

    with pytest.raises(ConfigurationError, match="damaged"):
        attach(loaded.published)


def test_a_database_that_is_not_ours_is_refused(loaded: Seller) -> None:
    loaded.published.unlink()
    duckdb.connect(str(loaded.published)).close()

    assert "not a warehouse that Leafhouse built" in str(refusal(loaded))


@pytest.mark.parametrize("folder", ["orders", "lines", "_quarantine"])
def test_a_damaged_batch_is_refused_by_name(loaded: Seller, folder: str) -> None:
    path = newest(loaded, folder)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    error = refusal(loaded)

    assert error.exit_code == 3
    assert f"{path}: damaged" in str(error)


@pytest.mark.parametrize("folder", ["orders", "_quarantine"])
def test_a_missing_batch_is_refused_by_name(loaded: Seller, folder: str) -> None:
    path = newest(loaded, folder)
    content = path.read_bytes()
    path.unlink()

    assert str(path) in str(refusal(loaded))

    path.write_bytes(content)
    loaded.load()
    assert loaded.live(ORDERS) == {"b"}


@pytest.mark.parametrize("text", [b"{", b"", b"[]", b"\xff\xfe", b'{"format": 1}'])
def test_a_damaged_manifest_is_refused_by_name(loaded: Seller, text: bytes) -> None:
    path = newest(loaded, "_manifests")
    path.write_bytes(text)

    error = refusal(loaded)

    assert error.exit_code == 3
    assert f"{path}: damaged manifest" in str(error)


def test_a_manifest_of_a_newer_leafhouse_is_refused(loaded: Seller) -> None:
    path = newest(loaded, "_manifests")
    path.write_text(path.read_text().replace('"format": 1', '"format": 2, "novelty": true'))

    assert "newer Leafhouse" in str(refusal(loaded))


@pytest.mark.parametrize("published", [True, False])
def test_invented_and_real_rows_never_meet(seller: Seller, published: bool) -> None:
    seller.land(read_all(ORDERS, order("a")), source="sandbox")
    if published:
        seller.load()
    run = seller.land(read_all(ORDERS, order("b")), source="live")

    error = refusal(seller)

    assert error.exit_code == 3
    assert run.run_id in str(error)


def test_a_run_with_an_unknown_resource_is_refused_and_not_lost(loaded: Seller) -> None:
    novelty = Resource(path="novelties/", record=Line, key="id", refresh=Full())
    run = loaded.land(read_all(novelty, line(1, "a")))

    error = refusal(loaded)

    assert run.run_id in str(error)
    assert "novelties" in str(error)
    loaded.resources = {**loaded.resources, "novelties": novelty}
    loaded.load()
    assert loaded.live(novelty) == {1}


def test_a_batch_with_an_unknown_column_is_refused_not_cut(loaded: Seller) -> None:
    run = loaded.write(read_all(ORDERS, order("c")))
    stamps: dict[str, Any] = {"_company": "acme", "_run_id": run.run_id, "_extracted_at": run.started_at}
    wider = table_of(ORDERS, [order("c")], stamps).append_column("novelty", pa.array(["x"]))
    batch = loaded.landing.write_batch("orders", run.run_id, 2, wider)
    read = msgspec.structs.replace(run.resources[0], batches=(batch,))
    loaded.landing.commit(msgspec.structs.replace(run, resources=(read,)))

    error = refusal(loaded)

    assert "novelty" in str(error)
    assert str(loaded.landing.root / batch.file) in str(error)


def test_a_data_folder_that_cannot_be_built_in_is_refused(loaded: Seller) -> None:
    (loaded.data_dir / "building").write_text("in the way")

    error = refusal(loaded)

    assert error.exit_code == 3
    assert str(loaded.data_dir / "building") in str(error)


FULL = """
import resource, sys
from pathlib import Path
from pipeline.errors import ConfigurationError
from warehouse.seller import Seller
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
seller = Seller(Path(sys.argv[1]))
try:
    seller.load()
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.parametrize("share", [0.5, 1.0], ids=["no room to copy", "no room to merge"])
def test_a_full_disk_is_said_and_leaves_everything_as_it_was(loaded: Seller, share: float) -> None:
    before = digest(loaded.published)
    limit = int(loaded.published.stat().st_size * share)

    done = subprocess.run(
        [sys.executable, "-c", FULL, str(loaded.data_dir), str(limit)],
        env=os.environ | {"PYTHONPATH": str(HERE)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert "Free some space" in done.stdout
    assert digest(loaded.published) == before
    assert not (loaded.data_dir / "building").exists()
    loaded.load()
    assert loaded.live(ORDERS) == {"b"}
