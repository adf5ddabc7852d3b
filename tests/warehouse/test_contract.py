"""The tables of `raw` follow the contract, and hold its values exactly."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.resources import Full, Resource, all_resources
from pipeline.resources.types import Exact, Integer, Record, RequiredText, Text

from .seller import Seller, order, read_all


class Place(Record):
    city: Text = Field(None, description="City.")


class WiderPlace(Record):
    city: Text = Field(None, description="City.")
    floor: Integer = Field(None, description="Floor.")


class OldOrder(Record):
    number: RequiredText = Field(description="Key.")
    place: Place | None = Field(None, description="Where.")


class NewOrder(Record):
    number: RequiredText = Field(description="Key of the order.")
    credit: Exact = Field(None, description="Credit that the seller's own rules gave.")
    place: WiderPlace | None = Field(None, description="Where.")


class OtherOrder(Record):
    number: RequiredText = Field(description="Key.")
    total: Exact = Field(None, description="Total.")


def resource(record: type[Record]) -> Resource:
    return Resource(path="orders/", record=record, key="number", refresh=Full())


def test_a_contract_that_gained_fields_loads_into_an_older_warehouse(tmp_path: Path) -> None:
    old, new = resource(OldOrder), resource(NewOrder)
    seller = Seller(tmp_path, {"orders": old})
    seller.land(read_all(old, {"number": "a", "place": {"city": "Denver"}}, {"number": "b"}))
    seller.load()

    seller.resources = {"orders": new}
    seller.land(
        read_all(
            new,
            {"number": "a", "place": {"city": "Denver"}},
            {"number": "b", "credit": Decimal("1.5"), "place": {"city": "Tulsa", "floor": 2}},
        )
    )
    seller.load()

    assert seller.rows("SELECT number, credit, place FROM raw.orders ORDER BY 1") == [
        ("a", None, {"city": "Denver", "floor": None}),
        ("b", Decimal("1.5"), {"city": "Tulsa", "floor": 2}),
    ]
    assert seller.rows(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'orders' AND column_name = 'credit'"
    ) == [("Credit that the seller's own rules gave.",)]


def test_rows_of_before_survive_when_a_contract_gains_fields(tmp_path: Path) -> None:
    old = resource(OldOrder)
    seller = Seller(tmp_path, {"orders": old})
    seller.land(read_all(old, {"number": "a", "place": {"city": "Denver"}}))
    seller.load()

    seller.resources = {"orders": resource(NewOrder)}
    seller.load()

    assert seller.rows("SELECT number, credit, place FROM raw.orders") == [
        ("a", None, {"city": "Denver", "floor": None})
    ]


def test_a_run_landed_before_the_contract_gained_fields_loads_after_it(tmp_path: Path) -> None:
    old = resource(OldOrder)
    seller = Seller(tmp_path, {"orders": old})
    seller.land(read_all(old, {"number": "a", "place": {"city": "Denver"}}))

    seller.resources = {"orders": resource(NewOrder)}
    seller.load()

    assert seller.rows("SELECT number, place.city, place.floor FROM raw.orders") == [("a", "Denver", None)]


def test_every_kind_of_value_of_the_real_contracts_arrives_exactly(tmp_path: Path) -> None:
    resources = all_resources()
    seller = Seller(tmp_path, resources)
    row: dict[str, Any] = {
        "number": "0f9c-ä",
        "created_on": datetime(2026, 5, 1, 16, 0, 0, 123456, tzinfo=UTC),
        "status": "Accepted",
        "total_amount": Decimal("12345678901234567.123456789"),
        "total_currency": "USD",
        "discount": Decimal("-0.000000001"),
        "paid": False,
        "paid_date": datetime(2026, 5, 30).date(),
        "customer": {"id": 7, "display_name": "O'Brien's \u2713"},
        "sales_reps": [{"id": 1}, {"id": 2}],
        "payment_methods": ["Cash", ""],
        "brand_ids": [],
        "external_ids": json.dumps({"metrc": ["1", None], "wide": 1}),
        "_extra": json.dumps({"new_field": 12.50}),
    }
    seller.land(read_all(resources["orders_received"], row))

    seller.load()

    (held,) = seller.rows(
        "SELECT number, epoch_us(created_on), total_amount, total_currency, discount, paid, paid_date, customer.id, "
        "customer.display_name, list_transform(sales_reps, lambda rep: rep.id), payment_methods, brand_ids, "
        "external_ids::VARCHAR, _extra::VARCHAR FROM raw.orders_received"
    )
    assert held == (
        row["number"], 1777651200123456, row["total_amount"], "USD", row["discount"], False, row["paid_date"], 7,
        "O'Brien's \u2713", [1, 2], ["Cash", ""], [], row["external_ids"], row["_extra"],
    )  # fmt: skip


def test_every_table_and_column_of_raw_and_meta_is_documented(tmp_path: Path) -> None:
    seller = Seller(tmp_path, all_resources())
    seller.land()

    seller.load()

    assert (
        seller.rows(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = current_database() "
            "AND schema_name IN ('raw', 'meta') AND coalesce(comment, '') = '' UNION ALL "
            "SELECT table_name, NULL FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name IN ('raw', 'meta') AND coalesce(comment, '') = ''"
        )
        == []
    )
    assert {name for (name,) in seller.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw'")} == set(
        all_resources()
    )


def test_a_field_that_went_from_its_contract_keeps_its_comment(tmp_path: Path) -> None:
    old, new = (replace(resource(record), keeps_history=True) for record in (OldOrder, OtherOrder))
    seller = Seller(tmp_path, {"orders": old})
    seller.land(read_all(old, {"number": "a"}))
    seller.load()

    seller.resources = {"orders": new}
    seller.load()

    comments = dict(
        seller.rows("SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'history'"),
    )
    assert (comments["place"], comments["total"]) == ("Where.", "Total.")
    assert all(comments.values())


def test_the_keys_of_raw_are_unique_and_never_null(seller: Seller) -> None:
    seller.land(read_all(seller.resources["orders"], order("a"), order("b")))
    seller.land(read_all(seller.resources["orders"], order("a"), order("b")))

    seller.load()

    assert seller.rows("SELECT count(*), count(DISTINCT number) FROM raw.orders") == [(2, 2)]
