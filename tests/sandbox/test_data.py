"""What the sandbox holds: the same from the same seed, exact to the cent, in every form that LeafLink is known for."""

import re
import stat
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.decoding.rows import RowDecoder
from pipeline.errors import ConfigurationError
from pipeline.resources import all_resources
from pipeline.sandbox import Sandbox, SandboxConfig
from pipeline.sandbox.store.store import to_json
from pipeline.sandbox.world.tables import TABLES

from .conftest import EVERY, NOW

CENT, MILLIONTH = Decimal("0.01"), Decimal("0.000001")
STATUSES = {
    "Draft", "Submitted", "Accepted", "Backorder", "Fulfilled", "Shipped", "Complete", "Rejected", "Combined",
    "Cancelled",
}  # fmt: skip


def amount_of(value: Any) -> Decimal:
    return Decimal(value["amount"] if isinstance(value, dict) else value)


def to_cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def line_amount(line: dict[str, Any]) -> Decimal:
    price = amount_of(line["sale_price"]) or amount_of(line["ordered_unit_price"])
    return (price * Decimal(line["quantity"]) / (line["unit_multiplier"] or 1)).quantize(MILLIONTH, ROUND_HALF_UP)


def total_by_the_rule(order: dict[str, Any], lines: list[dict[str, Any]]) -> Decimal:
    """Lines less discount plus tax plus shipping, computed from the API's own values and nothing else."""
    everything = to_cents(sum(map(line_amount, lines), Decimal(0)))
    discountable = sum((line_amount(line) for line in lines if not line["is_sample"]), Decimal(0))
    discount = amount_of(order["discount"])
    if order["discount_type"] == "%":
        discount = to_cents(discountable * discount / 100)
    discount = min(discount, to_cents(discountable))
    tax = amount_of(order["tax_amount"])
    if order["tax_type"] == "%":
        tax = to_cents((everything - discount) * tax / 100)
    assert amount_of(order["final_tax"]) == tax
    return everything - discount + tax + amount_of(order["shipping_charge"])


def assert_exact(sandbox: Sandbox) -> None:
    """Every order's total and balance follow from its lines and payments."""
    lines, payments = defaultdict(list), defaultdict(list)
    for line in sandbox.rows("line_items"):
        lines[line["order"]].append(line)
    for payment in sandbox.rows("order_payments"):
        payments[payment["order"]].append(amount_of(payment["total"]))
    for order in sandbox.rows("orders_received"):
        number = order["number"]
        total = amount_of(order["total"])
        assert total == total_by_the_rule(order, lines[number]), number
        owed = total - amount_of(order["credits"]) - sum(payments[number])
        if order["paid"] and not payments[number]:
            owed = Decimal(0)
        assert amount_of(order["payment_balance"]) == owed, number
        currencies = {line[name]["currency"] for line in lines[number] for name in ("ordered_unit_price", "sale_price")}
        assert currencies <= {order["total"]["currency"]}


def assert_stock_adds_up(sandbox: Sandbox) -> None:
    """Products have reserved what Submitted and Accepted orders ask for."""
    waiting = {row["number"] for row in sandbox.rows("orders_received") if row["status"] in ("Submitted", "Accepted")}
    reserved: Counter[int] = Counter()
    for line in sandbox.rows("line_items"):
        if line["order"] in waiting:
            reserved[line["product"]] += Decimal(line["quantity"])
    for product in sandbox.rows("products"):
        assert Decimal(product["reserved_qty"]) == reserved[product["id"]]
        if product["inventory_management"] == 1:
            free = Decimal(product["quantity"]) - Decimal(product["reserved_qty"])
            assert Decimal(product["available_inventory"]) == free >= 0


def test_amounts_are_exact_to_the_cent(shared: Sandbox):
    assert_exact(shared)


def test_reserved_stock_is_what_open_orders_ask_for(shared: Sandbox):
    assert_stock_adds_up(shared)


@pytest.mark.parametrize("resource", EVERY)
def test_rows_have_exactly_the_fields_of_the_contract(shared: Sandbox, resource: str):
    record = all_resources()[resource].record
    rows = list(shared.rows(resource))

    fields = set(record.model_fields) - {"marked_for_deletion"}
    assert all(row.keys() - {"marked_for_deletion"} == fields for row in rows)
    decoded = RowDecoder(all_resources()[resource]).decode([to_json(row) for row in rows])
    assert decoded.rejected == []
    assert set(decoded.table["_odd"].to_pylist()) <= {None}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path):
    config = SandboxConfig(orders=80, seed=7)

    def bodies(name: str, config: SandboxConfig) -> list[str | bytes]:
        sandbox = Sandbox.open(tmp_path / name, config, NOW)
        steps = [sandbox.advance(NOW + timedelta(hours=hours)) for hours in (0, 5)]
        found = [body for table in TABLES.values() for body in sandbox.store.bodies(table)]
        sandbox.close()
        return [*map(str, steps), *found]

    first = bodies("first", config)
    assert bodies("second", config) == first
    assert bodies("third", SandboxConfig(orders=80, seed=8)) != first


