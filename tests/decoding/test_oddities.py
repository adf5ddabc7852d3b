"""What is odd in a row: it costs its own value, or the row where the row is worthless without it. It is never lost."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from .decoded import decode, landed, order


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
    assert decoded.fields.slow_rows == 0


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


@pytest.mark.parametrize("day", ["2026-02-30", "0000-01-01", "2026-5-001", "20260501T1", "2026-05-0a", "+026-05-01"])
def test_a_date_that_is_none_is_null_where_instants_may_be_dates(day: str) -> None:
    decoded = decode("orders_received", order(ship_date=day), order(number="n-2", ship_date="2026-05-01"))

    assert decoded.table["ship_date"].to_pylist() == [None, datetime(2026, 5, 1, 12, tzinfo=UTC)]
    assert decoded.table["_odd"].to_pylist()[1] is None
    assert orjson.loads(decoded.table["_odd"].to_pylist()[0]) == {"ship_date": day}


@pytest.mark.parametrize("beside", [7, "seven", [7], {"id": "seven"}, True])
def test_an_object_without_an_id_is_null_whatever_comes_beside_it(beside: Any) -> None:
    rows = [order(number="a", facility_id={"id": None}), order(number="b", facility_id=beside)]

    decoded = decode("orders_received", *rows)

    found = decoded.table.select(["number", "facility_id", "_odd"]).to_pylist()
    assert found[0] == {"number": "a", "facility_id": None, "_odd": None}
