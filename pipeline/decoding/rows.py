"""Decoding rows into an Arrow table: a struct for whole batches, care for the columns and rows that need it.

A struct made from the contract decodes a batch of rows at once, and Arrow casts whole columns. A column that comes in
another form than its contract's is read value by value, and a row that is no plain JSON is taken apart. Measured
against pydantic on every row: five to ten times the rows per CPU-second (on trial data before this was built).
"""

import gc
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pyarrow as pa
from msgspec.structs import astuple

from pipeline.decoding.columns import ColumnCaster
from pipeline.decoding.drift import FieldTally, known_values
from pipeline.decoding.fragments import read_value
from pipeline.decoding.layout import (
    Deviations,
    Layout,
    build_layout,
    columns_of_values,
    explain,
    is_plain,
    learn,
    within,
    without_unset,
)
from pipeline.decoding.mending import MendedRow, mend
from pipeline.decoding.oddities import Oddities, RejectedRow, json_at, reject
from pipeline.resources.columns import columns_of
from pipeline.resources.resource import Resource
from pipeline.resources.values import Unfit

# Columns are made of the objects of so many rows at once: those of 20,000 lines lie in no cache, and cost half as much
# again. Rows are large or small; more bytes than this cost memory and gain nothing.
_ROWS_AT_ONCE = 2_000
_BYTES_AT_ONCE = 4 * 2**20
# Gives a number's text back as it is: of what does that, this is the cheapest (str costs half as much again).
_as_written = str.strip


@dataclass
class DecodedRows:
    """What became of a batch of rows.

    `table` has the columns of `resources.columns_of`, `_extra` and `_odd`; `rejected` are the rows that broke their
    contract; `children` are, per embedded field, the parents' keys and the raw rows found inside, `sizes` how many of
    them each parent has
    (`childless` are the keys of the parents that did not carry the field at all). `fields` says which fields they had.
    """

    table: pa.Table
    rejected: list[RejectedRow]
    children: dict[str, tuple[list[str], list[bytes]]] = field(default_factory=dict)
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)
    childless: list[str] = field(default_factory=list)
    fields: FieldTally = field(default_factory=FieldTally)


