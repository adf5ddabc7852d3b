"""From a contract to the msgspec struct that decodes its rows the fast way.

The struct names every field and forbids all others. A field that it does not know is learned: the struct is
built again with that field kept as raw text, so that new fields cost once and land in `_extra`. In the same way it
wants every field until it has met a row that lacks it: the members of a row can then be counted at almost no cost.
"""

import itertools
import re
import sys
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.types import Kind, Record

# One resource may grow this many unknown fields; beyond it (field names that are data) rows take the slow path.
MOST_LEARNED = 300

# Characters of a number as it is written, without quotation marks; a column holds 38 digits.
LONGEST_NUMBER = 60

_TYPES: dict[Kind, Any] = {
    Kind.INTEGER: int,
    Kind.LOOSE_INTEGER: int | str,
    Kind.TEXT: str,
    Kind.LOOSE_TEXT: str | int,
    Kind.BOOLEAN: bool,
    Kind.EXACT: Any,  # its text, or a whole number: Decimal would take "1_000" and " 1.5 "
    Kind.INSTANT: str,
    Kind.INSTANT_OR_DAY: str,
    Kind.DAY: str,
    Kind.JSON: msgspec.Raw,
    Kind.TEXTS: list[str] | str,
}
_COMPLAINT = re.compile(
    r"Object (?:contains )?(?P<kind>unknown|missing required) field `(?P<name>.*?)`(?: - at `\$(?P<path>.*)`)?",
    re.DOTALL,
)
# A raw field that the row does not have.
NOTHING = msgspec.Raw(b"")
_NULL = msgspec.Raw(b"null")

_NO_NAME = re.compile(r'["\\\x00-\x1f]')  # a struct cannot have it
_SPACED = re.compile(rb'"[ \t\n\r]+:')
_NAME_END = pa.scalar(int.from_bytes(b'":', sys.byteorder), pa.uint16())
# The bit by which a space differs from a quotation mark.
_SPACE_TO_MARK = pa.scalar(int.from_bytes(b"\x02\0", sys.byteorder), pa.uint16())


class Member(NamedTuple):
    """A field of a struct: its name at the API, what it holds, and whether every row has it.

    What the contract does not name, and the rows of another resource, have no shape.
    """

    name: str
    shape: Shape | None
    is_everywhere: bool
    is_embedded: bool = False

    @property
    def is_unknown(self) -> bool:
        """Whether the contract does not name it."""
        return self.shape is None and not self.is_embedded

    @property
    def is_raw(self) -> bool:
        """Whether its values are kept as the text they came as."""
        return self.is_unknown or (self.shape is not None and self.shape.kind is Kind.JSON and not self.shape.is_list)

    @property
    def is_list_of_raw(self) -> bool:
        """Whether its values are lists of such texts."""
        return self.is_embedded or (self.shape is not None and self.shape.kind is Kind.JSON and self.shape.is_list)


class Met(NamedTuple):
    """The paths ("customer.foo") of unknown fields, and of known ones that a row lacked, met so far."""

    unknown: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()


@dataclass
class Layout:
    """The struct of a record: the type, its fields in order, and the layouts of the objects inside."""

    struct: Any
    members: list[Member]
    nested: dict[str, "Layout"] = field(default_factory=dict)

    @property
    def nothing(self) -> tuple[Any, ...]:
        """The values of an object that is null."""
        return tuple(_NULL if member.is_raw else None for member in self.members)

    @property
    def width(self) -> int:
        """How many fields it has."""
        return len(self.members)

    @property
    def varies(self) -> bool:
        """Whether its objects may have more or fewer names in them than it has fields."""
        return bool(self.nested) or not all(
            member.is_everywhere and member.shape is not None and member.shape.kind is not Kind.JSON
            for member in self.members
        )


def build_layout(
    record: type[Record],
    met: Met,
    *,
    embedded: frozenset[str] = frozenset(),
    filled: frozenset[str] = frozenset(),
    path: str = "",
) -> Layout:
    """Build the struct of `record`.

    `embedded` are the fields that hold the rows of another resource, `filled` the required fields that may be missing
    because the reader knows them.
    """
    layout = Layout(struct=None, members=[])
    fields: list[Any] = []
    for name, info in record.model_fields.items():
        shape = shape_of(info)
        annotation = _annotation(layout, name, shape, met, f"{path}{name}")
        is_required = info.is_required() and name not in filled
        is_everywhere = is_required or f"{path}{name}" not in met.absent
        layout.members.append(Member(name, shape, is_everywhere))
        if shape.kind is Kind.JSON and not shape.is_list:  # raw text takes null as it comes
            fields.append(msgspec.Raw if is_everywhere else (msgspec.Raw, NOTHING))
        else:
            annotation = annotation if is_required else annotation | None
            fields.append(annotation if is_everywhere else (annotation | UnsetType, UNSET))
    for name in sorted(embedded):
        layout.members.append(Member(name, None, False, is_embedded=True))
        fields.append((list[msgspec.Raw] | None | UnsetType, UNSET))
    for name in sorted(each.removeprefix(path) for each in met.unknown if each.startswith(path)):
        if "." not in name:
            layout.members.append(Member(name, None, False))
            fields.append((msgspec.Raw, NOTHING))
    layout.struct = _define(record.__name__, layout.members, fields)
    return layout


