"""Drift: how the fields that were met differ from the contract, noted while decoding from what is known there anyway.

Paths are written `total`, `customer.foo` for what is inside an object, and `sales_reps[].foo` for what is inside the
objects of a list. Values are never noted, but those of fields that declare which values are known.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET
from msgspec.structs import astuple

from pipeline.decoding.fields import Drift, DriftKind, Fields
from pipeline.decoding.layout import Layout, Member, columns_of_values, values_in
from pipeline.decoding.oddities import Odd, RejectedRow
from pipeline.resources import Resource
from pipeline.resources.columns import shape_of
from pipeline.resources.types import Kind, Record

# In fewer rows than this, that a field is missing says nothing.
FEWEST_ROWS = 100
# Where names are data there is no end of new ones.
_MOST_PATHS = 300
_MOST_REASONS = 3
_MOST_VALUES = 20
_LONGEST = 100
_TYPES = {b'"': "text", b"{": "object", b"[": "list", b"t": "boolean", b"f": "boolean", b"n": "null"}
_INDEX = re.compile(r"\[\d+\]")
_ANY_INDEX = re.compile(r"\[[^\]]*\]|\.\d+(?=\.|$)")  # as msgspec and pydantic write it

_NAMES_OF_TYPES: dict[type, str] = {str: "text", int: "number", bool: "boolean", dict: "object", list: "list"}
_USUAL: dict[Kind, frozenset[type]] = {
    Kind.INTEGER: frozenset({int}),
    Kind.LOOSE_INTEGER: frozenset({int, str}),
    Kind.LOOSE_TEXT: frozenset({int, str}),
    Kind.BOOLEAN: frozenset({bool}),
    Kind.LOOSE_BOOLEAN: frozenset({bool, str}),
    Kind.TEXTS: frozenset({list, str}),
}

Counts = dict[str, dict[str, int]]


# Strict, so that the journal of another version is not misread.
class FieldTally(msgspec.Struct, forbid_unknown_fields=True):
    """A count of the fields that a number of rows of one resource had.

    `slow_rows` had to be taken apart. `nulls` counts by column; `unknown` counts the types of fields that the contract
    does not name, `unusual` the other types, and the odd values, of those that it names. `carried` are the known fields
    that some row had; `lacking` counts the rows (or objects) without a field, of those in which none had it. `values`
    are the new ones of fields that declare their values.
    """

    rows: int = 0
    slow_rows: int = 0
    nulls: dict[str, int] = msgspec.field(default_factory=dict)
    unknown: Counts = msgspec.field(default_factory=dict)
    unusual: Counts = msgspec.field(default_factory=dict)
    carried: set[str] = msgspec.field(default_factory=set)
    lacking: dict[str, int] = msgspec.field(default_factory=dict)
    values: dict[str, set[str]] = msgspec.field(default_factory=dict)

    def add(self, other: "FieldTally") -> None:
        """Take in what was met in further rows."""
        self.rows += other.rows
        self.slow_rows += other.slow_rows
        self.carried |= other.carried
        for mine, others in ((self.nulls, other.nulls), (self.lacking, other.lacking)):
            for name, count in others.items():
                mine[name] = mine.get(name, 0) + count
        for counts, more in ((self.unknown, other.unknown), (self.unusual, other.unusual)):
            for path, found in more.items():
                for what, count in found.items():
                    _count(counts, path, what, count)
        for name, values in other.values.items():
            self.values.setdefault(name, set()).update(values)

    def note_carried(
        self, column_of: Callable[[int], Iterable[Any]], size: int, layout: Layout, path: str = ""
    ) -> None:
        """Note which known fields a number of rows (or objects) had; `column_of` gives the values of a field.

        Of a field that all have it looks at no value, of others at those up to the first one that is there.
        """
        for index, member in enumerate(layout.members):
            if member.shape is None:
                continue
            name = path + member.name
            if member.is_everywhere or _is_in(column_of(index), member):
                self.carried.add(name)
            else:
                self.lacking[name] = self.lacking.get(name, 0) + size
            if member.name in layout.nested:
                path_inside = f"{name}[]." if member.shape.is_list else f"{name}."
                self._note_objects(values_in(column_of(index), member), layout.nested[member.name], path_inside)

    def _note_objects(self, values: Iterable[Any], layout: Layout, path: str) -> None:
        found = (value for value in values if value.__class__ is layout.struct)
        # Where all objects have the same fields, one of them says it all.
        objects = list(found if layout.varies else itertools.islice(found, 1))
        if objects:
            self.note_carried(lambda index: map(attrgetter(f"f{index}"), objects), len(objects), layout, path)

    def note_unknown(self, extras: Iterable[Mapping[str, msgspec.Raw] | None]) -> None:
        """Note the fields that the contract does not name, with the types of their values."""
        for extra in extras:
            for path, raw in (extra or {}).items():
                _count(self.unknown, _INDEX.sub("[]", path), _TYPES.get(bytes(raw)[:1], "number"))

    def note_types(self, columns: Sequence[Sequence[Any]], layout: Layout, path: str = "") -> None:
        """Note in which other types fields have come than their contract's."""
        if not layout.bends:
            return
        for member, column in zip(layout.members, columns, strict=True):
            name = path + member.name
            if member.is_bent:
                for found, count in Counter(map(type, column)).items():
                    if found in _NAMES_OF_TYPES and not _is_usual(found, member):
                        _count(self.unusual, name, f"as {_NAMES_OF_TYPES[found]}", count)
            elif member.name in layout.nested and layout.nested[member.name].bends:
                inner = layout.nested[member.name]
                objects = [astuple(value) for value in values_in(column, member) if value.__class__ is inner.struct]
                if objects:
                    brackets = "[]." if member.shape is not None and member.shape.is_list else "."
                    self.note_types(columns_of_values(objects, inner), inner, name + brackets)

    def note_odd(self, rows: Iterable[Mapping[str, Odd]]) -> None:
        """Note the values that their columns cannot hold."""
        for row in rows:
            for path, odd in row.items():
                _count(self.unusual, _ANY_INDEX.sub("[]", path), odd.reason)

    def note_columns(self, table: pa.Table, known: Mapping[str, frozenset[str]]) -> None:
        """Note how many values are null, and new values of the fields in `known` (`total`, or `customer.foo`)."""
        self.rows += table.num_rows
        for name, column in zip(table.column_names, table.columns, strict=True):
            if name not in ("_extra", "_odd"):
                self.nulls[name] = self.nulls.get(name, 0) + column.null_count
        for path, values in known.items():
            name, *inside = path.split(".")
            column = pc.struct_field(table.column(name), inside) if inside else table.column(name)
            new = {str(value) for value in pc.unique(column).to_pylist() if value is not None} - values
            if new:
                self.values.setdefault(path, set()).update(sorted(new)[:_MOST_VALUES])

    def summarise(self, rejected: Iterable[RejectedRow], *, is_complete: bool) -> Fields:
        """Return what the manifest says of it; `rejected` are the rows that broke their contract.

        Only of a read that `is_complete`, and of enough rows, is it said that a field is missing.
        """
        retyped: Counts = {path: dict(reasons) for path, reasons in self.unusual.items()}
        for row in rejected:
            if row.path:
                _count(retyped, _ANY_INDEX.sub("[]", row.path), row.reason)
        missing = {
            path: {"nowhere": count}
            for path, count in self.lacking.items()
            if is_complete and count >= FEWEST_ROWS and path not in self.carried
        }
        values = {name: dict.fromkeys(found, 0) for name, found in self.values.items()}
        found = (
            *_drift("new field", self.unknown, "in {count:,} as {what}"),
            *_drift("missing field", missing, "in none of {count:,}"),
            *_drift("retyped", retyped, "in {count:,}: {what}"),
            *_drift("new value", values, "{what}", most=_MOST_VALUES),
        )
        return Fields(rows=self.rows, slow_rows=self.slow_rows, nulls=self.nulls, drift=found)


