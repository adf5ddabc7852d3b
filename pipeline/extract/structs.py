"""From a contract to the msgspec struct that decodes its rows the fast way.

The struct names every field and forbids all others. A field that it does not know is learned: the struct is
built again with that field kept as raw text, so that new fields cost once and land in `_extra`.
"""

import re
import types
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.types import Kind, Money, Record

# One resource may grow this many unknown fields; beyond it (field names that are data) rows take the slow path.
MOST_LEARNED = 300

_TYPES: dict[Kind, Any] = {
    Kind.INTEGER: int,
    Kind.LOOSE_INTEGER: int | str,
    Kind.TEXT: str,
    Kind.LOOSE_TEXT: str | int,
    Kind.BOOLEAN: bool,
    Kind.EXACT: Decimal,
    Kind.INSTANT: str,
    Kind.DAY: str,
    Kind.JSON: msgspec.Raw,
    Kind.TEXTS: list[str] | str,
}
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*?)`(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
# A raw field that the row does not have.
NOTHING = msgspec.Raw(b"")


class Member(NamedTuple):
    """A field of a struct: its name at the API and what it holds (None: learned, kept as raw text)."""

    name: str
    shape: Shape | None
    is_required: bool


@dataclass
class Layout:
    """The struct of a record: the type, its fields in order, and the layouts of the objects inside."""

    struct: Any
    members: list[Member]
    nested: dict[str, "Layout"] = field(default_factory=dict)


def build_layout(
    record: type[Record],
    learned: frozenset[str],
    *,
    embedded: frozenset[str] = frozenset(),
    filled: frozenset[str] = frozenset(),
    path: str = "",
) -> Layout:
    """Build the struct of `record`.

    `learned` are the paths of unknown fields met so far ("customer.foo"), `embedded` the fields that hold the
    rows of another resource, `filled` the required fields that may be missing because the reader knows them.
    """
    layout = Layout(struct=None, members=[])
    fields: list[Any] = []
    for name, info in record.model_fields.items():
        shape = shape_of(info)
        inner = f"{path}{name}"
        annotation = _annotation(layout, name, shape, learned, inner)
        is_required = info.is_required() and name not in filled
        layout.members.append(Member(name, shape, is_required))
        if shape.kind is Kind.JSON and not shape.is_list:
            fields.append((msgspec.Raw, NOTHING))  # raw text takes null as it comes; a union with None does not work
        else:
            fields.append(annotation if is_required else (annotation | None, None))
    for name in sorted(embedded):
        layout.members.append(Member(name, None, False))
        fields.append((list[msgspec.Raw] | None, None))
    for name in sorted(each.removeprefix(path) for each in learned if each.startswith(path)):
        if "." not in name:
            layout.members.append(Member(name, None, False))
            fields.append((msgspec.Raw, NOTHING))
    layout.struct = _define(record.__name__, layout.members, fields)
    return layout


def _annotation(layout: Layout, name: str, shape: Shape, learned: frozenset[str], path: str) -> Any:
    if shape.record is None:
        assert shape.kind is not None
        annotation = _TYPES[shape.kind]
    else:
        layout.nested[name] = build_layout(shape.record, learned, path=f"{path}.")
        annotation = layout.nested[name].struct
        if shape.record is Money:
            annotation |= Decimal
        elif shape.is_reference:
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


def unknown_field(error: msgspec.ValidationError) -> str | None:
    """Return the path of the field that `error` complains of not knowing ("sales_reps.foo"), else None."""
    match = _UNKNOWN.fullmatch(str(error))
    if match is None:
        return None
    parents = re.sub(r"\[[^\]]*\]", "", match["path"] or "").strip(".")
    return f"{parents}.{match['name']}" if parents else match["name"]
