"""What becomes of a row: it lands exactly, or it is set aside with the reason. There is no third way."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decoding.rows import RowDecoder
from pipeline.resources import Full, Resource
from pipeline.resources.types import Json, Record, RequiredInteger, Text

from .decoded import decode, landed, order

DUST = Fraction(1, 10**9)


@pytest.mark.parametrize(
    ("sent", "amount"),
    [
        ('{"amount": 594, "currency": "USD"}', "594"),
        ('{"amount": 210.4, "currency": "USD"}', "210.4"),
        ('{"amount": "45.01", "currency": "USD"}', "45.01"),
        ('{"amount": 12345678901234567.123456789, "currency": "USD"}', "12345678901234567.123456789"),
        ('{"amount": -0.01, "currency": null}', "-0.01"),
        ("12.50", "12.50"),
        ('"12.50"', "12.50"),
    ],
)
def test_money_keeps_every_digit_in_every_form(sent: str, amount: str) -> None:
    raw = b'{"number": "n", "created_on": "2026-05-01T10:00:00Z", "status": "Draft", "total": ' + sent.encode() + b"}"

    (row,) = landed("orders_received", raw)

    assert row["total_amount"] == Decimal(amount)


def test_spaces_behind_names_are_no_fault() -> None:
    rows = [b'{"id" : 1, "order"\n: "n", "notes": "a : b"}', b'{"id": 2, "order": "n", "notes": "\\" : \\":"}']

    assert [row["notes"] for row in landed("line_items", *rows)] == ["a : b", '" : ":']


@pytest.mark.parametrize("name", ["a\\", 'a"b', "a\nb"])
def test_an_unknown_field_may_have_any_name(name: str) -> None:
    (row,) = landed("line_items", {"id": 1, "order": "n", name: 7})

    assert orjson.loads(row["_extra"]) == {name: 7}


def test_the_forms_that_leaflink_is_known_to_mix_all_land() -> None:
    rows = [
        order(number="a", customer={"id": 7, "display_name": "Åsa"}, sales_reps=[{"id": 1, "user": "J"}], discount=5),
        order(number="b", customer=7, sales_reps=[1, 2], discount="5.00", available_transitions="fulfilled"),
        order(number="c", customer=None, sales_reps=None, is_combination="true", payment_balance="1.5"),
        order(number="d", ship_date="2026-05-06", payment_balance=1.5, available_transitions=["a", "b"]),
        order(number="e", ship_date="2026-05-06T06:00:00-06:00", distributor=12),
    ]

    by_number = {row["number"]: row for row in landed("orders_received", *rows)}

    assert by_number["a"]["customer"]["id"] == by_number["b"]["customer"]["id"] == 7
    assert [rep["id"] for rep in by_number["b"]["sales_reps"]] == [1, 2]
    assert by_number["c"]["customer"] is None
    assert by_number["c"]["is_combination"] is True
    assert by_number["c"]["payment_balance"] == by_number["d"]["payment_balance"] == Decimal("1.5")
    assert by_number["b"]["available_transitions"] == ["fulfilled"]
    assert by_number["d"]["ship_date"] == by_number["e"]["ship_date"] == datetime(2026, 5, 6, 12, tzinfo=UTC)
    assert by_number["e"]["distributor"] == "12"


def test_a_lines_product_lands_as_its_id_in_every_form() -> None:
    forms = [3, "3", {"id": 3, "name": "Bar"}]
    rows = [{"id": index, "order": "n", "product": form} for index, form in enumerate(forms)]

    assert [row["product"] for row in landed("line_items", *rows)] == [3, 3, 3]


def test_unknown_fields_are_kept_as_they_came() -> None:
    raw = b'{"id": 1, "order": "n", "weight": 1.12345678901234567890, "tags": [ {"a": null} ]}'

    (row,) = landed("line_items", raw)

    extra = row["_extra"]
    assert "1.12345678901234567890" in extra
    assert orjson.loads(extra)["tags"] == [{"a": None}]


def test_unknown_fields_inside_objects_are_kept_under_their_path() -> None:
    rows = order(customer={"id": 7, "vip": True}, sales_reps=[{"id": 1}, {"id": 2, "team": "west"}])

    (row,) = landed("orders_received", rows)

    assert orjson.loads(row["_extra"]) == {"customer.vip": True, "sales_reps[1].team": "west"}


@pytest.mark.parametrize("notes", [b'"fine"', b"NaN"])
def test_unknown_fields_in_lists_have_one_path_whatever_else_the_row_holds(notes: bytes) -> None:
    rows = order(notes="x", sales_reps=[{"id": 1}, {"id": 2, "team": "west"}])

    (row,) = landed("orders_received", orjson.dumps(rows).replace(b'"x"', notes))

    assert orjson.loads(row["_extra"]) == {"sales_reps[1].team": "west"}


def test_free_form_fields_keep_their_text() -> None:
    raw = b'{"id": 1, "order": "n", "frozen_data": {"price": 1.10, "n": 12345678901234567890123}}'

    (row,) = landed("line_items", raw)

    assert row["frozen_data"] == '{"price": 1.10, "n": 12345678901234567890123}'


def test_embedded_lines_come_with_the_key_of_their_order() -> None:
    decoded = decode("orders_received", order(number="a", line_items=[{"id": 1}, {"id": 2}]), order(number="b"))

    parents, lines = decoded.children["line_items"]
    rows = landed("line_items", *lines, parents=parents)

    assert [(row["id"], row["order"]) for row in rows] == [(1, "a"), (2, "a")]
    assert decoded.childless == ["b"]


def test_an_order_that_is_taken_apart_keeps_its_lines() -> None:
    raw = orjson.dumps(order(number="a", notes="x", line_items=[{"id": 1}])).replace(b'"x"', b'"\\ud83c"')

    decoded = decode("orders_received", raw)

    assert decoded.fields.slow_rows == 1
    assert decoded.children["line_items"] == (["a"], [b'{"id":1}'])


class Inner(Record):
    name: Text = None
    free: Json = None


class Outer(Record):
    id: RequiredInteger
    notes: Text = None
    inner: Inner | None = None


@pytest.mark.parametrize("notes", [b'"fine"', b"NaN"])
@pytest.mark.parametrize("name", [b'"fine"', b"[7]", b'"\\ud83c"'])
def test_a_free_form_field_inside_an_object_keeps_its_text_whatever_else_is_odd(notes: bytes, name: bytes) -> None:
    resource = Resource(path="outer/", record=Outer, key="id", refresh=Full())
    raw = b'{"id": 1, "notes": ' + notes + b', "inner": {"name": ' + name + b', "free": {"a": 1.50}, "new": 2.0}}'

    (row,) = RowDecoder(resource).decode([raw, raw]).table.slice(1).to_pylist()

    assert row["inner"]["free"] == '{"a": 1.50}'
    assert row["_extra"] == '{"inner.new":2.0}'


def test_dates_and_instants_land_in_utc() -> None:
    (row,) = landed("orders_received", order(paid_date="2026-05-01", modified="2026-05-01T00:30:00+02:00"))

    assert row["paid_date"] == date(2026, 5, 1)
    assert row["created_on"] == datetime(2026, 5, 1, 16, 0, 0, 123456, UTC)
    assert row["modified"] == datetime(2026, 4, 30, 22, 30, tzinfo=UTC)


def test_many_unknown_fields_do_not_stop_the_decoder() -> None:
    rows = [{"id": index, "order": "n", f"field {index}": index} for index in range(400)]

    decoded = decode("line_items", *rows)

    assert decoded.rejected == []
    extras = dict(zip(decoded.table.column("id").to_pylist(), decoded.table.column("_extra").to_pylist(), strict=True))
    assert orjson.loads(extras[399]) == {"field 399": 399}


amounts = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True, places=None).map(str),
    st.decimals(min_value=-(10**20), max_value=10**20, places=9).map(str),
    st.text(max_size=8),
    st.booleans(),
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.integers(), max_size=2),
)


@given(values=st.lists(amounts, min_size=1, max_size=20))
def test_every_amount_lands_exactly_or_is_set_aside(values: list[Any]) -> None:
    rows = [json.dumps({"id": index, "order": "n", "quantity": value}).encode() for index, value in enumerate(values)]

    decoded = decode("line_items", *rows)

    kept = dict(zip(decoded.table.column("id").to_pylist(), decoded.table.column("quantity").to_pylist(), strict=True))
    refused = {int(each.key or -1): each for each in decoded.rejected}
    assert kept.keys() | refused.keys() == set(range(len(values)))
    assert not kept.keys() & refused.keys()
    for index, landed_value in kept.items():
        sent = json.loads(rows[index], parse_float=Decimal)["quantity"]
        if landed_value is None:
            assert sent is None
        else:
            is_dust = (Fraction(landed_value) * 100).denominator == 1 and abs(
                Fraction(sent) - Fraction(landed_value)
            ) <= DUST
            assert Fraction(sent) == Fraction(landed_value) or is_dust
    assert all(each.path == "quantity" for each in refused.values())
