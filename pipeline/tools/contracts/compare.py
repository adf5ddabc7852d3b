"""Comparing the contracts with a vendor's document: what is only here, only there, and typed differently."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from pipeline.resources import Resource
from pipeline.resources.columns import Shape, shape_of
from pipeline.resources.types import Kind, Money, Record
from pipeline.tools.contracts.document import Fields
from pipeline.tools.contracts.reasons import FIELDS, PATHS

_ANY = frozenset({"*"})
# What a kind takes, in the words of OpenAPI; a documented format must be among them when it says more than the type.
_TAKES: dict[Kind, frozenset[str]] = {
    Kind.INTEGER: frozenset({"integer"}),
    Kind.LOOSE_INTEGER: frozenset({"integer", "string"}),
    Kind.TEXT: frozenset({"string"}),
    Kind.LOOSE_TEXT: frozenset({"string", "integer"}),
    Kind.BOOLEAN: frozenset({"boolean"}),
    Kind.LOOSE_BOOLEAN: frozenset({"boolean", "string"}),
    Kind.EXACT: frozenset({"number", "integer", "string", "number decimal", "string decimal"}),
    Kind.INSTANT: frozenset({"string", "string date-time"}),
    Kind.INSTANT_OR_DAY: frozenset({"string", "string date-time", "string date"}),
    Kind.DAY: frozenset({"string", "string date"}),
    Kind.JSON: _ANY,
    Kind.TEXTS: frozenset({"array", "string"}),
}
_TELLING_FORMATS = frozenset({"date-time", "date", "decimal"})


@dataclass(frozen=True)
class Finding:
    """A difference: `path` is the listing, `field` one of its fields (none for the listing itself).

    `reason` says why it is meant to be so.
    """

    path: str
    field: str | None
    where: Literal["only here", "only there", "typed differently"]
    detail: str = ""
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the document says something that no contract covers and no reason explains."""
        return self.where != "only here" and self.reason is None


@dataclass(frozen=True)
class Comparison:
    """How many listings and fields of the document are covered, and what differs."""

    paths: int
    fields: int
    findings: list[Finding]

    @property
    def open(self) -> list[Finding]:
        """The differences that nothing explains."""
        return [finding for finding in self.findings if finding.is_open]


def compare(resources: Mapping[str, Resource], document: Mapping[str, Fields]) -> Comparison:
    """Compare every path of the document that can be read with the contract of its rows."""
    contracts = {resource.path: fields_of(resource) for resource in resources.values()}
    findings: list[Finding] = []
    paths, covered = 0, set[tuple[str, str]]()
    here = {(path, name) for path, ours in contracts.items() for name in ours}
    for path, documented in sorted(document.items()):
        listing = path if path in contracts else _listing_of(path)
        if listing not in contracts:
            findings.append(Finding(path, None, "only there", reason=PATHS.get(path)))
            continue
        differences = _compare_fields(listing, contracts[listing], documented)
        findings += [each for each in differences if each not in findings]  # a single row repeats its listing
        here -= {(listing, name) for name in documented}
        covered |= {(listing, name) for name in documented.keys() - {each.field for each in differences}}
        paths += 1
    gone = sorted(contracts.keys() - document.keys())
    findings += [Finding(path, None, "only here") for path in gone]
    findings += [Finding(path, name, "only here") for path, name in sorted(here) if path not in gone]
    return Comparison(paths, len(covered), findings)


def _listing_of(path: str) -> str:
    """Return the listing that a path gives a single row of: `products/` for `products/{id}/`."""
    return re.sub(r"\{[^}]*\}/$", "", path)


def _compare_fields(path: str, ours: Mapping[str, frozenset[str]], documented: Fields) -> list[Finding]:
    found = []
    for name, types in sorted(documented.items()):
        if name not in ours:
            if not _is_inside_json(name, ours):
                found.append(Finding(path, name, "only there", " or ".join(sorted(types)), _reason(path, name)))
        elif odd := sorted(each for each in types if not _takes(ours[name], each)):
            detail = f"{' or '.join(odd)} there, {' or '.join(sorted(ours[name]))} here"
            found.append(Finding(path, name, "typed differently", detail, _reason(path, name)))
    return found


def _reason(path: str, name: str) -> str | None:
    return next((reason for pattern, reason in FIELDS.items() if fnmatchcase(f"{path}{name}", pattern)), None)


def _is_inside_json(name: str, ours: Mapping[str, frozenset[str]]) -> bool:
    """Whether a field lies inside one that is kept as JSON, whatever it holds."""
    parts = re.split(r"(?:\[\])?\.", name)
    return any(ours.get(".".join(parts[:size])) == _ANY for size in range(1, len(parts)))


def _takes(ours: frozenset[str], documented: str) -> bool:
    kind, _, form = documented.partition(" ")
    return ours == _ANY or (documented if form in _TELLING_FORMATS else kind) in ours


def fields_of(resource: Resource) -> dict[str, frozenset[str]]:
    """Return what the fields of a contract take, by path, with those inside objects and lists."""
    return dict(_fields(resource.record, ""))


def _fields(record: type[Record], path: str) -> list[tuple[str, frozenset[str]]]:
    found = []
    for name, info in record.model_fields.items():
        shape = shape_of(info)
        found.append((f"{path}{name}", _taken_by(shape)))
        if shape.record is not None:
            found += _fields(shape.record, f"{path}{name}{'[]' if shape.is_list else ''}.")
    return found


def _taken_by(shape: Shape) -> frozenset[str]:
    if shape.is_list:
        return frozenset({"array"})
    if shape.record is None:
        assert shape.kind is not None
        return _TAKES[shape.kind]
    if shape.record is Money:
        return frozenset({"object", "integer", "number", "string", "string decimal"})
    return frozenset({"object", "integer"} if shape.is_reference else {"object"})
