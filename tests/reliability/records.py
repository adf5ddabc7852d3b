"""Generated records: rows with odd values in them, what must become of each, and what does."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.decoding.rows import DecodedRows, RowDecoder
from pipeline.extract.batches import Workshop
from pipeline.landing import Landing
from pipeline.resources import all_resources
from pipeline.warehouse.merge import append
from pipeline.warehouse.tables import create_raw

from . import oddities as odd
from .oddities import ODD, UNREADABLE, Kind, Refused

_NEW = "brand_new"
# Fields of three resources, and how each is to be understood. Fields with a dot are inside an object.
FIELDS: dict[str, dict[str, Kind]] = {
    "orders_received": {
        "number": odd.key_text, "created_on": odd.instant, "status": odd.text, "short_id": odd.text, "buyer": odd.whole,
        "paid": odd.truth, "manual": odd.truth, "discount": odd.amount, "payment_balance": odd.exact,
        "paid_date": odd.day, "modified": odd.instant, "ship_date": odd.instant_or_day,
        "available_transitions": odd.texts, "external_id_seller": odd.text, "facility_id": odd.whole,
        "is_combination": odd.truth, "brand_ids": odd.wholes, "total.amount": odd.amount, "total.currency": odd.text,
        "shipping_charge.amount": odd.exact, "customer.id": odd.whole, "customer.display_name": odd.text,
        "customer.delinquent": odd.truth, "delivery_info.acquire_date": odd.instant,
    },
    "line_items": {
        "id": odd.key, "order": odd.text, "quantity": odd.amount, "product": odd.whole, "notes": odd.text,
        "is_sample": odd.truth, "unit_multiplier": odd.whole, "packed_at": odd.instant, "on_sale": odd.truth,
        "ordered_unit_price.amount": odd.amount, "position": odd.whole, "wholesale_price": odd.exact,
    },
    "order_payments": {
        "id": odd.key, "order": odd.text, "created_on": odd.instant, "payment_date": odd.instant_or_day,
        "total.amount": odd.amount, "total.currency": odd.text, "recorded_by": odd.whole, "reason": odd.text,
    },
}  # fmt: skip
_FREE_FORM = {"orders_received": ("external_ids",), "line_items": ("frozen_data", "package_tags")}
_NEVER_NULL = {
    "orders_received": {"number", "created_on", "status", "customer.id"},
    "line_items": {"id", "order"},
    "order_payments": {"id", "order"},
}
# What a row is worthless without, when it is there and cannot be read.
_ESSENTIAL = {
    "orders_received": {"paid", "discount", "total.amount", "total.currency"},
    "line_items": {"quantity", "product", "is_sample", "unit_multiplier", "ordered_unit_price.amount"},
    "order_payments": {"total.amount", "total.currency"},
}
_KEYS = {"orders_received": "number", "line_items": "id", "order_payments": "id"}
_GOOD = {
    odd.whole: b"5", odd.key: b"5", odd.text: b'"some text"', odd.key_text: b'"n"', odd.truth: b"true",
    odd.exact: b'"12.5000"', odd.amount: b'"12.5000"', odd.instant: b'"2026-05-01T10:00:00-06:00"',
    odd.instant_or_day: b'"2026-05-02"', odd.day: b'"2026-05-03"', odd.texts: b'["a", "b"]', odd.wholes: b"[1, 2]",
}  # fmt: skip


@dataclass(frozen=True)
class Record:
    """A row as it is sent. It lands with these columns, the odd fields named; or is set aside with one of `paths`."""

    resource: str
    key: str
    raw: bytes
    columns: Mapping[str, Any]
    odd: frozenset[str]
    paths: frozenset[str]


def make_record(rng: Random, number: int) -> Record:
    """Return a record with up to two odd values; `number` makes its key, unless that is what is odd."""
    resource = rng.choice(tuple(FIELDS))
    names = [*FIELDS[resource], *_FREE_FORM.get(resource, ()), _NEW]
    present = [name for name in names if _is_needed(resource, name) or rng.random() < 0.5]
    key = f"n-{number}" if resource == "orders_received" else str(number)
    texts = {name: [_good(resource, name, number)] for name in present}
    for name in rng.sample(present, min(len(present), rng.choice((0, 1, 1, 1, 1, 2)))):
        kind = rng.random()
        if kind < 0.05 and "." not in name and not any(found[0] in UNREADABLE for found in texts.values()):
            texts[name] = [rng.choice(UNREADABLE)]  # two of them may make one value of all that is between
        elif kind < 0.12:
            texts[name] = [*texts[name], rng.choice((texts[name][0], b"null", b"1"))]
        else:
            texts[name] = [odd.random_text(rng) if kind < 0.4 else rng.choice(ODD)]
    columns, odd_paths, paths = expected(resource, texts)
    return Record(resource, key, _written(texts, rng), columns, odd_paths, paths)


def _is_needed(resource: str, name: str) -> bool:
    # An object has its id, or it is not there at all.
    return name in _NEVER_NULL[resource]


def _good(resource: str, name: str, number: int) -> bytes:
    if name == _KEYS[resource]:
        return f'"n-{number}"'.encode() if resource == "orders_received" else str(number).encode()
    kind = FIELDS[resource].get(name)
    return b'{"a": [1.10, null]}' if kind is None else _GOOD[kind]


def expected(
    resource: str, texts: Mapping[str, Sequence[bytes]]
) -> tuple[dict[str, Any], frozenset[str], frozenset[str]]:
    """Return the columns that the fields land as, the paths of odd values, and of those that must be refused."""
    columns: dict[str, Any] = {}
    odd_paths, paths = set[str](), set[str]()
    for name, found in texts.items():
        if found[0] in UNREADABLE:
            paths |= {"", name}
            continue
        try:
            if len(found) > 1:
                raise Refused("twice")
            value = _expect(resource, name, found[0])
        except Refused as error:
            value = error.instead
            is_essential = name in _NEVER_NULL[resource] or name in _ESSENTIAL[resource]
            (paths if is_essential else odd_paths).add(name)
        _place(columns, name, value)
    return columns, frozenset(odd_paths), frozenset(paths)


def _expect(resource: str, name: str, text: bytes) -> Any:
    """Return what a field lands as. Raises Refused."""
    kind = FIELDS[resource].get(name)
    if kind is None:
        _check_free_form(text)
        written = text.decode()
        return f'{{"{_NEW}":{written}}}' if name == _NEW else None if written == "null" else written
    value = odd.value_of(text)
    result = None if value is None else kind(value)
    if result is None and name in _NEVER_NULL[resource]:
        raise Refused("never null")
    return result


def _place(columns: dict[str, Any], name: str, value: Any) -> None:
    outer, _, inner = name.partition(".")
    if name == _NEW:
        columns["_extra"] = value
    elif outer in ("total", "ordered_unit_price", "shipping_charge"):
        columns[f"{outer}_{inner}"] = value
    elif inner:
        columns[outer] = columns.get(outer, {}) | {inner: value}
    else:
        columns[name] = value


def _check_free_form(text: bytes) -> None:
    """Raise Refused for what no JSON column can hold. A name may come twice: the text stays as it came."""
    try:
        value = json.loads(text.decode(), parse_constant=odd._refuse, parse_int=str, parse_float=str)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from error


def _written(texts: Mapping[str, Sequence[bytes]], rng: Random) -> bytes:
    """Return the row as JSON, its fields in any order and with one of the usual spacings."""
    colon, comma = rng.choice(((b":", b","), (b": ", b", "), (b": ", b",\n  "), (b" :", b" ,")))
    members: dict[str, list[bytes]] = {}
    for name, found in texts.items():
        outer, _, inner = name.partition(".")
        members.setdefault(outer, [])
        members[outer] += [f'"{inner}"'.encode() + colon + each for each in found] if inner else found
    pairs = []
    for outer, found in members.items():
        is_object = any(name.startswith(f"{outer}.") for name in texts)
        values = [b"{" + comma.join(found) + b"}"] if is_object else found
        pairs += [f'"{outer}"'.encode() + colon + value for value in values]
    rng.shuffle(pairs)
    return b"{" + comma.join(pairs) + b"}"


class Warehouse:
    """Decodes records in batches, lands them as Parquet, loads them into DuckDB, and compares all three."""

    def __init__(self, folder: Path) -> None:
        self._landing = Landing(folder)
        self._workshop = Workshop(self._landing, "20261124T000000Z-0000", "default", datetime(2026, 11, 24, tzinfo=UTC))
        self._resources = all_resources()
        self._decoders = {name: RowDecoder(self._resources[name]) for name in FIELDS}
        self._con = duckdb.connect()
        self._con.execute("SET TimeZone = 'UTC'")
        create_raw(self._con, (self._resources[name] for name in FIELDS))

    def check(self, records: Sequence[Record]) -> tuple[int, int]:
        """Take records through everything; return how many landed and how many were set aside.

        Raises AssertionError for one of which neither is true, or that is not what it was.
        """
        landed, aside = 0, 0
        for name in FIELDS:
            mine = [record for record in records if record.resource == name]
            decoded = self._decoders[name].decode([record.raw for record in mine])
            landed += self._check_landed(name, [record for record in mine if not record.paths], decoded)
            aside += self._check_set_aside([record for record in mine if record.paths], decoded)
            assert decoded.table.num_rows + len(decoded.rejected) == len(mine)
        return landed, aside

    def _check_landed(self, name: str, records: list[Record], decoded: DecodedRows) -> int:
        if records:
            _compare(records, decoded.table, [each.raw for each in decoded.rejected])
            batch = self._workshop.write(name, decoded.table)
            self._con.execute(f"DELETE FROM raw.{name}")
            with self._landing.fetched([batch]) as files:
                append(self._con, self._resources[name], files)
            _compare(records, self._con.sql(f"SELECT * FROM raw.{name}").to_arrow_table(), [])
        return len(records)

    def _check_set_aside(self, records: list[Record], decoded: DecodedRows) -> int:
        found = {each.raw: each for each in decoded.rejected}
        for record in records:
            assert record.raw in found, f"landed, though {set(record.paths)} is not fit: {record.raw[:500]!r}"
            path = found[record.raw].path
            assert _names(path, record.paths), f"{path!r} is blamed for {set(record.paths)}: {record.raw[:500]!r}"
        if decoded.rejected:
            batch = self._workshop.write_quarantine([("any", each) for each in decoded.rejected])
            with self._landing.fetched([batch]) as files:
                rows = self._con.execute("SELECT path FROM read_parquet(?)", [files]).fetchall()
            assert [path for (path,) in rows] == [each.path for each in decoded.rejected]
        return len(records)


def _names(path: str, expected_paths: frozenset[str]) -> bool:
    """Whether a path is one of these, or is inside one that is a list or an object."""
    return any(path == each or (each != "" and path.startswith(f"{each}.")) for each in expected_paths)


def _in_microseconds(kind: pa.DataType) -> pa.DataType:
    """Return a type with whole numbers for instants: Python knows no year 10000, where 9999 ends in some zones."""
    if pa.types.is_timestamp(kind):
        return pa.int64()
    return pa.struct([(each.name, _in_microseconds(each.type)) for each in kind]) if pa.types.is_struct(kind) else kind


def _compare(records: list[Record], table: pa.Table, rejected: list[bytes]) -> None:
    by_key: dict[str, list[dict[str, Any]]] = {}
    schema = pa.schema([(each.name, _in_microseconds(each.type)) for each in table.schema])
    for row in table.cast(schema).to_pylist():
        by_key.setdefault(str(row[_KEYS[records[0].resource]]), []).append(row)
    for record in records:
        assert record.raw not in rejected, f"set aside, though it is fit: {record.raw[:500]!r}"
        # An odd key may be the key of several records: then one of the rows must be this one's.
        rows = by_key[str(record.columns[_KEYS[record.resource]])]
        differences = [list(_differences(record, row)) for row in rows]
        assert [] in differences, f"{differences[0]} of {record.raw[:500]!r}"


def _differences(record: Record, row: Mapping[str, Any]) -> Iterator[str]:
    for name, value in record.columns.items():
        actual = row[name]
        if isinstance(value, dict) and actual is not None:
            actual = {inner: actual[inner] for inner in value}
        if name in record.odd and value is None and isinstance(actual, list):
            actual = None if not any(actual) else actual  # no item of it can be read
        if actual != value or type(actual) is not type(value):
            yield f"{name} is {str(actual)[:200]}, not {str(value)[:200]}"
    found = json.loads(row["_odd"] or "{}")
    if any(not _names(path, record.odd) for path in found) or any(not _is_told(path, found) for path in record.odd):
        yield f"_odd is {row['_odd']}, not about {set(record.odd)}"


def _is_told(path: str, found: Iterable[str]) -> bool:
    """Whether a path, or one inside it, is among those that were found."""
    return any(each == path or each.startswith(f"{path}.") for each in found)
