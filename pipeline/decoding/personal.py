"""Personal data: hashed or dropped between decoding and writing, so that nothing untreated ever reaches a file.

The contract says which fields are personal. Columns are treated whole, with each distinct text hashed once. What has no
column (unknown fields, rows that were set aside) may hold anything, and is treated as if it did.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import replace

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.decoding.drift import Counts
from pipeline.decoding.fragments import items_of, members_of, read_value
from pipeline.decoding.oddities import RejectedRow
from pipeline.resources import Resource
from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.personal import holds_personal, is_personal, personal_columns
from pipeline.resources.types import Kind, Record

KEEP = "keep"
# 128 bits: two texts of the same hash will not be met, and a column of them still reads well.
_DIGITS = 32
_KEY_DIGITS = 8
_LISTS = frozenset({Kind.TEXTS})
_TEXTS = frozenset({Kind.TEXT, Kind.LOOSE_TEXT, Kind.JSON})
# What may stand in a field that is no text: numbers, dates and truth values, in whichever form.
_NO_TEXT = re.compile(rb'[^"{\[].*|"([-+0-9.,:TZ]*|true|false)"', re.DOTALL | re.IGNORECASE)
# Fields as programmers name them; an e-mail address, a phone number or a full name is none.
_NAMES = re.compile(r"[a-z_]\w*(\[\])*(\.[a-z_]\w*(\[\])*)*", re.ASCII | re.IGNORECASE)
_EMPTY = b'""'
_NULL = b"null"


class Treatment:
    """Hashes personal data with `key`, or drops it where there is none.

    Equal texts have equal hashes in every field and resource. A personal value that is no text, such as a coordinate,
    has no column that could hold its hash: it becomes null, as everything personal does without a key.
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    @property
    def label(self) -> str:
        """How rows are treated, in words, and by which key; the key cannot be told from it."""
        return "drop" if self._key is None else f"hash {self._digest(self._key, b'label')[:_KEY_DIGITS]}"

    def treat_table(self, resource: Resource, table: pa.Table) -> pa.Table:
        """Return decoded rows without what is personal in them."""
        for name, shape, is_whole in personal_columns(resource):
            table = self._treat_column(table, name, shape, is_whole=is_whole)
        for name in ("_extra", "_odd"):
            table = self._treat_column(table, name, Shape(kind=Kind.JSON), is_whole=True)
        return table

    def treat_rejected(self, resource: Resource, rejected: Iterable[RejectedRow]) -> list[RejectedRow]:
        """Return rows that were set aside without what is personal in them.

        Of a row that can be taken apart the fields that the contract names are left; of another one, no text at all.
        """
        return [self._treat_rejected(resource.record, each) for each in rejected]

    def treat_names(self, counts: Counts) -> Counts:
        """Return what is counted by the path of an unknown field, without the paths that may be data themselves."""
        return {path: found for path, found in counts.items() if _NAMES.fullmatch(path)}

    def _treat_column(self, table: pa.Table, name: str, shape: Shape, *, is_whole: bool) -> pa.Table:
        column, index = table.column(name), table.schema.get_field_index(name)
        chunks = [self._treat_array(chunk, shape, is_whole=is_whole) for chunk in column.chunks]
        return table.set_column(index, table.schema.field(index), pa.chunked_array(chunks, column.type))

    def _treat_array(self, array: pa.Array, shape: Shape, *, is_whole: bool) -> pa.Array:
        """Treat all of an array (`is_whole`), or the personal fields of the objects in it."""
        if is_whole and self._key is None:
            return pa.nulls(len(array), array.type)
        if shape.is_list or shape.kind in _LISTS:
            items = self._treat_array(array.values, _item_of(shape), is_whole=is_whole)
            return pa.ListArray.from_arrays(array.offsets, items, mask=array.is_null())
        if shape.record is not None:
            fields = shape.record.model_fields.values()
            columns = [
                self._treat_array(column, shape_of(info), is_whole=is_whole or is_personal(info))
                for column, info in zip(array.flatten(), fields, strict=True)
            ]
            return pa.StructArray.from_arrays(columns, fields=list(array.type), mask=array.is_null())
        return self._hash_array(array, shape) if is_whole else array

    def _hash_array(self, array: pa.Array, shape: Shape) -> pa.Array:
        if not pa.types.is_string(array.type):
            return pa.nulls(len(array), array.type)
        found = pc.dictionary_encode(array)
        hashed = [self._hash(text) for text in found.dictionary.to_pylist()]
        if shape.kind is Kind.JSON:
            hashed = [f'"{text}"' for text in hashed]
        return pa.array(hashed, pa.string()).take(found.indices)

    def _hash(self, text: str) -> str:
        """Return the hash of a text; an empty one says nothing of anybody and stays."""
        assert self._key is not None, "whoever drops need not hash"
        return self._digest(self._key, text.encode("utf-8", "surrogatepass")) if text else text

    @staticmethod
    def _digest(key: bytes, content: bytes) -> str:
        return hmac.digest(key, content, "sha256").hex()[:_DIGITS]

    def _treat_rejected(self, record: type[Record], rejected: RejectedRow) -> RejectedRow:
        path, leads_to_personal = _known_part(rejected.path, record)
        try:
            raw = self._treat_object(rejected.raw, record)
        except ValueError:
            raw = b""
        return RejectedRow(rejected.key, path, _without_values(rejected.reason, is_personal=leads_to_personal), raw)

    def _treat_object(self, text: bytes, record: type[Record]) -> bytes:
        """Treat the members of a JSON object. Raises ValueError for what is none."""
        members = []
        for name, value in members_of(text):
            info = record.model_fields.get(name)
            if info is not None:
                treated = self._replace(value) if is_personal(info) else self._treat_value(value, shape_of(info))
                members.append(msgspec.json.encode(name) + b":" + treated)
        return b"{%b}" % b",".join(members)

    def _treat_value(self, text: bytes, shape: Shape) -> bytes:
        """Treat a JSON value that should have `shape`. What is an object, a list or a text instead is replaced."""
        try:
            if (shape.is_list or shape.kind in _LISTS) and text[:1] == b"[":
                item = _item_of(shape)
                return b"[%b]" % b",".join(self._treat_value(each, item) for each in items_of(text))
            if shape.record is not None and text[:1] == b"{":
                return self._treat_object(text, shape.record)
            read_value(text)
        except (ValueError, RecursionError):
            return self._replace(text)
        is_id = shape.is_reference and text.isdigit()
        is_in_place = shape.record is None or is_id or not holds_personal(shape.record)
        is_its_kind = shape.kind is Kind.JSON or (shape.kind in _TEXTS and text[:1] not in (b"{", b"["))
        return text if is_in_place and (is_its_kind or _NO_TEXT.fullmatch(text)) else self._replace(text)

    def _replace(self, text: bytes) -> bytes:
        if text in (_NULL, _EMPTY):
            return text
        if self._key is None:
            return _NULL
        try:
            value = msgspec.json.decode(text, type=str)  # as its column would hold it
        except (ValueError, RecursionError):
            value = text.decode("utf-8", "replace")
        return msgspec.json.encode(self._hash(value))


def _item_of(shape: Shape) -> Shape:
    return Shape(kind=Kind.TEXT) if shape.kind in _LISTS else replace(shape, is_list=False)


def _known_part(path: str, record: type[Record]) -> tuple[str, bool]:
    """Return the part of a path that the contract names, and whether it leads to something personal.

    Names that it does not know may be data themselves.
    """
    known, leads_to_personal, shape = list[str](), False, Shape(record=record)
    for part in path.split("."):
        is_index = part.isdecimal() and (shape.is_list or shape.kind in _LISTS)
        info = None if is_index or shape.record is None else shape.record.model_fields.get(part)
        if info is None and not is_index:
            break
        known.append(part)
        shape = _item_of(shape) if info is None else shape_of(info)
        leads_to_personal |= info is not None and is_personal(info)
    return ".".join(known), leads_to_personal


def _without_values(reason: str, *, is_personal: bool) -> str:
    """Return a reason without what it quotes of the row: behind a colon, a name, or the numbers of a date."""
    kind = reason.partition(":")[0]
    if kind.startswith("the name "):
        return "a name comes twice"
    if is_personal and any(letter.isdigit() for letter in kind):
        return "not what its contract allows"
    return kind
