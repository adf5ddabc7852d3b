"""A night after which most orders seem to be gone: stopped with 4 until somebody says that it is so."""

import hashlib
import json

import duckdb
import pyarrow.parquet as pq

from .commands import House


def counts(house: House) -> dict[str, int]:
    with duckdb.connect(house.warehouse, read_only=True) as con:
        tables = con.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw' ORDER BY 1"
        ).fetchall()
        return {
            name: con.execute(f"SELECT count(*) FROM raw.{name} WHERE _deleted_at IS NULL").fetchall()[0][0]
            for (name,) in tables
        }


def test_a_night_that_lost_most_orders_is_stopped_until_it_is_accepted(house: House) -> None:
    before = counts(house)
    assert house.run("extract", "--full").code == 0
    keep_first_orders(house, 5)

    says = ("orders_received: ", "(Drafts not counted)", house.manifests[-1].stem, "--accept-shrink")
    house.refuses("load", code=4, says=says)
    accepted = house.run("load", "--accept-shrink")

    assert accepted.code == 0
    after = counts(house)
    assert after["orders_received"] == 5
    assert {name: after[name] for name in ("products", "customers")} == {
        name: before[name] for name in ("products", "customers")
    }


def keep_first_orders(house: House, count: int) -> None:
    """Let the newest run have landed so many orders only, with a manifest that stands by it."""
    batch, manifest = house.batch("orders_received"), house.manifests[-1]
    pq.write_table(pq.read_table(batch, partitioning=None).slice(0, count), batch)
    document = json.loads(manifest.read_text())
    (read,) = (each for each in document["resources"] if each["resource"] == "orders_received")
    (landed,) = read["batches"]
    content = batch.read_bytes()
    landed |= {"rows": count, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest.write_text(json.dumps(document))
