"""Decoding rows into an Arrow table: msgspec for the bulk, pydantic for what it refuses.

A struct made from the contract decodes a batch of rows at once, Arrow casts whole columns, casts that fail
are bisected down to their rows, and only those rows go through pydantic, which brings them into canonical
form or says what is wrong. Measured against pydantic on every row: five to ten times the rows per
CPU-second, the same bad rows found (measured on trial data before this was built).
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pyarrow as pa
from msgspec.structs import astuple

from pipeline.extract.arrow import cast_column
from pipeline.extract.drift import FieldsMet, known_values
from pipeline.extract.fragments import read_value
from pipeline.extract.normalise import Normalised, Rejected, normalise
from pipeline.extract.structs import (
    Layout,
    Met,
    build_layout,
    columns_of_values,
    is_plain,
    learn,
    without_unset,
)
from pipeline.resources.columns import columns_of
from pipeline.resources.resource import Resource, WithParent

# Columns are made of the objects of so many rows at once: those of 20,000 lines lie in no cache, and cost half as much
# again. Rows are large or small; more bytes than this cost memory and gain nothing.
_ROWS_AT_ONCE = 2_000
_BYTES_AT_ONCE = 4 * 2**20
# Gives a number's text back as it is: of what does that, this is the cheapest (str costs half as much again).
_as_written = str.strip


@dataclass
class Decoded:
    """What became of a batch of rows.

    `table` has the columns of `resources.columns_of` and `_extra`; `rejected` are the rows that broke their
    contract; `children` are, per embedded field, the parents' keys and the raw rows found inside, `sizes` how many of
    them each parent has
    (`childless` are the keys of the parents that did not carry the field at all). `met` says which fields they had.
    """

    table: pa.Table
    rejected: list[Rejected]
    children: dict[str, tuple[list[str], list[bytes]]] = field(default_factory=dict)
    sizes: dict[str, dict[str, int]] = field(default_factory=dict)
    childless: list[str] = field(default_factory=list)
    met: FieldsMet = field(default_factory=FieldsMet)


class RowDecoder:
    """Decodes the rows of one resource; it remembers the unknown fields that it has met.

    `embedded` are the fields of its rows that hold the rows of other resources.
    """

    def __init__(self, resource: Resource, embedded: frozenset[str] = frozenset()) -> None:
        self.resource = resource
        self._embedded = embedded
        self._met = Met()
        refresh = resource.refresh
        self._filled = refresh.parent_key if isinstance(refresh, WithParent) else None
        self._schema = pa.schema([(each.name, each.arrow_type) for each in columns_of(resource)])
        self._schema = self._schema.append(pa.field("_extra", pa.string()))
        self._known_values = known_values(resource)
        self._build()

    def _build(self) -> None:
        filled = frozenset() if self._filled is None else frozenset({self._filled})
        self._layout: Layout = build_layout(self.resource.record, self._met, embedded=self._embedded, filled=filled)
        struct: Any = self._layout.struct
        self._decode_row: Callable[[bytes], Any] = msgspec.json.Decoder(struct, float_hook=_as_written).decode
        self._decode_rows: Callable[[bytes], list[Any]] = msgspec.json.Decoder(
            list[struct], float_hook=_as_written
        ).decode
        self._key_index = next(
            index for index, member in enumerate(self._layout.members) if member.name == self.resource.key
        )

    def decode(self, rows: Sequence[bytes], parents: Sequence[str] | None = None) -> Decoded:
        """Decode `rows`; `parents` are the keys of the rows that they were embedded in, row by row."""
        decoded = Decoded(self._schema.empty_table(), [])
        decoded.met.carried.update(filter(None, (self._filled,)))
        at_once = max(1, min(_ROWS_AT_ONCE, _BYTES_AT_ONCE * len(rows) // max(1, sum(map(len, rows)))))
        with _without_gc():
            for start in range(0, len(rows), at_once):
                some = slice(start, start + at_once)
                self._decode_some(rows[some], None if parents is None else parents[some], decoded)
        decoded.met.note_columns(decoded.table, self._known_values)
        return decoded

    def _decode_some(self, rows: Sequence[bytes], parents: Sequence[str] | None, decoded: Decoded) -> None:
        refused = self._decode_fast(rows, parents, decoded)
        mended: list[Normalised] = []
        mended_parents: list[str] = []
        for index, unfit in sorted(refused.items()):
            parent = "" if parents is None else parents[index]
            row = self._normalise(rows[index], parent)
            if isinstance(row, Rejected):
                decoded.rejected.append(row)
            else:
                mended.append(row)
                mended_parents.append(parent)
                decoded.met.note_unusual(self._complaint(rows[index]) or unfit)
        if mended:
            self._decode_mended(mended, mended_parents, decoded)

    def _complaint(self, row: bytes) -> str:
        """Return why the struct does not take a row; nothing when a cast refused it."""
        try:
            self._decode_row(row)
        except msgspec.ValidationError as error:
            return str(error)
        except (ValueError, RecursionError):
            pass
        return ""

    def _normalise(self, row: bytes, parent: str) -> Normalised | Rejected:
        fill = {self._filled: parent} if self._filled is not None and parent else {}
        resource = self.resource
        return normalise(row, resource.record, resource.key, fill=fill, embedded=self._embedded)

    def _decode_mended(self, mended: list[Normalised], parents: list[str], decoded: Decoded) -> None:
        for index in self._decode_fast([each.row for each in mended], parents, decoded, mended):
            reason = "accepted by the contract, but by no column"
            decoded.rejected.append(Rejected(None, "", reason, mended[index].row))

    def _decode_fast(
        self,
        rows: Sequence[bytes],
        parents: Sequence[str] | None,
        decoded: Decoded,
        mended: list[Normalised] | None = None,
    ) -> dict[int, str]:
        """Add to `decoded` what the struct and the casts take; return the positions of the other rows.

        With each comes what a cast complained of, if one did. `mended` are the same rows with what has been taken out
        of them, on their second way through here.
        """
        records, text = self._read(rows)
        refused = {index: "" for index, record in enumerate(records) if record is None}
        good = [index for index in range(len(rows)) if index not in refused]
        while good:
            members = columns_of_values(map(astuple, [records[index] for index in good]), self._layout)
            columns = without_unset(members, self._layout)
            arrays, bad = self._cast(columns, None if parents is None else [parents[index] for index in good])
            if not bad and mended is None:
                bad = dict.fromkeys(self._not_plain([rows[index] for index in good], text, members), "")
            if not bad:
                taken = None if mended is None else [mended[index] for index in good]
                extras = self._extras(columns, len(good)) if taken is None else [each.extra for each in taken]
                arrays.append(pa.array([_extra_text(extra) if extra else None for extra in extras], pa.string()))
                decoded.met.note_carried(members.__getitem__, len(good), self._layout)
                if any(extras):
                    decoded.met.note_unknown(extras)
                table = pa.Table.from_arrays(arrays, schema=self._schema)
                decoded.table = pa.concat_tables([decoded.table, table])
                self._collect_children(columns, taken, decoded)
                break
            refused |= {good[position]: complaint for position, complaint in bad.items()}
            good = [index for position, index in enumerate(good) if position not in bad]
            text = None
        return refused

    def _read(self, rows: Sequence[bytes]) -> tuple[list[Any], bytes | None]:
        """Decode all rows at once, or one by one when one of them is bad (None); the text is that of all at once."""
        text = b"[%b]" % b",".join(rows)
        while True:
            known = self._met
            try:
                records = self._decode_rows(text)
                if len(records) == len(rows):
                    return records, text
            except msgspec.ValidationError as error:
                if self._learn(error):
                    continue
            except (ValueError, RecursionError):
                pass
            records = [self._read_row(row) for row in rows]
            if self._met == known:  # else the struct was built again on the way, and they must all be of one type
                return records, None

    def _read_row(self, row: bytes) -> Any:
        while True:
            try:
                return self._decode_row(row)
            except msgspec.ValidationError as error:
                if not self._learn(error):
                    return None
            except (ValueError, RecursionError):
                return None

    def _learn(self, error: msgspec.ValidationError) -> bool:
        known, self._met = self._met, learn(error, self._met)
        if self._met == known:
            return False
        self._build()
        return True

    def _not_plain(self, rows: list[bytes], text: bytes | None, columns: list[Sequence[Any]]) -> set[int]:
        """Return the rows whose bytes hold more, or other things, than the struct has seen; `text` is all of them."""
        if is_plain(text or b",".join(rows), columns, self._layout):
            return set()
        return {index for index, row in enumerate(rows) if not _is_plain(row)}

    def _cast(self, columns: list[Any], parents: list[str] | None) -> tuple[list[pa.Array], dict[int, str]]:
        arrays: list[pa.Array] = []
        bad: dict[int, str] = {}
        for member, column in zip(self._layout.members, columns, strict=True):
            if member.shape is None:
                continue
            if member.name == self._filled:
                if parents is not None:
                    column = [parent if own is None else own for own, parent in zip(column, parents, strict=True)]
                bad |= {index: "" for index, value in enumerate(column) if value is None}
            cast, unfit = cast_column(column, member.shape, self._layout.nested.get(member.name))
            arrays += cast
            if unfit:
                bad |= dict.fromkeys(unfit, f"a form that its column does not take - at `$.{member.name}`")
        return arrays, bad

    def _extras(self, columns: list[Any], size: int) -> Sequence[dict[str, msgspec.Raw] | None]:
        if not self._met.unknown:
            return [None] * size
        extras: list[dict[str, msgspec.Raw]] = [{} for _ in range(size)]
        for member, column in zip(self._layout.members, columns, strict=True):
            if member.is_unknown:
                for extra, raw in zip(extras, column, strict=True):
                    if raw:
                        extra[member.name] = msgspec.Raw(raw)
            elif member.name in self._layout.nested:
                layout = self._layout.nested[member.name]
                for extra, value in zip(extras, column, strict=True):
                    _collect_extras(value, layout, member.name, extra)
        return extras

    def _collect_children(self, columns: list[Any], mended: list[Normalised] | None, decoded: Decoded) -> None:
        for member, column in zip(self._layout.members, columns, strict=True):
            if not member.is_embedded:
                continue
            if mended is not None:
                column = [each.embedded[member.name] for each in mended]
            parents, rows = decoded.children.setdefault(member.name, ([], []))
            for key, embedded in zip(columns[self._key_index], column, strict=True):
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


def _extra_text(extra: dict[str, msgspec.Raw]) -> str:
    return msgspec.json.encode(extra).decode()


def _collect_extras(value: Any, layout: Layout, path: str, extra: dict[str, msgspec.Raw]) -> None:
    """Add the unknown fields inside an object, or a list of objects, under their path: `customer.foo`."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            _collect_extras(item, layout, f"{path}[{index}]", extra)
    elif isinstance(value, msgspec.Struct):
        for member, inner in zip(layout.members, astuple(value), strict=True):
            if member.shape is None:
                if bytes(inner):
                    extra[f"{path}.{member.name}"] = inner
            elif member.name in layout.nested:
                _collect_extras(inner, layout.nested[member.name], f"{path}.{member.name}", extra)


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
