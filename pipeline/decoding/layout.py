"""From a contract to the msgspec struct that decodes its rows the fast way.

The struct names every field and forbids all others. A field that it does not know is learned: the struct is
built again with that field kept as raw text, so that new fields cost once and land in `_extra`. A field that comes in
another JSON type than its contract's is learned as well: the struct takes it in any type from then on, and its column
is read with care. In the same way the struct wants every field until it has met a row that lacks it: the members of a
row can then be counted at almost no cost.
"""

import itertools
import re
import sys
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from pipeline.resources.columns import Shape, shapes_of
from pipeline.resources.types import Kind, Record

# One resource may grow this many unknown fields; beyond it (field names that are data) rows are taken apart one by one.
MOST_LEARNED = 300

_TYPES: dict[Kind, Any] = {
    Kind.INTEGER: int,
    Kind.LOOSE_INTEGER: int | str,
    Kind.TEXT: str,
    Kind.LOOSE_TEXT: str | int,
    Kind.BOOLEAN: bool,
    Kind.LOOSE_BOOLEAN: bool | str,
    Kind.EXACT: Any,  # its text, or a whole number: Decimal would take "1_000" and " 1.5 "
    Kind.INSTANT: str,
    Kind.INSTANT_OR_DAY: str,
    Kind.DAY: str,
    Kind.JSON: msgspec.Raw,
    Kind.TEXTS: list[str | None] | str,
}
_COMPLAINT = re.compile(
    r"Object (?:contains )?(?P<kind>unknown|missing required) field `(?P<name>.*?)`(?: - at `\$(?P<path>.*)`)?",
    re.DOTALL,
)
_RETYPED = re.compile(r"(?:Expected `.*`, got `(?P<got>.*?)`|.*out of range) - at `\$(?P<path>.*)`")
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

    What the contract does not name, and the rows of another resource, have no shape. One that `is_bent` has come in
    another JSON type than its contract's.
    """

    name: str
    shape: Shape | None
    is_everywhere: bool
    is_embedded: bool = False
    is_bent: bool = False

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
        return self.is_embedded or (
            self.shape is not None and self.shape.kind is Kind.JSON and self.shape.is_list and not self.is_bent
        )


class Deviations(NamedTuple):
    """How the rows of a resource depart from its contract so far, by paths such as "customer.foo".

    `unknown` are fields that the contract does not name; of those that it names, `absent` are lacking in some row, and
    `bent` have come in another JSON type.
    """

    unknown: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    bent: frozenset[str] = frozenset()

    def within(self, name: str) -> "Deviations":
        """Return what was met inside the objects of a field, by its path there."""
        start = f"{name}."
        inside = (frozenset(path.removeprefix(start) for path in each if path.startswith(start)) for each in self)
        return Deviations(*inside)


@dataclass
class Layout:
    """The struct of a record: the type, its fields in order, the name of its key, the layouts of the objects inside.

    `types` says as what the values of each field are decoded.
    """

    struct: Any
    members: list[Member]
    key: str | None = None
    nested: dict[str, "Layout"] = field(default_factory=dict)
    types: dict[str, Any] = field(default_factory=dict)

    @property
    def nothing(self) -> tuple[Any, ...]:
        """The values of an object that is null."""
        return tuple(_NULL if member.is_raw else None for member in self.members)

    @property
    def width(self) -> int:
        """How many fields it has."""
        return len(self.members)

    @cached_property
    def plain_names(self) -> frozenset[str]:
        """The fields that the contract names and that hold no object."""
        return frozenset(each.name for each in self.members if each.shape is not None and each.name not in self.nested)

    @property
    def bends(self) -> bool:
        """Whether a field of it, or inside it, has come in another JSON type than its contract's."""
        return any(member.is_bent for member in self.members) or any(inner.bends for inner in self.nested.values())

    @property
    def has_extras(self) -> bool:
        """Whether its objects may hold fields that the contract does not name."""
        return any(
            member.is_unknown
            or (member.name in self.nested and (member.is_bent or self.nested[member.name].has_extras))
            for member in self.members
        )

    def can_bend(self, path: str) -> bool:
        """Whether a path ("order_taxes.auto_apply") is that of a field whose values may come in any JSON type."""
        name, _, inside = path.partition(".")
        if inside:
            return name in self.nested and self.nested[name].can_bend(inside)
        member = next((member for member in self.members if member.name == name), None)
        return member is not None and member.shape is not None and name != self.key

    @property
    def varies(self) -> bool:
        """Whether its objects may have more or fewer names in them than it has fields."""
        return bool(self.nested) or not all(
            member.is_everywhere and not member.is_bent
            and member.shape is not None and member.shape.kind is not Kind.JSON
            for member in self.members
        )  # fmt: skip


