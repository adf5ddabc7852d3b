"""What becomes of a row: it lands exactly, or it is set aside with the reason. There is no third way."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.decode import Decoded, RowDecoder
from pipeline.resources import all_resources

RESOURCES = all_resources()


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
        ("total", {"amount": "1.0000000001", "currency": "USD"}, "total.amount"),
        ("total", {"amount": "NaN", "currency": "USD"}, "total.amount"),
        ("total", {"amount": "1,000.00", "currency": "USD"}, "total.amount"),
        ("payment_balance", "about ten", "payment_balance"),
        ("created_on", "2026-05-01T10:00:00", "created_on"),
        ("created_on", "2026-05-01T10:00:00.1234567Z", "created_on"),
        ("created_on", None, "created_on"),
        ("modified", "2026-13-01T10:00:00Z", "modified"),
        ("paid_date", "2026-02-30", "paid_date"),
        ("paid", "yes", "paid"),
        ("buyer", 12.5, "buyer"),
        ("buyer", 2**63, "buyer"),
        ("customer", {"id": "seven"}, "customer.id"),
        ("customer", {"display_name": "no id"}, "customer.id"),
        ("sales_reps", [1, {"id": None}], "sales_reps.1.id"),
        ("status", None, "status"),
        ("user", 7.5, "user"),
    ],
)
def test_a_bad_value_sets_its_row_aside_and_names_the_field(field: str, value: Any, path: str) -> None:
    good, bad = order(number="good"), order(**{"number": "bad", field: value})

    decoded = decode("orders_received", good, bad)

    assert decoded.table.column("number").to_pylist() == ["good"]
    (rejected,) = decoded.rejected
    assert (rejected.key, rejected.path) == ("bad", path)
    assert orjson.loads(rejected.raw) == bad


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

    decoded = decode("line_items", {"id": 2, "order": "n", "notes": 'in : "quotes": here'}, raw)

    assert decoded.table.column("id").to_pylist() == [2]
    assert [(each.path, each.raw) for each in decoded.rejected] == [("notes", raw)]


def test_spaces_behind_names_are_no_fault() -> None:
    rows = [b'{"id" : 1, "order"\n: "n", "notes": "a : b"}', b'{"id": 2, "order": "n", "notes": "\\" : \\":"}']

    assert [row["notes"] for row in landed("line_items", *rows)] == ["a : b", '" : ":']


@pytest.mark.parametrize(
    "field",
    [b'"frozen_data": {"a": "\xff"}', b'"package_tags": ["\xff"]', b'"new": "\xff"', b'"sale_price": {"new": "\xff"}'],
)
def test_bytes_that_are_no_utf_8_set_aside_their_row_alone(field: bytes) -> None:
    raw = b'{"id": 1, "order": "n", ' + field + b"}"

    decoded = decode("line_items", {"id": 2, "order": "n"}, raw)

    assert decoded.table.column("id").to_pylist() == [2]
    assert [each.raw for each in decoded.rejected] == [raw]


def test_an_order_lands_without_a_line_that_is_no_utf_8() -> None:
    line = b'{"id": 1, "notes": "\xff"}'
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


def test_an_order_in_the_slow_path_keeps_its_lines() -> None:
    decoded = decode("orders_received", order(number="a", ship_date="2026-05-06", line_items=[{"id": 1}]))

    assert decoded.children["line_items"] == (["a"], [b'{"id":1}'])


@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01", "2026-5-001", "20260501T1", "2026-05-0a", "+026-05-01"])
def test_a_date_that_is_none_is_set_aside_where_instants_may_be_dates(day: str) -> None:
    decoded = decode("orders_received", order(ship_date=day), order(number="n-2", ship_date="2026-05-01"))

    assert [each.path for each in decoded.rejected] == ["ship_date"]
    assert decoded.table["ship_date"].to_pylist() == [datetime(2026, 5, 1, 12, tzinfo=UTC)]


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
    import json

    rows = [json.dumps({"id": index, "order": "n", "quantity": value}).encode() for index, value in enumerate(values)]

    decoded = decode("line_items", *rows)

    kept = dict(zip(decoded.table.column("id").to_pylist(), decoded.table.column("quantity").to_pylist(), strict=True))
    refused = {int(each.key or -1): each for each in decoded.rejected}
    assert kept.keys() | refused.keys() == set(range(len(values)))
    assert not kept.keys() & refused.keys()
    for index, landed_value in kept.items():
        sent = json.loads(rows[index], parse_float=Decimal)["quantity"]
        assert landed_value is None if sent is None else landed_value == Decimal(sent)
    assert all(each.path == "quantity" for each in refused.values())
