"""From the contract of a resource to its columns: names, Arrow types, DuckDB types and comments."""

from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pyarrow as pa
from pydantic.fields import FieldInfo

from pipeline.resources.resource import Resource
from pipeline.resources.types import Form, Kind, Money, Record, Weight
from pipeline.resources.values import PRECISION, SCALE

ARROW_TYPES: dict[Kind, pa.DataType] = {
    Kind.INTEGER: pa.int64(),
    Kind.LOOSE_INTEGER: pa.int64(),
    Kind.TEXT: pa.string(),
    Kind.LOOSE_TEXT: pa.string(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.LOOSE_BOOLEAN: pa.bool_(),
    Kind.EXACT: pa.decimal128(PRECISION, SCALE),
    Kind.INSTANT: pa.timestamp("us", "UTC"),
    Kind.INSTANT_OR_DAY: pa.timestamp("us", "UTC"),
    Kind.DAY: pa.date32(),
    Kind.JSON: pa.string(),
    Kind.TEXTS: pa.list_(pa.string()),
}

# Columns that every table of raw has beside the API's fields: name, DuckDB type, comment.
_BOOKKEEPING = (
    ("_extra", "JSON", "Fields that the contract does not name, as LeafLink sent them."),
    (
        "_odd",
        "JSON",
        "Values that their columns cannot hold, by field, as LeafLink sent them; most rows have none.",
    ),
    ("_company", "VARCHAR", "The company of leafhouse.toml that the row was read for."),
    ("_run_id", "VARCHAR", "The run that brought the row as it is; later ones found it unchanged."),
    ("_extracted_at", "TIMESTAMPTZ", "When that run read it."),
    ("_deleted_at", "TIMESTAMPTZ", "When the row was found missing from a complete read; null while it exists."),
    ("_deleted_reason", "VARCHAR", "Which read found the row missing."),
)
# And one more where the past is kept.
_VALID_FROM = (
    "_valid_from",
    "TIMESTAMPTZ",
    "The source's clock at the start of the run that first saw the row like this.",
)


@dataclass(frozen=True)
class Shape:
    """What a field holds: a plain kind, an object with fields, or a list of one of these.

    A row is set aside when an essential field cannot be read, a required one when it is null too.
    """

    kind: Kind | None = None
    record: type[Record] | None = None
    is_list: bool = False
    is_reference: bool = False
    is_essential: bool = False
    is_required: bool = False

    @property
    def is_money(self) -> bool:
        """Whether it becomes two columns, the amount and the currency."""
        return self.record is Money and not self.is_list


@dataclass(frozen=True)
class Column:
    """A column of a raw table."""

    name: str
    arrow_type: pa.DataType
    duckdb_type: str
    description: str


def shape_of(field: FieldInfo) -> Shape:
    """Return what a contract's field holds."""
    shape = _shape(field.annotation, tuple(field.metadata))
    is_essential = field.is_required() or Weight.ESSENTIAL in field.metadata
    return replace(shape, is_essential=is_essential, is_required=field.is_required())


def _shape(annotation: Any, metadata: tuple[Any, ...] = ()) -> Shape:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _shape(inner, (*metadata, *more))
    kind = next((each for each in metadata if isinstance(each, Kind)), None)
    if kind is not None:
        return Shape(kind=kind)
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (each for each in get_args(annotation) if each is not NoneType)
        return _shape(annotation, metadata)
    if get_origin(annotation) is list:
        item = _shape(get_args(annotation)[0])
        return Shape(kind=item.kind, record=item.record, is_list=True, is_reference=item.is_reference)
    if annotation is int:
        return Shape(kind=Kind.INTEGER)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return Shape(record=annotation, is_reference=Form.REFERENCE in metadata)
    raise TypeError(f"a contract cannot hold {annotation!r}: see pipeline/resources/types.py for the kinds it can")


@cache
def shapes_of(record: type[Record]) -> dict[str, Shape]:
    """Return what the fields of a contract hold, by name."""
    return {name: shape_of(info) for name, info in record.model_fields.items()}


@cache
def fields_inside(shape: Shape) -> dict[str, Shape]:
    """Return what the fields of an object hold, by name. Both fields of essential money are essential."""
    assert shape.record is not None
    found = shapes_of(shape.record)
    if shape.is_money and shape.is_essential:
        found = {name: replace(inner, is_essential=True) for name, inner in found.items()}
    return found


def arrow_type(shape: Shape) -> pa.DataType:
    """Return the Arrow type of a field that is not money."""
    if shape.record is not None:
        fields = shapes_of(shape.record)
        item: pa.DataType = pa.struct([(name, arrow_type(inner)) for name, inner in fields.items()])
    else:
        assert shape.kind is not None
        item = ARROW_TYPES[shape.kind]
    return pa.list_(item) if shape.is_list else item


def duckdb_type(shape: Shape) -> str:
    """Return the DuckDB type of a field that is not money."""
    if shape.kind is Kind.JSON:
        return "JSON"
    return _duckdb_type(arrow_type(shape))


def _duckdb_type(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return "STRUCT(" + ", ".join(f'"{each.name}" {_duckdb_type(each.type)}' for each in kind) + ")"
    if pa.types.is_list(kind):
        return _duckdb_type(kind.value_type) + "[]"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({PRECISION}, {SCALE})"
    plain = {
        pa.int64(): "BIGINT",
        pa.string(): "VARCHAR",
        pa.bool_(): "BOOLEAN",
        pa.date32(): "DATE",
        pa.timestamp("us", "UTC"): "TIMESTAMPTZ",
    }
    return plain[kind]


def columns_of(resource: Resource) -> list[Column]:
    """Return the API's columns of the resource's raw table, in the contract's order (without the bookkeeping)."""
    columns: list[Column] = []
    for name, field in resource.record.model_fields.items():
        shape, description = shape_of(field), field.description or ""
        if shape.is_money:
            exact, text = Shape(kind=Kind.EXACT), Shape(kind=Kind.TEXT)
            columns.append(Column(f"{name}_amount", arrow_type(exact), duckdb_type(exact), description))
            columns.append(Column(f"{name}_currency", arrow_type(text), duckdb_type(text), f"Currency of {name}."))
        else:
            columns.append(Column(name, arrow_type(shape), duckdb_type(shape), description))
    return columns


def bookkeeping_of(resource: Resource) -> tuple[tuple[str, str, str], ...]:
    """Return the columns of the resource's raw table that are not the API's: name, DuckDB type, comment."""
    return (*_BOOKKEEPING, _VALID_FROM) if resource.keeps_history else _BOOKKEEPING


def table_columns(resource: Resource) -> list[tuple[str, str, str]]:
    """Return all columns of the resource's raw table: name, DuckDB type, comment."""
    columns = [(each.name, each.duckdb_type, each.description) for each in columns_of(resource)]
    return columns + list(bookkeeping_of(resource))
