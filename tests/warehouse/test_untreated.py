"""What a change of treatment does to rows that are there already, and what it leaves alone."""

from dataclasses import replace

import duckdb
import msgspec
from pydantic import Field

from pipeline.datafolder.paths import signatures_file
from pipeline.resources.types import Text, personal

from .seller import LINES, ORDERS, Order, Read, Seller, order, read_all, read_changed


class NotedOrder(Order):
    notes: Text = personal("Free text.")


class EarlierOrder(NotedOrder):
    channel: Text = Field(None, description="A field that the next contract does not name.")


NOTED, EARLIER = replace(ORDERS, record=NotedOrder), replace(ORDERS, record=EarlierOrder)


def land(seller: Seller, read: Read, treated: str) -> None:
    seller.resources = {"lines": LINES, "orders": read.resource}
    seller.landing.commit(msgspec.structs.replace(seller.write(read), personal=treated))


def test_what_the_contract_names_no_more_goes_with_what_is_personal(seller: Seller) -> None:
    land(seller, read_all(EARLIER, *(order(key, notes="hers", channel="post") for key in "ab")), "keep")
    seller.load()

    land(seller, read_all(NOTED, order("b")), "drop")
    seller.load()

    query = "SELECT number, status, notes, channel FROM {}.orders ORDER BY number"
    assert seller.rows(query.format("raw")) == [("a", "Accepted", None, None), ("b", "Accepted", None, None)]
    assert seller.rows(query.format("past")) == [("b", "Accepted", None, None)]


def test_a_warehouse_from_before_its_runs_said_how_they_treated_loses_nothing(seller: Seller) -> None:
    land(seller, read_all(NOTED, *(order(key, notes=f"hash of {key}") for key in "ab")), "hash 1234")
    seller.load()
    with duckdb.connect(str(seller.published)) as con:
        con.execute("ALTER TABLE meta.runs DROP COLUMN personal")
    signatures_file(seller.data_dir).unlink()  # nor were there any then

    land(seller, read_changed(NOTED, order("b", notes="hash of b")), "hash 1234")
    seller.load()

    assert seller.rows("SELECT notes FROM raw.orders ORDER BY ALL") == [("hash of a",), ("hash of b",)]
    assert seller.rows("SELECT personal FROM meta.runs") == [("hash 1234",), ("hash 1234",)]