def test_a_sandbox_keeps_its_size_and_seed_and_is_for_its_owner_only(tmp_path: Path):
    Sandbox.open(tmp_path / "state", SandboxConfig(orders=50, seed=3), NOW).close()

    again = Sandbox.open(tmp_path / "state", SandboxConfig(orders=900, seed=4), NOW + timedelta(days=1))

    assert (again.count("orders_received"), again.config.seed) == (50, 3)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()} == {0o600}
    again.close()


def test_a_damaged_or_foreign_file_is_refused_with_what_to_do(tmp_path: Path):
    (tmp_path / "sandbox.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 30)
    with pytest.raises(ConfigurationError, match="delete it"):
        Sandbox.open(tmp_path, SandboxConfig(), NOW)

    (tmp_path / "sandbox.sqlite").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="another version"):
        Sandbox.open(tmp_path, SandboxConfig(), NOW)


def test_values_come_in_every_known_form(shared: Sandbox):
    orders, lines = list(shared.rows("orders_received")), list(shared.rows("line_items"))
    products, customers = list(shared.rows("products")), list(shared.rows("customers"))

    def kinds(values: Any) -> set[str]:
        return {type(value).__name__ for value in values}

    assert kinds(row["total"]["amount"] for row in orders) == {"int", "Decimal", "str"}
    assert kinds(row["ordered_unit_price"]["amount"] for row in lines) == {"int", "Decimal", "str"}
    assert kinds(row["payment_balance"] for row in orders) == {"int", "Decimal"}
    for name in ("discount", "tax_amount", "final_tax", "credits"):
        assert {"int", "str"} <= kinds(row[name] for row in orders)
    assert kinds(row["customer"] for row in orders) == {"dict", "int"}
    assert kinds(rep for row in orders for rep in row["sales_reps"]) == {"dict", "int"}
    assert kinds(row["available_transitions"] for row in orders) == {"list"}
    assert kinds(row["is_combination"] for row in orders) == {"bool"}
    assert kinds(row["facility_id"] for row in orders) == {"int", "str", "NoneType"}
    assert kinds(row["product"] for row in lines) == {"int"}
    assert kinds(row["quantity"] for row in lines + products) == {"str"}
    assert kinds(row["available_inventory"] for row in products) <= {"int", "Decimal"}
    for name in ("product_data_items", "extern_sts_ids"):
        assert kinds(row[name] for row in products) == {"list", "NoneType"}
    assert kinds(row["ext_acct_id"] for row in customers) == {"int", "str", "NoneType"}
    created = {row["number"]: datetime.fromisoformat(row["created_on"]) for row in orders}
    old = [NOW - created[row["order"]] > timedelta(days=202) for row in lines]
    assert {("marked_for_deletion" in row) for row, is_old in zip(lines, old, strict=True) if is_old} == {True}


def test_instants_have_microseconds_and_changing_offsets(shared: Sandbox):
    orders = list(shared.rows("orders_received"))
    created = [row["created_on"] for row in orders]
    shipped = [row["ship_date"] for row in orders if row["ship_date"]]
    ticked = [row["paid_date"] for row in orders if row["paid_date"]]

    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d", text) for text in created)
    assert {text[-6:] for text in created} >= {"-06:00", "-07:00", "-05:00", "-04:00", "+00:00"}
    assert {datetime.fromisoformat(text).astimezone(NOW.tzinfo).time().isoformat() for text in shipped} == {"12:00:00"}
    assert len({text[-6:] for text in shipped}) > 2
    assert all(date.fromisoformat(text) <= NOW.date() for text in ticked)


def test_texts_are_accented_wide_right_to_left_pictures_empty_and_null(shared: Sandbox):
    texts = [text for row in shared.rows("customers") for text in (row["name"], row["notes"])]
    texts += [row["notes"] for row in shared.rows("orders_received")]

    for sample in ("é", "東", "ب", "🌿", "🙏"):
        assert any(sample in (text or "") for text in texts), sample
    assert {"", None} <= set(texts)


def test_lines_have_cases_parts_of_cases_samples_fees_sales_and_no_multiplier(shared: Sandbox):
    lines = list(shared.rows("line_items"))

    multipliers = Counter(row["unit_multiplier"] for row in lines)
    assert {None, 0, 1, 6, 12, 24, 30} <= multipliers.keys()
    parts = [row for row in lines if Decimal(row["quantity"]) % (row["unit_multiplier"] or 1)]
    assert 0.05 < len(parts) / len(lines) < 0.2
    assert 0.01 < sum(amount_of(row["sale_price"]) > 0 for row in lines) / len(lines) < 0.09
    samples = [row for row in lines if row["is_sample"]]
    assert 0.01 < len(samples) / len(lines) < 0.08
    assert {amount_of(row["ordered_unit_price"]) for row in samples} == {Decimal(0), CENT}
    fees = [row for row in lines if row["product"] in (20001, 20002)]
    assert fees
    assert {(Decimal(row["quantity"]), row["unit_multiplier"]) for row in fees} == {(1, 1)}
    assert 6 < len(lines) / shared.count("orders_received") < 10


