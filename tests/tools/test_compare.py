"""A vendor's document and the contracts: every difference is found, and told from what is meant to be so."""

import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from pipeline.errors import UsageError
from pipeline.resources import Full, Resource
from pipeline.resources.types import (
    Boolean,
    Day,
    Exact,
    Instant,
    Json,
    LooseInteger,
    MoneyField,
    Record,
    Reference,
    RequiredInteger,
    Text,
    Texts,
)
from pipeline.tools.contracts import compare as comparing
from pipeline.tools.contracts.compare import Comparison, compare
from pipeline.tools.contracts.document import read_document


class Part(Record):
    """A part of a leaf."""

    id: RequiredInteger = Field(description="Id.")
    name: Text = Field(None, description="Name.")


class Leaf(Record):
    """A row with a field of every kind."""

    id: RequiredInteger = Field(description="Key.")
    name: Text = Field(None, description="Name.")
    size: Exact = Field(None, description="Size.")
    price: MoneyField = Field(None, description="Price.")
    is_green: Boolean = Field(None, description="Whether it is green.")
    seen_at: Instant = Field(None, description="When it was seen.")
    seen_on: Day = Field(None, description="The day of it.")
    more: Json = Field(None, description="Free form.")
    tags: Texts = Field(None, description="Tags.")
    tree: LooseInteger = Field(None, description="Id of the tree.")
    stem: Annotated[Part | None, Reference] = Field(None, description="The stem.")
    veins: list[Part] | None = Field(None, description="The veins.")


LEAVES = {"leaves": Resource(path="leaves/", record=Leaf, key="id", refresh=Full())}
PART = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
FIELDS: dict[str, Any] = {
    "id": {"type": "integer", "readOnly": True},
    "name": {"type": "string"},
    "size": {"type": "string", "format": "decimal"},
    "price": {"$ref": "#/components/schemas/Money"},
    "is_green": {"type": "boolean"},
    "seen_at": {"type": "string", "format": "date-time"},
    "seen_on": {"type": "string", "format": "date"},
    "more": {"type": "object", "properties": {"anything": {"type": "string"}}},
    "tags": {"type": "array", "items": {"type": "string"}},
    "tree": {"type": ["integer", "null"]},
    "stem": {"oneOf": [{"type": "integer"}, PART]},
    "veins": {"type": "array", "items": {"allOf": [PART]}},
}
MONEY = {"type": "object", "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}}}


def answer(schema: Any) -> Any:
    return {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}


def pages(fields: Any = FIELDS) -> Any:
    rows = {"type": "array", "items": {"type": "object", "properties": fields}}
    return answer({"type": "object", "properties": {"count": {"type": "integer"}, "results": rows}})


def without(*names: str) -> dict[str, Any]:
    return {name: schema for name, schema in FIELDS.items() if name not in names}


@pytest.fixture
def compared(tmp_path: Path) -> Any:
    def compared(**paths: Any) -> Comparison:
        file = tmp_path / "vendor.json"
        named = {f"/{name.replace('__', '/{id}/')}/".replace("//", "/"): found for name, found in paths.items()}
        file.write_text(json.dumps({"paths": named, "components": {"schemas": {"Money": MONEY}}}))
        return compare(LEAVES, read_document(file))

    return compared


def seen(comparison: Comparison) -> list[tuple[str, str, str | None]]:
    return [(each.where, each.path, each.field) for each in comparison.findings]


def test_a_document_that_says_what_the_contract_says_differs_in_nothing(compared: Any) -> None:
    comparison = compared(leaves=pages())

    assert comparison.findings == []
    assert (comparison.paths, comparison.fields) == (1, len(comparing.fields_of(LEAVES["leaves"])) + 1)  # more.anything


def test_fields_that_only_the_document_has_are_open(compared: Any) -> None:
    vein = {"type": "object", "properties": PART["properties"] | {"width": {"type": "number"}}}
    comparison = compared(
        leaves=pages(FIELDS | {"colour": {"type": "string"}, "veins": {"type": "array", "items": vein}})
    )

    assert seen(comparison) == [("only there", "leaves/", "colour"), ("only there", "leaves/", "veins[].width")]
    assert [each.detail for each in comparison.open] == ["string", "number"]


def test_fields_and_listings_that_only_the_contract_has_are_no_fault(compared: Any) -> None:
    assert seen(compared(leaves=pages(without("name")))) == [("only here", "leaves/", "name")]
    assert seen(compared()) == [("only here", "leaves/", None)]
    assert compared().open == []


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("id", {"type": "string"}),
        ("name", {"type": "object", "properties": {}}),
        ("name", {"type": "string", "format": "date-time"}),
        ("size", {"type": "boolean"}),
        ("is_green", {"type": "string"}),
        ("seen_at", {"type": "integer"}),
        ("seen_at", {"type": "string", "format": "date"}),
        ("seen_on", {"type": "string", "format": "date-time"}),
        ("tags", {"type": "integer"}),
        ("tree", {"anyOf": [{"type": "integer"}, {"type": "boolean"}]}),
        ("veins", PART | {"properties": {}}),
        ("stem.name", {"type": "integer"}),
    ],
)
def test_fields_that_the_contract_would_not_take_as_documented_are_open(compared: Any, field: str, schema: Any) -> None:
    name, _, inner = field.partition(".")
    changed = {"type": "object", "properties": PART["properties"] | {inner: schema}} if inner else schema
    comparison = compared(leaves=pages(FIELDS | {name: changed}))

    assert [(each.where, each.field) for each in comparison.open] == [("typed differently", field)]


def test_a_single_row_is_compared_with_the_contract_of_its_listing(compared: Any) -> None:
    row = answer({"type": "object", "properties": FIELDS | {"colour": {"type": "string"}}})
    comparison = compared(**{"leaves": pages(), "leaves__": row})

    assert seen(comparison) == [("only there", "leaves/", "colour")]
    assert comparison.paths == 2


def test_a_listing_that_no_contract_reads_is_open_and_what_can_only_be_written_is_none(compared: Any) -> None:
    comparison = compared(leaves=pages(), trees=pages(), seeds={"post": {}})

    assert seen(comparison) == [("only there", "trees/", None)]
    assert len(comparison.open) == 1


def test_a_reason_closes_a_difference_and_is_shown_with_it(compared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(comparing.PATHS, "trees/", "no leaves")
    monkeypatch.setitem(comparing.FIELDS, "leaves/col*", "not a field")
    comparison = compared(leaves=pages(FIELDS | {"colour": {}, "hue": {}}), trees=pages())

    assert [each.reason for each in comparison.findings] == ["not a field", None, "no leaves"]
    assert [each.field for each in comparison.open] == ["hue"]


def test_what_refers_to_itself_is_followed_to_an_end(tmp_path: Path) -> None:
    leaf = {"type": "object", "properties": {"id": {"type": "integer"}, "parent": {"$ref": "#/x"}}}
    file = tmp_path / "vendor.json"
    file.write_text(json.dumps({"paths": {"/leaves/": answer({"$ref": "#/x"}), "/y/": answer({"$ref": "#/y"})},
                                "x": leaf, "y": {"$ref": "#/y"}}))  # fmt: skip

    assert read_document(file)["leaves/"]["parent.parent.id"] == {"integer"}


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "{}", '{"paths": []}', '{"paths": {"/leaves/": null}}', '{"paths": {"/leaves/": {"get": 5}}}',
        '{"swagger": "2.0", "paths": {}}', "[" * 20_000, None,
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_in_a_sentence(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "vendor.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(UsageError, match=r"vendor\.json: "):
        read_document(file)