def _annotation(layout: Layout, name: str, shape: Shape, met: Met, path: str) -> Any:
    if shape.record is None:
        assert shape.kind is not None
        annotation = _TYPES[shape.kind]
    else:
        layout.nested[name] = build_layout(shape.record, met, path=f"{path}.")
        annotation = layout.nested[name].struct
        if shape.is_reference:
            annotation |= int
    return types.GenericAlias(list, (annotation,)) if shape.is_list else annotation


def _define(name: str, members: list[Member], fields: list[Any]) -> Any:
    """Define the struct; attributes are f0, f1, … since a field of the API may have any name."""
    attributes = [f"f{index}" for index in range(len(members))]
    return msgspec.defstruct(
        name,
        [
            (attribute, *field) if isinstance(field, tuple) else (attribute, field)
            for attribute, field in zip(attributes, fields, strict=True)
        ],
        rename=dict(zip(attributes, (member.name for member in members), strict=True)),
        forbid_unknown_fields=True,
        kw_only=True,
        gc=False,
    )


def columns_of_values(values: Iterable[tuple[Any, ...]], layout: Layout) -> list[Sequence[Any]]:
    """Return the values of structs field by field; what a struct does not have stays UNSET, or an empty raw text.

    Raw texts become bytes here, once for all who look at them.
    """
    columns = zip(*values, strict=True)
    return [_with_bytes(column, member) for column, member in zip(columns, layout.members, strict=True)]


def _with_bytes(column: Sequence[Any], member: Member) -> Sequence[Any]:
    if member.is_list_of_raw:
        return [list(map(bytes, value)) if isinstance(value, list) else value for value in column]
    return list(map(bytes, column)) if member.is_raw else column


def without_unset(columns: Sequence[Sequence[Any]], layout: Layout) -> list[Sequence[Any]]:
    """Return the columns of a layout with null for what the structs do not have."""
    return [
        column if member.is_everywhere else [None if value is UNSET else value for value in column]
        for column, member in zip(columns, layout.members, strict=True)
    ]


def is_plain(text: bytes, columns: list[Sequence[Any]], layout: Layout) -> bool:
    """Whether no name comes twice in any object of the JSON text that the columns were decoded from, and all is UTF-8.

    msgspec takes the last of two in silence, and does not look into what is kept as raw text. What is free-form is
    checked when it is cast, and embedded rows when they are decoded. False may also mean that the text is written in
    an unusual way.
    """
    try:
        members, raws = _count_members(columns, layout)
    except UnicodeDecodeError:
        return False
    raw = b" ".join(raws)
    if not any(space in text for space in (b"\n", b"\t", b"\r")) and _count(text) == members + _count(raw):
        return True
    return _count_unspaced(text) == members + _count_unspaced(raw) and not _SPACED.search(text)


def _count(text: bytes) -> int:
    """Return how often a colon comes behind a quotation mark or a space: names, and what looks like one in a text.

    It looks at every two bytes as a number. text.count(b'":') takes half as long again, and would not see a name with
    a space behind it.
    """
    buffer, total = pa.py_buffer(text), 0
    for start in range(min(len(text), 2)):
        size = (len(text) - start) // 2
        pairs = pa.Array.from_buffers(pa.uint16(), size, [None, buffer.slice(start, 2 * size)])
        total += pc.equal(pc.bit_wise_or(pairs, _SPACE_TO_MARK), _NAME_END).true_count
    return total


def _count_unspaced(text: bytes) -> int:
    """Return how many names there are in JSON that is written without space before its colons."""
    return text.count(b'":') - text.count(b'\\":')


def _count_members(columns: list[Sequence[Any]], layout: Layout) -> tuple[int, list[bytes]]:
    """Return how many members were decoded, and the texts that were kept as they are.

    Raises UnicodeDecodeError where the text of an unknown field is no UTF-8.
    """
    total, raws = 0, list[bytes]()
    for member, column in zip(layout.members, columns, strict=True):
        if not member.is_everywhere:
            column = [value for value in column if value is not UNSET and not (member.is_raw and value == b"")]
        total += len(column)
        if member.name in layout.nested:
            inner = layout.nested[member.name]
            structs = [value for value in values_in(column, member) if value.__class__ is inner.struct]
            if structs and inner.varies:
                more, inner_raws = _count_members(columns_of_values(map(astuple, structs), inner), inner)
                total += more
                raws += inner_raws
            else:
                total += len(structs) * inner.width
        elif member.is_list_of_raw:
            raws += itertools.chain.from_iterable(value for value in column if value is not None)
        elif member.is_raw:
            raws += column
            if member.is_unknown:
                b" ".join(column).decode()
    return total, raws


def values_in(column: Iterable[Any], member: Member) -> Iterable[Any]:
    """Return the values of a column, and those in its lists."""
    if member.shape is not None and not member.shape.is_list:
        return column
    return itertools.chain.from_iterable(value if isinstance(value, list) else (value,) for value in column)


def learn(error: msgspec.ValidationError, met: Met) -> Met:
    """Return what has been met now that `error` came; the same where it does not complain of a field's name."""
    match = _COMPLAINT.fullmatch(str(error))
    if match is None or _NO_NAME.search(match["name"]):
        return met
    parents = re.sub(r"\[[^\]]*\]", "", match["path"] or "").strip(".")
    path = f"{parents}.{match['name']}" if parents else match["name"]
    if match["kind"] == "missing required":
        return met._replace(absent=met.absent | {path})
    return met if len(met.unknown) >= MOST_LEARNED else met._replace(unknown=met.unknown | {path})
