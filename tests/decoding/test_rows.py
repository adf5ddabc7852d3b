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

from pipeline.decoding.rows import Decoded, RowDecoder
from pipeline.resources import Full, Resource, all_resources
from pipeline.resources.types import Json, Record, RequiredInteger, Text

RESOURCES = all_resources()
DUST = Fraction(1, 10**9)


def order(**fields: Any) -> dict[str, Any]:
    return {"number": "n-1", "created_on": "2026-05-01T10:00:00.123456-06:00", "status": "Accepted"} | fields


def decode(name: str, *rows: Any, parents: list[str] | None = None) -> Decoded:
    raw = [row if isinstance(row, bytes) else orjson.dumps(row) for row in rows]
    embedded = frozenset({"line_items"}) if name == "orders_received" else frozenset()
    return RowDecoder(RESOURCES[name], embedded).decode(raw, parents)


def landed(name: str, *rows: Any, parents: list[str] | None = None) -> list[dict[str, Any]]:
    decoded = decode(name, *rows, parents=parents)
    assert decoded.rejected == []
    return decoded.table.to_pylist()


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


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("total", {"amount": True, "currency": "USD"}, "total.amount"),
        ("total", {"amount": "1.0012345678", "currency": "USD"}, "total.amount"),
        ("total", {"amount": "NaN", "currency": "USD"}, "total.amount"),
        ("total", {"amount": "1,000.00", "currency": "USD"}, "total.amount"),
        ("total", {"amount": 1, "currency": ["USD"]}, "total.currency"),
        ("total", "about ten", "total.amount"),
        ("total", [7], "total.amount"),
        ("discount", "about ten", "discount"),
        ("discount", 1e300, "discount"),
        ("created_on", "2026-05-01T10:00:00", "created_on"),
        ("created_on", "2026-05-01T10:00:00.1234567Z", "created_on"),
        ("created_on", 7, "created_on"),
        ("created_on", None, "created_on"),
        ("paid", "yes", "paid"),
        ("paid", 1, "paid"),
        ("customer", {"id": "seven"}, "customer.id"),
        ("customer", {"display_name": "no id"}, "customer.id"),
        ("customer", {"id": None}, "customer.id"),
        ("customer", "seven", "customer"),
        ("status", None, "status"),
        ("number", 7, "number"),
    ],
)
def test_a_bad_value_that_its_row_is_worthless_without_sets_it_aside_and_names_the_field(
    field: str, value: Any, path: str
) -> None:
    good, bad = order(number="good"), order(**{"number": "bad", field: value})

    decoded = decode("orders_received", good, bad)

    assert decoded.table.column("number").to_pylist() == ["good"]
    (rejected,) = decoded.rejected
    assert (rejected.key, rejected.path) == (str(bad["number"]), path)
    assert orjson.loads(rejected.raw) == bad


def test_what_is_never_null_is_missed_also_after_it_came_in_another_type() -> None:
    rows = [order(number="a", status=7), order(number="b", status=None), order(number="c", customer={"id": "7"})]

    decoded = decode("orders_received", *rows, order(number="d", customer={"id": None}))

    assert decoded.table.column("status").to_pylist() == ["7", "Accepted"]
    assert [(each.key, each.path) for each in decoded.rejected] == [("b", "status"), ("d", "customer.id")]


@pytest.mark.parametrize(
    ("field", "value", "path", "shown"),
    [
        ("payment_balance", "about ten", "payment_balance", "about ten"),
        ("payment_balance", {"of": 1.50}, "payment_balance", '{"of":1.5}'),
        ("modified", "2026-13-01T10:00:00Z", "modified", "2026-13-01T10:00:00Z"),
        ("payment_due_date", "0000-01-01", "payment_due_date", "0000-01-01"),
        ("paid_date", "2026-02-30", "paid_date", "2026-02-30"),
        ("buyer", 12.5, "buyer", "12.5"),
        ("buyer", 2**63, "buyer", "9223372036854775808"),
        ("manual", "perhaps", "manual", "perhaps"),
        ("user", [7.5], "user", "[7.5]"),
        ("sales_reps", [1, {"id": "one"}], "sales_reps.1.id", "one"),
        ("sales_reps", "everybody", "sales_reps", "everybody"),
        ("selected_payment_option", 7, "selected_payment_option", "7"),
        ("brand_ids", [7, "x"], "brand_ids.1", "x"),
        ("shipping_charge", {"amount": "free"}, "shipping_charge.amount", "free"),
        ("order_taxes", [{"tax": 1}, {"tax": {"no": 1}}], "order_taxes.1.tax", '{"no":1}'),
    ],
)
def test_a_bad_value_of_any_other_field_is_null_and_kept_as_it_came(
    field: str, value: Any, path: str, shown: str
) -> None:
    decoded = decode("orders_received", order(number="good"), order(**{"number": "odd", field: value}))

    assert decoded.rejected == []
    good, odd = decoded.table.to_pylist()
    assert good["_odd"] is None
    assert orjson.loads(odd["_odd"]) == {path: shown}
    assert decoded.met.slow_rows == 0


@pytest.mark.parametrize(
    ("sent", "amount"),
    [
        ("60.099999999999994", "60.10"),
        ("-0.30000000000000004", "-0.30"),
        ('"12.500000000000001"', "12.50"),
        ("1e2", "100"),
        ("1E-9", "0.000000001"),
    ],
)
def test_float_dust_in_an_amount_is_that_amount(sent: str, amount: str) -> None:
    raw = orjson.dumps(order(total={"amount": "x", "currency": "USD"})).replace(b'"x"', sent.encode())

    (row,) = landed("orders_received", raw)

    assert row["total_amount"] == Decimal(amount)
    assert row["_odd"] is None


