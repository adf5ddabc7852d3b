"""What is noted of the fields that were met, beside the rows themselves."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from pipeline.decoding.drift import FEWEST_ROWS, FieldTally, known_values
from pipeline.decoding.fields import Fields
from pipeline.decoding.layout import MOST_LEARNED
from pipeline.decoding.oddities import RejectedRow
from pipeline.decoding.rows import RowDecoder
from pipeline.resources import all_resources
from pipeline.resources.columns import columns_of, shape_of
from pipeline.resources.types import Kind, Record

RESOURCES = all_resources()
CUSTOMER = dict.fromkeys(("id", "display_name", "ext_acct_id", "delinquent")) | {"id": 1}


def order(number: int, **fields: Any) -> dict[str, Any]:
    """Return an order that carries every field of its contract, as null where it can be."""
    record = RESOURCES["orders_received"].record
    known = {"number": f"n-{number}", "created_on": "2026-05-01T10:00:00Z", "status": "Accepted"}
    return dict.fromkeys(record.model_fields) | known | fields


def orders(count: int = FEWEST_ROWS, *, change: Callable[[dict[str, Any]], Any] = lambda row: None) -> list[Any]:
    rows = [order(number) for number in range(count)]
    for row in rows:
        change(row)
    return rows


def meet(*batches: list[Any], name: str = "orders_received") -> tuple[FieldTally, list[RejectedRow]]:
    decoder, met, rejected = RowDecoder(RESOURCES[name]), FieldTally(), []
    for rows in batches:
        decoded = decoder.decode([orjson.dumps(row) for row in rows])
        met.add(decoded.fields)
        rejected += decoded.rejected
    return met, rejected


def summary(*batches: list[Any], is_complete: bool = True) -> Fields:
    met, rejected = meet(*batches)
    return met.summarise(rejected, is_complete=is_complete)


def drift(*batches: list[Any], is_complete: bool = True) -> list[tuple[str, str, str]]:
    fields = summary(*batches, is_complete=is_complete)
    return [(each.kind, each.field, each.detail) for each in fields.drift]


def test_rows_as_their_contract_has_them_show_no_drift() -> None:
    assert drift(orders(), orders()) == []


def test_new_fields_are_named_with_the_types_of_their_values() -> None:
    customer = CUSTOMER | {"score": 1.5}
    tax = dict.fromkeys(("id", "order", "tax", "name", "rate", "state", "auto_apply"))
    odd = order(1, colour="red", customer=customer, order_taxes=[tax | {"code": True}, tax | {"code": None}])

    assert drift([odd, order(2, colour=[]), order(3)]) == [
        ("new field", "colour", "in 1 as list; in 1 as text"),
        ("new field", "customer.score", "in 1 as number"),
        ("new field", "order_taxes[].code", "in 1 as boolean; in 1 as null"),
    ]


def test_new_fields_of_rows_that_take_the_slow_path_are_named_too() -> None:
    assert ("new field", "colour", "in 1 as object") in drift([order(1, colour={}, paid="true")])


def test_names_that_are_data_are_cut_short() -> None:
    rows = [order(number, **{f"day {number}": 1}) for number in range(2 * MOST_LEARNED)]

    assert len(drift(rows)) == MOST_LEARNED


def test_a_row_that_lacks_a_field_lands_after_more_new_names_than_are_learned() -> None:
    rows = [order(number, **{f"day {number}": 1}) for number in range(MOST_LEARNED + 2)]
    rows[-1].pop("notes")

    assert meet(rows)[1] == []


def test_a_field_is_missing_when_no_row_of_a_complete_read_has_it() -> None:
    without = orders(change=lambda row: row.pop("notes"))

    assert drift(without) == [("missing field", "notes", f"in none of {FEWEST_ROWS}")]
    assert drift(without[:10], without[10:]) == [("missing field", "notes", f"in none of {FEWEST_ROWS}")]
    assert drift(without, is_complete=False) == []
    assert drift(without[1:]) == []
    assert drift([*without, order(999)]) == []
    assert drift([order(999)], without) == []


def test_a_field_is_missing_inside_objects_when_there_are_enough_of_them() -> None:
    lacking = {name: value for name, value in CUSTOMER.items() if name != "display_name"}
    rows = orders(change=lambda row: row.update(customer=lacking))

    assert drift(rows) == [("missing field", "customer.display_name", f"in none of {FEWEST_ROWS}")]
    assert drift([*rows[1:], order(999)]) == []
    assert drift([*rows, order(999, customer=CUSTOMER)]) == []


@pytest.mark.parametrize(
    ("field", "value", "path", "detail"),
    [
        ("paid", "true", "paid", "in 1: as text"),
        ("paid", "maybe", "paid", "in 1: as text; in 1: not true or false"),
        ("credits", "ten", "credits", "in 1: not a decimal number"),
        ("customer", CUSTOMER | {"delinquent": "false"}, "customer.delinquent", "in 1: as text"),
        ("brand", "seven", "brand", "in 1: as text; in 1: not a whole number"),
        ("modified", "2026-13-01", "modified", "in 1: not a timestamp"),
        ("sales_reps", [{"id": 1, "user": 5}], "sales_reps[].user", "in 1: as number"),
    ],
)
def test_fields_in_another_form_are_named_whether_their_rows_land_or_not(
    field: str, value: Any, path: str, detail: str
) -> None:
    (found,) = drift([order(1), order(2, **{field: value})])

    assert found[:2] == ("retyped", path)
    assert found[2].startswith(detail)


def test_dates_where_instants_may_be_dates_are_no_drift() -> None:
    assert drift([order(1, ship_date="2026-05-01"), order(2, ship_date="2026-05-01T12:00:00Z")]) == []


def test_values_that_a_field_is_not_known_to_have_are_listed() -> None:
    rows = [order(1, status="Paused"), order(2, status="Held"), order(3, status="Held"), order(4)]

    assert drift(rows) == [("new value", "status", "Held; Paused")]


def test_numbers_and_fields_inside_an_object_can_declare_their_values_too() -> None:
    info = dict.fromkeys(("acquire_date", "get_acquire_type_display", "manifest_number"))
    rows = [order(kind, delivery_info=info | {"acquire_type": kind}) for kind in (1, 4, 7, 9)]

    assert drift([*rows, order(10)]) == [("new value", "delivery_info.acquire_type", "7; 9")]


def test_nulls_are_counted_by_column() -> None:
    fields = summary([order(1, notes="x"), order(2)], [order(3, notes="y", total={"amount": 1, "currency": "USD"})])

    assert fields.rows == 3
    assert fields.nulls.keys() == {column.name for column in columns_of(RESOURCES["orders_received"])}
    assert (fields.nulls["notes"], fields.nulls["total_amount"], fields.nulls["paid"]) == (1, 2, 3)


def test_lines_need_not_name_the_order_that_they_came_in() -> None:
    decoder = RowDecoder(RESOURCES["line_items"])
    rows = [orjson.dumps({"id": number}) for number in range(FEWEST_ROWS)]

    met = decoder.decode(rows, ["n-1"] * FEWEST_ROWS).fields.summarise([], is_complete=True)

    missing = {each.field for each in met.drift}
    assert "notes" in missing
    assert "order" not in missing


def test_only_fields_of_texts_and_whole_numbers_outside_of_lists_declare_their_values() -> None:
    def declared(record: type[Record]) -> Iterator[Kind | None]:
        for info in record.model_fields.values():
            shape = shape_of(info)
            if isinstance(info.json_schema_extra, dict) and "values" in info.json_schema_extra:
                yield None if shape.is_list else shape.kind
            if shape.record is not None:
                yield from declared(shape.record)

    kinds = {resource.name: list(declared(resource.record)) for resource in RESOURCES.values()}

    assert {kind for found in kinds.values() for kind in found} == {Kind.TEXT, Kind.INTEGER, Kind.LOOSE_INTEGER}
    assert {name: len(found) for name, found in kinds.items()} == {
        resource.name: len(known_values(resource)) for resource in RESOURCES.values()
    }