def test_orders_have_every_status_and_combined_ones_live_on_in_the_next(shared: Sandbox):
    orders = list(shared.rows("orders_received"))
    combined = [position for position, row in enumerate(orders) if row["status"] == "Combined"]

    assert {row["status"] for row in orders} == STATUSES
    assert combined
    for position in combined:
        old = shared.lines_of(orders[position]["number"])
        successors = [row for row in orders[max(0, position - 2) : position + 3] if row["is_combination"]]
        taken = [{line["product"] for line in shared.lines_of(row["number"])} for row in successors]
        assert any({line["product"] for line in old} <= products for products in taken)


def test_the_world_has_two_sellers_three_brands_each_and_two_currencies(shared: Sandbox):
    orders, products = list(shared.rows("orders_received")), list(shared.rows("products"))
    customers = list(shared.rows("customers"))

    brands = {(row["seller"], row["brand"]) for row in products}
    assert len({seller for seller, _ in brands}) == 2
    assert len({brand for _, brand in brands if brand}) == 6
    assert sum(row["brand"] is None for row in products) == 1
    currencies = Counter((row["seller"], row["total"]["currency"]) for row in orders)
    assert set(currencies) == {(3107, "USD"), (3244, "USD"), (3244, "CAD")}
    assert currencies[3244, "CAD"] < currencies[3244, "USD"] / 4
    for name in ("archived", "delinquent"):
        assert {row[name] for row in customers} == {True, False}
    assert {row["inventory_management"] for row in products} == {1, 2, 3}
    assert "Archived" in {row["listing_state"] for row in products}


def due_date(order: dict[str, Any]) -> date | None:
    invoiced = datetime.fromisoformat(order["ship_date"] or order["created_on"]).astimezone(NOW.tzinfo).date()
    if order["payment_due_date"]:
        return datetime.fromisoformat(order["payment_due_date"]).astimezone(NOW.tzinfo).date()
    option = (order["selected_payment_option"] or {}).get("payment_term") or {}
    words = option.get("term") or option.get("code") or order["payment_term"]
    if words is None:
        return None
    days = re.fullmatch(r"net ?(\d+)", words.lower())
    return invoiced + timedelta(days=int(days[1]) if days else 0)


def test_receivables_of_every_age_and_every_way_of_paying(shared: Sandbox):
    payments = defaultdict(list)
    for payment in shared.rows("order_payments"):
        payments[payment["order"]].append(amount_of(payment["total"]))
    buckets: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    for order in shared.rows("orders_received"):
        if order["status"] not in ("Shipped", "Complete"):
            continue
        owed, paid = amount_of(order["payment_balance"]), payments[order["number"]]
        ways["ticked without a payment"] += order["paid"] and not paid
        ways["never ticked"] += not order["paid"] and owed == 0
        ways["part"] += not order["paid"] and owed > 0 and sum(paid) > 0
        ways["money back"] += any(each < 0 for each in paid)
        ways["bounced"] += sum(paid) == 0 and len(paid) == 2
        ways["nothing"] += not order["paid"] and not paid
        ways["credits"] += amount_of(order["credits"]) > 0
        if owed == 0:
            continue
        due = due_date(order)
        late = None if due is None else (NOW.date() - due).days
        if owed < 0:
            buckets["credit"] += 1
        elif late is None:
            buckets["no due date"] += 1
        else:
            buckets[str(max(-1, min(120, late - 1) // 30))] += 1

    assert all(ways.values()), ways
    assert set(buckets) == {"credit", "no due date", "-1", "0", "1", "2", "3", "4"}
    assert 0.7 < shared.count("order_payments") / shared.count("orders_received") < 1.1


def test_nothing_happens_to_an_order_before_it_was_created_or_after_now(shared: Sandbox):
    orders = {row["number"]: row for row in shared.rows("orders_received")}
    products = {row["id"]: row for row in shared.rows("products")}

    def moment(row: dict[str, Any], name: str) -> datetime:
        return datetime.fromisoformat(row[name])

    for order in orders.values():
        assert moment(order, "created_on") <= moment(order, "modified") <= NOW
        if order["status"] in ("Shipped", "Complete") and order["ship_date"]:
            assert moment(order, "ship_date").date() >= moment(order, "created_on").date()
    for payment in shared.rows("order_payments"):
        created = moment(orders[payment["order"]], "created_on")
        assert created <= moment(payment, "payment_date") <= moment(payment, "created_on") <= NOW
    for line in shared.rows("line_items"):
        assert moment(products[line["product"]], "created_on") <= moment(orders[line["order"]], "created_on")


def test_terms_are_told_in_every_way(shared: Sandbox):
    orders = list(shared.rows("orders_received"))
    options = [row["selected_payment_option"]["payment_term"] for row in orders if row["selected_payment_option"]]

    assert {option["days"] for option in options} == {None, 0, 7, 15, 30, 45, 60}
    assert any(option["days"] is None and option["code"].startswith("net") for option in options)
    assert any(option["term"] is None for option in options)
    assert {"Net 30", "COD", "Prepay", None} <= {
        row["payment_term"] for row in orders if not row["selected_payment_option"]
    }
    assert any(row["payment_due_date"] for row in orders)