@pytest.mark.parametrize(
    ("sent", "amount"),
    [
        ("60.099999999999994", "60.1"),
        ("0.1234567895", "0.12345679"),
        ("-0.1234567895", "-0.12345679"),
        ("0.12345678949", "0.123456789"),
    ],
)
def test_digits_beyond_the_scale_of_an_amount_that_nothing_is_computed_from_are_rounded_and_kept(
    sent: str, amount: str
) -> None:
    (row,) = landed("orders_received", orjson.dumps(order(payment_balance="x")).replace(b'"x"', sent.encode()))

    assert row["payment_balance"] == Decimal(amount)
    assert orjson.loads(row["_odd"]) == {"payment_balance": sent}


@pytest.mark.parametrize(
    ("written", "microseconds"),
    [
        ("9999-12-31T23:59:59-07:00", 253_402_325_999_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ("0001-01-01T00:00:00+05:00", -62_135_614_800_000_000),
    ],
)
def test_years_to_9999_are_instants_in_any_offset(written: str, microseconds: int) -> None:
    table = decode("orders_received", order(payment_due_date=written)).table

    assert table["payment_due_date"].cast("int64").to_pylist() == [microseconds]
    assert table["_odd"].to_pylist() == [None]


@pytest.mark.parametrize(
    "raw",
    [
        b"7",
        b"null",
        b'"text"',
        b"[1]",
        b'{"number": "x", "status": "\\ud800"}',
        b'{"number": "\xff"}',
        b'{"number": NaN}',
    ],
)
def test_what_is_no_json_object_is_set_aside_as_it_came(raw: bytes) -> None:
    decoded = decode("orders_received", order(), raw)

    assert decoded.table.num_rows == 1
    assert [each.raw for each in decoded.rejected] == [raw]


@pytest.mark.parametrize("space", [b" ", b"  ", b"\n", b"\t ", b" \r"])
def test_a_name_that_comes_twice_is_seen_where_another_has_space_behind_it(space: bytes) -> None:
    raw = b'{"id"' + space + b':1, "order": "n", "notes": "a", "notes": "b"}'

    rows = landed("line_items", {"id": 2, "order": "n", "notes": 'in : "quotes": here'}, raw)

    odd = {row["id"]: row["_odd"] and orjson.loads(row["_odd"]) for row in rows}
    assert odd == {1: {"notes": '["a","b"]'}, 2: None}


@pytest.mark.parametrize("twice", [b'"quantity": 1, "quantity": 1', b'"sale_price": {"amount": 1, "amount": 2}'])
def test_an_amount_that_comes_twice_sets_its_row_aside(twice: bytes) -> None:
    decoded = decode("line_items", b'{"id": 1, "order": "n", ' + twice + b"}")

    assert [(each.key, each.reason) for each in decoded.rejected] == [("1", "the name comes twice")]


def test_spaces_behind_names_are_no_fault() -> None:
    rows = [b'{"id" : 1, "order"\n: "n", "notes": "a : b"}', b'{"id": 2, "order": "n", "notes": "\\" : \\":"}']

    assert [row["notes"] for row in landed("line_items", *rows)] == ["a : b", '" : ":']


@pytest.mark.parametrize(
    ("field", "path"),
    [
        (b'"frozen_data": {"a": "\xff"}', "frozen_data"),
        (b'"package_tags": ["\xff"]', "package_tags"),
        (b'"new": "\xff"', "new"),
        (b'"sale_price": {"new": "\xff"}', "sale_price.new"),
        (b'"notes": "\xff"', "notes"),
        (b'"notes": "\\ud83c"', "notes"),
        (b'"notes": NaN', "notes"),
    ],
)
def test_what_no_json_may_hold_costs_its_own_value_alone(field: bytes, path: str) -> None:
    raw = b'{"id": 1, "order": "n", "quantity": "2", ' + field + b"}"

    decoded = decode("line_items", {"id": 2, "order": "n"}, raw)

    assert decoded.rejected == []
    odd = {row["id"]: row for row in decoded.table.to_pylist()}[1]
    assert (odd["quantity"], list(orjson.loads(odd["_odd"]))) == (Decimal(2), [path])


def test_an_order_lands_without_a_line_that_is_worthless() -> None:
    line = b'{"id": 1, "quantity": "\xff"}'
    raw = orjson.dumps(order(line_items=None)).replace(b"null", b"[" + line + b"]")

    decoded = decode("orders_received", raw)
    lines = decode("line_items", *decoded.children["line_items"][1], parents=["n-1"])

    assert decoded.table.column("number").to_pylist() == ["n-1"]
    assert [each.raw for each in lines.rejected] == [line]


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

    assert decoded.met.slow_rows == 1
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


@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01", "2026-5-001", "20260501T1", "2026-05-0a", "+026-05-01"])
def test_a_date_that_is_none_is_null_where_instants_may_be_dates(day: str) -> None:
    decoded = decode("orders_received", order(ship_date=day), order(number="n-2", ship_date="2026-05-01"))

    assert decoded.table["ship_date"].to_pylist() == [None, datetime(2026, 5, 1, 12, tzinfo=UTC)]
    assert decoded.table["_odd"].to_pylist()[1] is None
    assert orjson.loads(decoded.table["_odd"].to_pylist()[0]) == {"ship_date": day}


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