def build_layout(
    record: type[Record],
    deviations: Deviations,
    *,
    embedded: frozenset[str] = frozenset(),
    filled: frozenset[str] = frozenset(),
    key: str | None = None,
) -> Layout:
    """Build the struct of `record`.

    `embedded` are the fields that hold the rows of another resource, `filled` the required fields that may be missing
    because the reader knows them. The `key` never bends: it is read elsewhere too, in the forms that are usual.
    """
    layout = Layout(struct=None, members=[], key=key)
    fields: list[Any] = []
    for name, shape in shapes_of(record).items():
        is_bent = name in deviations.bent
        annotation = _annotation(layout, name, shape, deviations)
        is_required = shape.is_required and name not in filled
        is_everywhere = is_required or name not in deviations.absent
        layout.members.append(Member(name, shape, is_everywhere, is_bent=is_bent))
        if shape.kind is Kind.JSON and not shape.is_list:  # raw text takes null as it comes
            layout.types[name] = msgspec.Raw
            fields.append(msgspec.Raw if is_everywhere else (msgspec.Raw, NOTHING))
        else:
            of_value = Any if is_bent else annotation if is_required else annotation | None
            layout.types[name] = of_value
            fields.append(of_value if is_everywhere else (of_value | UnsetType, UNSET))
    for name in sorted(embedded):
        layout.members.append(Member(name, None, False, is_embedded=True))
        fields.append((list[msgspec.Raw] | None | UnsetType, UNSET))
    for name in sorted(deviations.unknown):
        if "." not in name:
            layout.members.append(Member(name, None, False))
            fields.append((msgspec.Raw, NOTHING))
    layout.struct = _define(record.__name__, layout.members, fields)
    return layout


# A row that lacks fifty fields has the struct built fifty times, which takes 0.3 s where all inside is built anew.
_layout_inside = lru_cache(maxsize=1_000)(build_layout)


def _annotation(layout: Layout, name: str, shape: Shape, deviations: Deviations) -> Any:
    if shape.record is None:
        assert shape.kind is not None
        annotation = _TYPES[shape.kind]
    else:
        layout.nested[name] = _layout_inside(shape.record, deviations.within(name))
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
        if member.is_bent:
            total += sum(map(_count_names, column))
        elif member.name in layout.nested:
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


def _count_names(value: Any) -> int:
    """Return how many names there are in a decoded value."""
    inner: Iterable[Any]
    if value.__class__ is dict:
        inner, total = value.values(), len(value)
    elif value.__class__ is list:
        inner, total = value, 0
    else:
        return 0
    for each in inner:
        if each.__class__ is dict or each.__class__ is list:
            total += _count_names(each)
    return total


def values_in(column: Iterable[Any], member: Member) -> Iterable[Any]:
    """Return the values of a column, and those in its lists."""
    if member.shape is not None and not member.shape.is_list:
        return column
    return itertools.chain.from_iterable(value if isinstance(value, list) else (value,) for value in column)


def learn(complaint: str, deviations: Deviations, layout: Layout) -> Deviations:
    """Return what has been met now that msgspec complains; the same where nothing can be learned from it."""
    match = _COMPLAINT.fullmatch(complaint)
    if match is None:
        return _learn_type(complaint, deviations, layout)
    if _NO_NAME.search(match["name"]):
        return deviations
    parents = _without_indexes(match["path"] or "")
    path = f"{parents}.{match['name']}" if parents else match["name"]
    if match["kind"] == "missing required":
        return deviations._replace(absent=deviations.absent | {path})
    if len(deviations.unknown) >= MOST_LEARNED:
        return deviations
    return deviations._replace(unknown=deviations.unknown | {path})


def _learn_type(complaint: str, deviations: Deviations, layout: Layout) -> Deviations:
    match = _RETYPED.fullmatch(complaint)
    # Null is no other type: what is never null breaks the contract.
    if match is None or match["got"] == "null":
        return deviations
    path = _without_indexes(match["path"])
    return deviations._replace(bent=deviations.bent | {path}) if layout.can_bend(path) else deviations


def within(error: msgspec.ValidationError, name: str) -> str:
    """Return what msgspec says of the value of a field as it would say it of the row."""
    reason, _, path = str(error).partition(" - at `$")
    return f"{reason} - at `$.{name}{path.removesuffix('`')}`"


def explain(complaint: str) -> tuple[str, str]:
    """Return the path ("sales_reps.1.id") that msgspec complains of, and the reason."""
    match = _COMPLAINT.fullmatch(complaint)
    reason, _, path = complaint.partition(" - at `$")
    path = re.sub(r"\[([^\]]*)\]", r".\1", path.removesuffix("`")).strip(".")
    if match is not None and match["kind"] == "missing required":
        return f"{path}.{match['name']}".strip("."), "Field required"
    return path, reason


def _without_indexes(path: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", path).strip(".")
