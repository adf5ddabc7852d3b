"""The room that a warehouse takes: what is gone from its tables does not stay in the file for long."""

from pathlib import Path

import duckdb

from pipeline.models import Project, run_models

from ..models.bench import SETTINGS
from .seller import ORDERS, Seller, order, read_all

BIG = "SELECT range AS n, md5(range::VARCHAR) AS text FROM range(100_000)"


def size_of(seller: Seller) -> int:
    return seller.published.stat().st_size


def publish(seller: Seller, *statements: str) -> None:
    """Publish a warehouse in which the statements were run."""
    with seller.build() as build:
        for statement in statements:
            build.con.execute(statement)
        build.publish()


def comments(seller: Seller) -> int:
    """Return how many columns have a comment: those of tables and of views."""
    return int(seller.rows("SELECT count(comment) FROM duckdb_columns() WHERE schema_name IN ('raw', 'history')")[0][0])


def test_a_file_that_is_mostly_free_is_written_anew(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))
    seller.load()
    small = size_of(seller)
    publish(seller, f"CREATE TABLE raw.big AS {BIG}")
    big, commented = size_of(seller), comments(seller)

    publish(seller, "DROP TABLE raw.big")

    assert big > 4 * small
    assert size_of(seller) < 1.3 * small
    assert seller.live(ORDERS) == {"a"}
    assert comments(seller) == commented > 0


def test_a_file_of_larger_blocks_as_an_earlier_version_made_it_is_written_anew(seller: Seller) -> None:
    publish(seller)
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{seller.published.resolve()}' AS before (READ_ONLY)")
        con.execute(f"ATTACH '{seller.data_dir / 'large.duckdb'}' AS large (BLOCK_SIZE 262144)")
        con.execute("COPY FROM DATABASE before TO large")
    (seller.data_dir / "large.duckdb").replace(seller.published.resolve())
    (seller.data_dir / "kept" / "signatures.json").unlink()
    before = size_of(seller)

    publish(seller)

    assert size_of(seller) < before / 2


def test_what_is_free_but_little_stays_for_the_next_load(seller: Seller) -> None:
    publish(seller, f"CREATE TABLE raw.big AS {BIG}")
    before = size_of(seller)

    publish(seller, "DELETE FROM raw.big WHERE n >= 80_000", "CHECKPOINT")

    assert size_of(seller) >= 0.9 * before


def test_tables_that_are_made_anew_are_written_over_the_old_ones(tmp_path: Path) -> None:
    for layer in ("staging", "intermediate", "marts", "audits", "seeds"):
        (tmp_path / "sql" / layer).mkdir(parents=True)
    model, file = tmp_path / "sql" / "marts" / "big.sql", tmp_path / "w.duckdb"
    sizes = []
    for number in range(3):
        model.write_text(f"-- One row per number.\nselect n + {number} as n, text\nfrom raw.big\n")
        with duckdb.connect(str(file)) as con:
            con.execute("CREATE SCHEMA IF NOT EXISTS raw")
            con.execute("CREATE SCHEMA IF NOT EXISTS meta")
            con.execute(f"CREATE TABLE IF NOT EXISTS raw.big AS {BIG}")
            run_models(con, SETTINGS, Project(tmp_path / "sql"))
        sizes.append(file.stat().st_size)

    assert sizes[2] < 1.2 * sizes[0]
