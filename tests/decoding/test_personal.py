"""What is personal in a row reaches no file untreated, whatever becomes of the row; all else comes through as it is."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decoding.oddities import RejectedRow
from pipeline.decoding.personal import Treatment
from pipeline.decoding.rows import DecodedRows, RowDecoder
from pipeline.extract.batches import Decoders, Workshop
from pipeline.extract.reading import Reading
from pipeline.landing import Landing
from pipeline.resources import Appended, Changed, Full, Resource, WithParent, all_resources
from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.personal import is_personal
from pipeline.resources.types import Json, Kind, Record, RequiredInteger, Text, Texts, personal

PLANTED = "Ottilie Quirk"
HASH, DROP = Treatment(b"k" * 32), Treatment(None)
BOTH = pytest.mark.parametrize("treatment", [HASH, DROP], ids=["hash", "drop"])
EVERY = pytest.mark.parametrize("resource", all_resources().values(), ids=lambda each: each.name)

_PLAIN: dict[Kind, Any] = {
    Kind.INTEGER: 7,
    Kind.LOOSE_INTEGER: 7,
    Kind.TEXT: "plain",
    Kind.LOOSE_TEXT: "plain",
    Kind.BOOLEAN: True,
    Kind.LOOSE_BOOLEAN: True,
    Kind.EXACT: "1.5",
    Kind.INSTANT: "2026-05-01T10:00:00Z",
    Kind.INSTANT_OR_DAY: "2026-05-01T10:00:00Z",
    Kind.DAY: "2026-05-01",
    Kind.JSON: {"any": 1},
    Kind.TEXTS: ["plain"],
}
_SECRET: dict[Kind, Any] = {
    Kind.TEXT: PLANTED,
    Kind.LOOSE_TEXT: PLANTED,
    Kind.JSON: {"any": [PLANTED]},
    Kind.TEXTS: [PLANTED],
    Kind.EXACT: "39.7392358",
}


def planted_row(record: type[Record], *, is_whole: bool = False) -> dict[str, Any]:
    """Return a row that has every field, and something to find in all that are personal."""
    return {
        name: planted_value(shape_of(info), is_whole=is_whole or is_personal(info))
        for name, info in record.model_fields.items()
    }


def planted_value(shape: Shape, *, is_whole: bool) -> Any:
    if shape.is_list:
        item = Shape(kind=shape.kind, record=shape.record)
        return [planted_value(item, is_whole=is_whole)]
    if shape.record is not None:
        return planted_row(shape.record, is_whole=is_whole)
    assert shape.kind is not None
    return _SECRET.get(shape.kind, _PLAIN[shape.kind]) if is_whole else _PLAIN[shape.kind]


def decode(resource: Resource, *rows: Any) -> DecodedRows:
    return RowDecoder(resource).decode([row if isinstance(row, bytes) else orjson.dumps(row) for row in rows])


def holds(content: object, *planted: str) -> bool:
    """Whether what was planted shows anywhere, written in whatever way."""
    text = repr(content)
    return any(part in text for part in planted or (*PLANTED.split(), "39.739"))


def rejected_of(treatment: Treatment, resource: Resource, row: Any) -> RejectedRow:
    (rejected,) = treatment.treat_rejected(resource, decode(resource, row).rejected)
    return rejected


def personal_paths(record: type[Record], path: str = "") -> Iterator[str]:
    for name, info in record.model_fields.items():
        inner = shape_of(info).record
        if is_personal(info):
            yield path + name
        elif inner is not None:
            yield from personal_paths(inner, f"{path}{name}.")


@BOTH
@EVERY
def test_no_column_holds_anything_personal_and_the_others_are_as_they_were(
    resource: Resource, treatment: Treatment
) -> None:
    decoded = decode(resource, planted_row(resource.record))

    treated = treatment.treat_table(resource, decoded.table)

    assert decoded.rejected == []
    assert holds(decoded.table.to_pylist()) or not list(personal_paths(resource.record))
    assert not holds(treated.to_pylist())
    treated.validate(full=True)
    assert treated.schema == decoded.table.schema
    touched = {path.partition(".")[0] for path in personal_paths(resource.record)} | {"_extra"}
    untouched = [name for name in treated.column_names if name not in touched]
    assert treated.select(untouched) == decoded.table.select(untouched)


def test_what_is_not_personal_inside_an_object_stays() -> None:
    orders = all_resources()["orders_received"]
    row = {"number": "n", "created_on": "2026-05-01T10:00:00Z", "status": "Accepted"}
    row |= {"sales_reps": [{"id": 7, "user": PLANTED}, 8], "corporate_address": {"city": PLANTED, "state": "CO"}}

    (treated,) = DROP.treat_table(orders, decode(orders, row).table).to_pylist()

    assert treated["sales_reps"] == [{"id": 7, "user": None}, {"id": 8, "user": None}]
    assert treated["corporate_address"]["state"] == "CO"
    assert treated["corporate_address"]["city"] is None
    assert treated["delivery_address"] is None


@EVERY
def test_no_row_is_found_by_something_personal(resource: Resource) -> None:
    refresh, names = resource.refresh, {resource.key}
    if isinstance(refresh, Changed):
        names |= {refresh.modified_field, refresh.created_field, refresh.open_flag or resource.key}
    elif isinstance(refresh, Appended | WithParent):
        names |= {refresh.parent_key or resource.key}

    assert [name for name in names if is_personal(resource.record.model_fields[name])] == []


def test_equal_texts_have_equal_hashes_wherever_they_stand() -> None:
    customers, orders = all_resources()["customers"], all_resources()["orders_received"]
    order = {"number": "n", "created_on": "2026-05-01T10:00:00Z", "status": "Draft", "user": "303"}
    rows = [{"id": 1, "notes": PLANTED, "phone": 303}, {"id": 2, "email": PLANTED, "notes": ""}, {"id": 3}]

    first, second, third = HASH.treat_table(customers, decode(customers, *rows).table).to_pylist()
    (other,) = HASH.treat_table(orders, decode(orders, order).table).to_pylist()

    assert re.fullmatch("[0-9a-f]{32}", first["notes"])
    assert first["notes"] == second["email"]
    assert first["phone"] == other["user"] != first["notes"]
    assert (second["notes"], third["notes"]) == ("", None)


def test_another_key_makes_other_hashes_and_shows_in_the_label() -> None:
    customers = all_resources()["customers"]
    table = decode(customers, {"id": 1, "email": PLANTED}).table
    other = Treatment(b"o" * 32)

    assert HASH.treat_table(customers, table) == Treatment(b"k" * 32).treat_table(customers, table)
    assert HASH.treat_table(customers, table) != other.treat_table(customers, table)
    assert len({HASH.label, other.label, DROP.label}) == 3
    assert HASH.label == Treatment(b"k" * 32).label


@BOTH
def test_unknown_fields_are_taken_for_personal_with_their_names(treatment: Treatment) -> None:
    customers = all_resources()["customers"]
    row = {"id": 1, "contact": PLANTED, "corporate_address": {"state": "CO", PLANTED: 1}}
    decoded = decode(customers, row)

    (treated,) = treatment.treat_table(customers, decoded.table).to_pylist()

    assert holds(decoded.table.column("_extra").to_pylist())
    assert not holds(treated)
    assert treated["corporate_address"]["state"] == "CO"
    assert treated["_extra"] is None or isinstance(orjson.loads(treated["_extra"]), str)
    assert treatment.treat_names(decoded.fields.unknown).keys() == {"contact"}


class Contact(Record):
    name: Text = None


class Odd(Record):
    id: RequiredInteger
    contacts: list[Contact] | None = personal("A list of objects, personal as a whole.")
    links: Json = personal("Anything, personal.")
    nicknames: Texts = personal("Texts, personal.")


ODD = Resource(path="odd/", record=Odd, key="id", refresh=Full())


@BOTH
def test_lists_objects_and_free_form_fields_may_be_personal_as_a_whole(treatment: Treatment) -> None:
    row = {"id": 1, "contacts": [{"name": PLANTED}], "links": {PLANTED: [PLANTED]}, "nicknames": [PLANTED, ""]}
    decoded = decode(ODD, row, {"id": 2, "contacts": [], "links": None})

    first, second = treatment.treat_table(ODD, decoded.table).to_pylist()

    assert not holds(first)
    if treatment is HASH:
        assert first["nicknames"][0] == first["contacts"][0]["name"] != PLANTED
        assert isinstance(orjson.loads(first["links"]), str)
        assert (second["contacts"], second["links"]) == ([], None)
    else:
        assert (first["contacts"], first["links"], first["nicknames"]) == (None, None, None)


def plain_fields(record: type[Record]) -> Iterator[str]:
    """Yield the fields that are neither personal nor could hold a list."""
    for name, info in record.model_fields.items():
        shape = shape_of(info)
        if shape.kind not in (None, Kind.JSON, Kind.TEXTS) and not shape.is_list and not is_personal(info):
            yield name


@BOTH
@pytest.mark.parametrize(
    "resource",
    [each for each in all_resources().values() if len(list(plain_fields(each.record))) > 1],  # more than the key
    ids=lambda each: each.name,
)
def test_a_row_that_is_set_aside_keeps_only_what_is_not_personal(resource: Resource, treatment: Treatment) -> None:
    row = planted_row(resource.record) | {"unheard_of": PLANTED, PLANTED: 1}

    rejected = rejected_of(treatment, resource, row | {resource.key: [PLANTED]})

    assert not holds([rejected.raw, rejected.reason, rejected.path])
    assert rejected.path == resource.key
    assert rejected.key is None
    kept = orjson.loads(rejected.raw)
    assert kept.keys() == resource.record.model_fields.keys()


@BOTH
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notes", [PLANTED]),
        ("notes", {PLANTED: PLANTED}),
        ("corporate_address", PLANTED),
        ("corporate_address", [PLANTED]),
        ("corporate_address", {"city": {PLANTED: 1}}),
        ("lat", PLANTED),
        ("lat", f"39.7392358 {PLANTED}"),
        ("discount_percent", f"ask {PLANTED}"),
        ("created_on", f"2026-05-01T10:00:00Z {PLANTED}"),
        ("managers", [PLANTED]),
        ("owner", {"id": "x", "email": PLANTED}),
        ("available_payment_options", [{"id": PLANTED}]),
        ("id", PLANTED),
    ],
)
def test_a_bad_value_is_not_quoted(field: str, value: Any, treatment: Treatment) -> None:
    customers = all_resources()["customers"]
    decoded = decode(customers, {"id": 1, field: value, "discount_percent": value})

    rejected = treatment.treat_rejected(customers, decoded.rejected)
    landed = treatment.treat_table(customers, decoded.table).to_pylist()

    assert len(rejected) + len(landed) == 1
    assert not holds([[(each.raw, each.reason, each.path) for each in rejected], landed, decoded.fields.unusual])


@BOTH
@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (b'"Ottilie"', b""),
        (b'{"id": 1, Ottilie}', b""),
        (b'{"id": 1, "notes": "Ottilie}', b""),
        (b'{"id": null, "notes": Ottilie, "dba": "x"}', None),
        (b'{"id": null, "email": "Ottilie \\ud800", "dba": "x"}', None),
        (b'{"id": null, "name": "x", "notes": "Ottilie", "notes": "Ottilie \xff"}', None),
        (b'{"id": null, "Ottilie Quirk": nonsense}', b'{"id":null}'),
        (b'{"id": null, "corporate_address": {"Ottilie: 3": 1}}', b'{"id":null,"corporate_address":{}}'),
        (b'{"id": null, "name": Ottilie}', None),
    ],
)
def test_what_is_no_json_is_treated_part_by_part_or_dropped(
    raw: bytes, kept: bytes | None, treatment: Treatment
) -> None:
    rejected = rejected_of(treatment, all_resources()["customers"], raw)

    assert not holds([rejected.raw, rejected.reason, rejected.path])
    assert rejected.reason
    assert rejected.raw.startswith(b'{"id":null,') if kept is None else rejected.raw == kept


def test_a_row_that_is_set_aside_hashes_as_a_column_does() -> None:
    customers = all_resources()["customers"]
    rows = [{"id": 1, "email": PLANTED, "phone": 303}, {"id": None, "email": PLANTED, "phone": 303}]
    decoded = decode(customers, *rows)

    (landed,) = HASH.treat_table(customers, decoded.table).to_pylist()
    (rejected,) = HASH.treat_rejected(customers, decoded.rejected)

    aside = orjson.loads(rejected.raw)
    assert (aside["email"], aside["phone"]) == (landed["email"], landed["phone"])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.just(PLANTED) | st.just(f"7 {PLANTED}"),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "user", "z"]), inner, max_size=3)
    ),
    max_leaves=4,
)
_NOT_TEXTS = [
    name
    for name, info in all_resources()["orders_received"].record.model_fields.items()
    if is_personal(info) or shape_of(info).kind not in {Kind.TEXT, Kind.LOOSE_TEXT, Kind.TEXTS, Kind.JSON}
]


_FIELDS = st.dictionaries(st.sampled_from([*_NOT_TEXTS, "new"]), _JSON, max_size=4)


@BOTH
@settings(max_examples=15)  # of eight rows: a new decoder costs more than they do
@given(rows=st.lists(_FIELDS, min_size=8, max_size=8))
def test_nothing_planted_outside_of_business_texts_is_ever_left(
    rows: list[dict[str, Any]], treatment: Treatment
) -> None:
    orders = all_resources()["orders_received"]
    usual = {"created_on": "2026-05-01T10:00:00Z", "status": "Draft"}
    decoded = decode(orders, *(usual | {"number": f"n{index}"} | fields for index, fields in enumerate(rows)))

    treated = treatment.treat_table(orders, decoded.table).to_pylist()
    rejected = treatment.treat_rejected(orders, decoded.rejected)

    assert len(treated) + len(rejected) == len(rows)
    assert not holds([treated, rejected, decoded.fields.unusual])


@BOTH
def test_what_is_landed_and_what_the_journal_is_given_is_treated(tmp_path: Path, treatment: Treatment) -> None:
    orders, reading = all_resources()["orders_received"], Reading()
    line = {"id": 1, "order": "n", "notes": PLANTED, "reason": PLANTED}
    row = {"number": "n", "created_on": "2026-05-01T10:00:00Z", "status": "Draft", "user": PLANTED}
    rows = [row | {"line_items": [line, line | {"id": 2, "quantity": PLANTED}]}, row | {"number": "m", "paid": PLANTED}]
    workshop = Workshop(Landing(tmp_path), "r", "c", datetime(2026, 5, 1, tzinfo=UTC), personal=treatment)
    decoders = Decoders(orders, all_resources())

    decoders.land([orjson.dumps(each) for each in rows], workshop, reading)

    lines = reading.children["line_items"]
    assert ([each.key for each in reading.rejected], [each.key for each in lines.rejected]) == (["m"], ["2"])
    assert [batch.resource for batch in reading.files()] == ["orders_received", "line_items"]
    assert not holds([reading.rejected, lines.rejected])
    assert not holds(msgspec.json.encode(reading))
    for batch in reading.files():
        assert not holds(pq.read_table(tmp_path / batch.file).to_pylist())
