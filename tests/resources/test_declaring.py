"""A declaration that cannot be meant fails when it is made, with a sentence."""

from dataclasses import replace
from typing import Any

import pytest

from pipeline.resources import Appended, Changed, Full, PerParent, Resource, WithParent
from pipeline.resources.types import Boolean, Instant, Record, RequiredInteger, Text


class Row(Record):
    id: RequiredInteger
    name: Text = None
    modified: Instant = None
    created_on: Instant = None


class Paid(Row):
    paid: Boolean = None


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


def answers(resource: Resource) -> list[str]:
    names = ("is_listed", "is_embedded", "is_asked_per_parent", "grows_at_end", "is_final", "is_trailing")
    fields = ("parent", "parent_key", "embedded_as", "whole_as", "change_field", "window_field", "open_flag")
    return [name for name in names if getattr(resource, name)] + [
        f"{name}={getattr(resource, name)}" for name in fields if getattr(resource, name) is not None
    ]


@pytest.mark.parametrize(
    ("refresh", "said"),
    [
        (Full(), ["is_listed"]),
        (Changed(), ["is_listed", "change_field=modified", "window_field=created_on"]),
        (
            Changed(is_trailing=True, open_flag="paid"),
            ["is_listed", "is_trailing", "change_field=modified", "window_field=created_on", "open_flag=paid"],
        ),
        (Appended(is_final=True), ["is_listed", "grows_at_end", "is_final"]),
        (Appended("orders", "name"), ["is_listed", "grows_at_end", "parent=orders", "parent_key=name"]),
        (
            WithParent("orders", "rows", "name"),
            ["is_embedded", "parent=orders", "parent_key=name", "embedded_as=rows"],
        ),
        (
            PerParent("orders", "name", whole_as="name"),
            ["is_asked_per_parent", "parent=orders", "parent_key=name", "whole_as=name"],
        ),
    ],
)
def test_a_resource_says_what_follows_from_how_it_is_kept_fresh(refresh: Any, said: list[str]) -> None:
    assert answers(replace(ROWS, refresh=refresh, filters=TIMES | {"paid"}, record=Paid)) == said