def known_values(resource: Resource) -> dict[str, frozenset[str]]:
    """Return the values that are known of the fields that declare them (see `resources.types.one_of`), by path.

    Lists are not looked into: no field inside one declares any.
    """
    return dict(_known_values(resource.record, ""))


def _known_values(record: type[Record], path: str) -> Iterator[tuple[str, frozenset[str]]]:
    for name, field in record.model_fields.items():
        values = field.json_schema_extra.get("values") if isinstance(field.json_schema_extra, dict) else None
        shape = shape_of(field)
        if isinstance(values, list):
            yield path + name, frozenset(map(str, values))
        elif shape.record is not None and not shape.is_list:
            yield from _known_values(shape.record, f"{path}{name}.")


def _drift(kind: DriftKind, found: Counts, text: str, most: int = _MOST_REASONS) -> list[Drift]:
    return [Drift(field=path, kind=kind, detail=_detail(counts, text, most)) for path, counts in sorted(found.items())]


def _detail(counts: Mapping[str, int], text: str, most: int) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = [text.format(count=count, what=what[:_LONGEST]) for what, count in ordered[:most]]
    return "; ".join(parts + ([f"{len(ordered) - most:,} more"] if len(ordered) > most else []))


def _count(counts: Counts, path: str, what: str, more: int = 1) -> None:
    if path in counts or len(counts) < _MOST_PATHS:
        found = counts.setdefault(path, {})
        found[what] = found.get(what, 0) + more


def _is_usual(found: type, member: Member) -> bool:
    shape = member.shape
    assert shape is not None
    if shape.is_list:
        return found is list
    if shape.record is not None:
        return found is dict or (found is int and shape.is_reference)
    return shape.kind is not None and found in _USUAL.get(shape.kind, {str})


def _is_in(values: Iterable[Any], member: Member) -> bool:
    return any(values) if member.is_raw else any(value is not UNSET for value in values)