class RowDecoder:
    """Decodes the rows of one resource; it remembers the unknown fields, and the other types, that it has met.

    `embedded` are the fields of its rows that hold the rows of other resources.
    """

    def __init__(self, resource: Resource, embedded: frozenset[str] = frozenset()) -> None:
        self.resource = resource
        self._embedded = embedded
        self._deviations = Deviations()
        self._filled = resource.parent_key if resource.is_embedded else None
        self._schema = pa.schema([(each.name, each.arrow_type) for each in columns_of(resource)])
        self._schema = self._schema.append(pa.field("_extra", pa.string())).append(pa.field("_odd", pa.string()))
        self._known_values = known_values(resource)
        self._build()

    def _build(self) -> None:
        filled = frozenset(filter(None, (self._filled,)))
        self._layout: Layout = build_layout(
            self.resource.record, self._deviations, embedded=self._embedded, filled=filled, key=self.resource.key
        )
        struct: Any = self._layout.struct
        self._decode_row: Callable[[bytes], Any] = msgspec.json.Decoder(struct, float_hook=_as_written).decode
        self._decode_rows: Callable[[bytes], list[Any]] = msgspec.json.Decoder(
            list[struct], float_hook=_as_written
        ).decode
        self._key_index = next(
            index for index, member in enumerate(self._layout.members) if member.name == self.resource.key
        )

    def decode(self, rows: Sequence[bytes], parents: Sequence[str] | None = None) -> DecodedRows:
        """Decode `rows`; `parents` are the keys of the rows that they were embedded in, row by row."""
        decoded = DecodedRows(self._schema.empty_table(), [])
        decoded.fields.carried.update(filter(None, (self._filled,)))
        at_once = max(1, min(_ROWS_AT_ONCE, _BYTES_AT_ONCE * len(rows) // max(1, sum(map(len, rows)))))
        with _without_gc():
            for start in range(0, len(rows), at_once):
                some = slice(start, start + at_once)
                self._decode_some(rows[some], None if parents is None else parents[some], decoded)
        decoded.fields.note_columns(decoded.table, self._known_values)
        return decoded

    def _decode_some(self, rows: Sequence[bytes], parents: Sequence[str] | None, decoded: DecodedRows) -> None:
        slow = self._decode_fast(rows, parents, decoded)
        mended: dict[int, MendedRow] = {}
        for index in slow:
            row = self._mend(rows[index])
            if isinstance(row, RejectedRow):
                decoded.rejected.append(row)
            else:
                mended[index] = row
        decoded.fields.slow_rows += len(slow)
        if mended:
            own_parents = None if parents is None else [parents[index] for index in mended]
            self._decode_mended([rows[index] for index in mended], list(mended.values()), own_parents, decoded)

    def _decode_fast(self, rows: Sequence[bytes], parents: Sequence[str] | None, decoded: DecodedRows) -> list[int]:
        """Add to `decoded` what the struct takes; return the positions of the other rows."""
        records, text = self._read(rows)
        good = [index for index, record in enumerate(records) if record is not None]
        if good:
            members = self._columns_of(records[index] for index in good)
            raws = rows if len(good) == len(rows) else [rows[index] for index in good]
            if not is_plain(text or b",".join(raws), members, self._layout):
                plain = [position for position, row in enumerate(raws) if _is_plain(row)]
                good, raws = [good[position] for position in plain], [raws[position] for position in plain]
                members = [[column[position] for position in plain] for column in members]
        if good:
            self._add(raws, members, None if parents is None else [parents[index] for index in good], decoded)
        taken = set(good)
        return [index for index in range(len(rows)) if index not in taken]

    def _decode_mended(
        self, rows: list[bytes], mended: list[MendedRow], parents: list[str] | None, decoded: DecodedRows
    ) -> None:
        while True:
            layout = self._layout
            records = [self._read_row(each.row) for each in mended]
            if self._layout is layout:
                break
        unread = [index for index, record in enumerate(records) if record is None]
        decoded.rejected += [reject(rows[index], None, "", "no struct takes it") for index in unread]
        good = [index for index, record in enumerate(records) if record is not None]
        if good:
            members = self._columns_of(records[index] for index in good)
            own_parents = None if parents is None else [parents[index] for index in good]
            self._add([rows[index] for index in good], members, own_parents, decoded, [mended[index] for index in good])

    def _columns_of(self, records: Iterable[Any]) -> list[Sequence[Any]]:
        return columns_of_values(map(astuple, records), self._layout)

    def _add(
        self,
        rows: Sequence[bytes],
        members: list[Sequence[Any]],
        parents: Sequence[str] | None,
        decoded: DecodedRows,
        mended: list[MendedRow] | None = None,
    ) -> None:
        """Add rows to `decoded`, given by the values of their members; those that are worthless are set aside.

        `mended` says what has been taken out of them.
        """
        columns = without_unset(members, self._layout)
        oddities = Oddities()
        for row, each in enumerate(mended or ()):
            if each.odd:
                oddities.odd[row] = dict(each.odd)
        arrays = self._cast(rows, columns, parents, oddities)
        extras = self._extras(rows, columns) if mended is None else [each.extra for each in mended]
        odd = [None] * len(rows) if not oddities.odd else [oddities.texts(at, raw) for at, raw in enumerate(rows)]
        arrays.append(pa.array([_json_of(extra) if extra else None for extra in extras], pa.string()))
        arrays.append(pa.array([_json_of(texts) if texts else None for texts in odd], pa.string()))
        decoded.fields.note_carried(members.__getitem__, len(rows), self._layout)
        decoded.fields.note_types(members, self._layout)
        if any(extras):
            decoded.fields.note_unknown(extras)
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        keys = columns[self._key_index]
        for row, (path, reason) in sorted(oddities.unfit.items()):
            key = keys[row]
            decoded.rejected.append(reject(rows[row], None if key is None else str(key), path, reason))
        if oddities.unfit:
            table = table.filter(pa.array([row not in oddities.unfit for row in range(len(rows))], pa.bool_()))
        decoded.fields.note_odd(found for row, found in oddities.odd.items() if row not in oddities.unfit)
        decoded.table = pa.concat_tables([decoded.table, table])
        self._collect_children(columns, mended, oddities.unfit, decoded)

    def _mend(self, row: bytes) -> MendedRow | RejectedRow:
        filled = frozenset(filter(None, (self._filled,)))
        while True:
            layout = self._layout
            mended = mend(
                row, self.resource.record, self.resource.key,
                filled=filled, embedded=self._embedded, complaint=self._complaint,
            )  # fmt: skip
            if self._layout is layout:
                return mended

    def _complaint(self, name: str, text: bytes) -> tuple[str, str] | None:
        """Return what the struct has against the value of a field (the path inside it, and why), if anything."""
        try:
            msgspec.json.Decoder(self._layout.types[name], float_hook=_as_written).decode(text)
        except msgspec.ValidationError as error:
            complaint = within(error, name)
            if self._learn(complaint):
                return None  # the struct is another one now, and the row is taken apart once more
            return explain(complaint)
        return None

    def _read(self, rows: Sequence[bytes]) -> tuple[list[Any], bytes | None]:
        """Decode all rows at once, or one by one when one of them is bad (None); the text is that of all at once."""
        text = b"[%b]" % b",".join(rows)
        while True:
            layout = self._layout
            try:
                records = self._decode_rows(text)
                if len(records) == len(rows):
                    return records, text
            except msgspec.ValidationError as error:
                if self._learn(str(error)):
                    continue
            except (ValueError, RecursionError):
                pass
            records = [self._read_row(row) for row in rows]
            if self._layout is layout:  # else the struct was built again on the way, and they must all be of one type
                return records, None

    def _read_row(self, row: bytes) -> Any:
        while True:
            try:
                return self._decode_row(row)
            except msgspec.ValidationError as error:
                if not self._learn(str(error)):
                    return None
            except (ValueError, RecursionError):
                return None

    def _learn(self, complaint: str) -> bool:
        known, self._deviations = self._deviations, learn(complaint, self._deviations, self._layout)
        if self._deviations == known:
            return False
        self._build()
        return True

    def _cast(
        self, rows: Sequence[bytes], columns: list[Any], parents: Sequence[str] | None, oddities: Oddities
    ) -> list[pa.Array]:
        caster, arrays = ColumnCaster(rows, oddities), list[pa.Array]()
        for member, column in zip(self._layout.members, columns, strict=True):
            if member.shape is None:
                continue
            if member.name == self._filled:
                if parents is not None:
                    column = [parent if own is None else own for own, parent in zip(column, parents, strict=True)]
                for row, value in enumerate(column):
                    if value is None:
                        oddities.note(row, member.name, None, Unfit("Field required"), member.shape)
            arrays += caster.cast(column, member, self._layout.nested.get(member.name))
        return arrays

    def _extras(self, rows: Sequence[bytes], columns: list[Any]) -> Sequence[dict[str, msgspec.Raw] | None]:
        if not self._layout.has_extras:
            return [None] * len(rows)
        extras: list[dict[str, msgspec.Raw]] = [{} for _ in rows]
        for member, column in zip(self._layout.members, columns, strict=True):
            if member.is_unknown:
                for extra, raw in zip(extras, column, strict=True):
                    if raw:
                        extra[member.name] = msgspec.Raw(raw)
            elif member.name in self._layout.nested:
                layout = self._layout.nested[member.name]
                if member.is_bent or layout.has_extras:
                    for extra, value, row in zip(extras, column, rows, strict=True):
                        if value is not None and not (value.__class__ is dict and value.keys() <= layout.plain_names):
                            _collect_extras(value, layout, member.name, extra, row)
        return extras

    def _collect_children(
        self, columns: list[Any], mended: list[MendedRow] | None, unfit: Container[int], decoded: DecodedRows
    ) -> None:
        for member, column in zip(self._layout.members, columns, strict=True):
            if not member.is_embedded:
                continue
            if mended is not None:
                column = [each.embedded[member.name] for each in mended]
            parents, rows = decoded.children.setdefault(member.name, ([], []))
            for index, (key, embedded) in enumerate(zip(columns[self._key_index], column, strict=True)):
                if index in unfit:
                    continue
                if embedded is None:
                    decoded.childless.append(str(key))
                    continue
                decoded.sizes.setdefault(member.name, {})[str(key)] = len(embedded)
                parents.extend([str(key)] * len(embedded))
                rows.extend(embedded)


def _is_plain(row: bytes) -> bool:
    """Whether a row is JSON in UTF-8 in which no name comes twice anywhere."""
    try:
        row.decode()
        read_value(row)
    except (ValueError, RecursionError):
        return False
    return True


def _json_of(values: Mapping[str, Any]) -> str:
    return msgspec.json.encode(values).decode()


def _collect_extras(value: Any, layout: Layout, path: str, extra: dict[str, msgspec.Raw], row: bytes) -> None:
    """Add the unknown fields inside an object, or a list of objects, under their path: `customer.foo`."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            _collect_extras(item, layout, f"{path}[{index}]", extra, row)
    elif isinstance(value, msgspec.Struct):
        for member, inner in zip(layout.members, astuple(value), strict=True):
            if member.shape is None:
                if bytes(inner):
                    extra[f"{path}.{member.name}"] = inner
            elif member.name in layout.nested:
                _collect_extras(inner, layout.nested[member.name], f"{path}.{member.name}", extra, row)
    elif isinstance(value, dict):
        known = {member.name for member in layout.members if member.shape is not None}
        for name, inner in value.items():
            if name not in known:
                place = re.sub(r"\[(\d+)\]", r".\1", path)
                extra[f"{path}.{name}"] = msgspec.Raw(json_at(row, f"{place}.{name}"))
            elif name in layout.nested:
                _collect_extras(inner, layout.nested[name], f"{path}.{name}", extra, row)


@contextmanager
def _without_gc() -> Iterator[None]:
    """Hold garbage collection while many objects are made that all live: it halves the cost."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
