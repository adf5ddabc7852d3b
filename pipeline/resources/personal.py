"""Which columns of a resource hold personal data: what its contract says, however deep inside an object."""

from functools import cache

from pydantic.fields import FieldInfo

from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.resource import Resource
from pipeline.resources.types import Kind, Record


def is_personal(info: FieldInfo) -> bool:
    """Whether a field of a contract holds personal data: see `resources.types.personal`."""
    return isinstance(info.json_schema_extra, dict) and info.json_schema_extra.get("personal") is True


@cache
def holds_personal(record: type[Record]) -> bool:
    """Whether an object has personal fields, however deep inside."""
    for info in record.model_fields.values():
        inner = shape_of(info).record
        if is_personal(info) or (inner is not None and holds_personal(inner)):
            return True
    return False


def personal_columns(resource: Resource) -> list[tuple[str, Shape, bool]]:
    """Return the columns that hold something personal: name, shape, and whether all of it is."""
    found = []
    for name, info in resource.record.model_fields.items():
        shape = shape_of(info)
        if shape.is_money and is_personal(info):
            found.append((f"{name}_amount", Shape(kind=Kind.EXACT), True))
            found.append((f"{name}_currency", Shape(kind=Kind.TEXT), True))
        elif is_personal(info) or (shape.record is not None and holds_personal(shape.record)):
            found.append((name, shape, is_personal(info)))
    return found
