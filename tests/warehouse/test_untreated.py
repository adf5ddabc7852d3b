"""What a change of treatment does to rows that are there already, and what it leaves alone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb
import msgspec
import pytest
from pydantic import Field

from pipeline.datafolder.paths import signatures_file
from pipeline.resources.types import Text, personal

from .seller import LINES, ORDERS, Order, Read, Seller, order, read_all, read_changed


class NotedOrder(Order):
    notes: Text = personal("Free text.")


class EarlierOrder(NotedOrder):
    channel: Text = Field(None, description="A field that the next contract does not name.")


NOTED, EARLIER = replace(ORDERS, record=NotedOrder), replace(ORDERS, record=EarlierOrder)


def land(seller: Seller, read: Read, treated: str, company: str = "acme") -> None:
    seller.resources = {"lines": LINES, "orders": read.resource}
    seller.landing.commit(msgspec.structs.replace(seller.write(read, company=company), personal=treated))


def test_what_the_contract_names_no_more_goes_with_what_is_personal(seller: Seller) -> None:
    land(seller, read_all(EARLIER, *(order(key, notes="hers", channel="post") for key in "ab")), "keep")
    seller.load()

    land(seller, read_all(NOTED, order("b")), "drop")
    seller.load()

    query = "SELECT number, status, notes, channel FROM {}.orders ORDER BY number"
    assert seller.rows(query.format("raw")) == [("a", "Accepted", None, None), ("b", "Accepted", None, None)]
    assert seller.rows(query.format("past")) == [("b", "Accepted", None, None)]


@pytest.mark.parametrize("treatments", [("keep", "drop"), ("keep", "hash 1234", "keep")])
def test_a_row_of_another_company_that_did_not_change_gets_no_version(
    seller: Seller, treatments: Sequence[str]
) -> None:
    rows = order("a", notes="hers"), order("b", notes="")
    for treated in treatments:
        for company in ("acme", "birch"):
            land(seller, read_all(NOTED, *(row if treated == "keep" else treat(row) for row in rows)), treated, company)
    seller.load()

    assert seller.rows("SELECT DISTINCT _company, number FROM past.orders ORDER BY ALL") == [
        ("acme", "a"), ("birch", "a"),
    ]  # fmt: skip
    if treatments[-1] != "keep":
        assert seller.rows("SELECT count(*) FROM history.orders WHERE notes = 'hers'") == [(0,)]


def treat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as a run has it that hashes personal data: a text that is empty stays."""
    return {**row, "notes": row["notes"] and "0123"}


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
