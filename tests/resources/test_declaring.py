"""A declaration that cannot be meant fails when it is made, with a sentence."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.resources import Appended, Changed, Full, PerParent, Resource, WithParent
from pipeline.resources.types import Instant, Record, RequiredInteger, Text


class Row(Record):
    id: RequiredInteger
    name: Text = None
    modified: Instant = None
    created_on: Instant = None


ROWS = Resource(path="rows/", record=Row, key="id", refresh=Full())
TIMES = frozenset({"modified__gte", "modified__lt", "created_on__gte", "created_on__lt"})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"path": "rows"}, "rows: a path is relative to the API's root and ends in a slash"),
        ({"path": "/rows/"}, "ends in a slash"),
        ({"key": "idd"}, r"rows/: Row has no field idd \(it has created_on, id, modified, name\)"),
        ({"refresh": WithParent(parent="orders", embedded_as="rows", parent_key="order")}, "no field order"),
        ({"refresh": PerParent(parent="orders", parent_key="order")}, "no field order"),
        ({"refresh": PerParent(parent="orders", parent_key="name", whole_as="all")}, "no field all"),
        ({"refresh": Appended(parent="orders", parent_key="order")}, "no field order"),
        ({"refresh": Changed(modified_field="changed")}, "no field changed"),
        ({"refresh": Changed(open_flag="paid")}, "no field paid"),
        ({"refresh": Changed()}, "read by created_on__gte, created_on__lt, modified__gte, modified__lt, which is not"),
        ({"refresh": Changed(open_flag="name"), "filters": TIMES}, "read by name, which is not among its filters"),
    ],
)
def test_a_wrong_declaration_says_what_is_wrong(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(ROWS, **wrong)
