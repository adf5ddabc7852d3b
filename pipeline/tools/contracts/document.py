"""What an OpenAPI document says of the rows that can be read: paths, their fields, and the types of these."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pipeline.errors import UsageError

# Objects that hold themselves are followed so far.
_DEEPEST = 8

# The types of a field as "string", or "string date-time" with its format, by path: `total.amount`, `sales_reps[].id`.
Fields = dict[str, set[str]]


def read_document(path: Path) -> dict[str, Fields]:
    """Return the fields of the rows that each path gives, by path relative to the API's root.

    A path that cannot be read, only written to, is not among them. Raises UsageError for what is no such document.
    """
    try:
        document = msgspec.json.decode(path.read_bytes().removeprefix(BOM_UTF8))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON ({error}). An OpenAPI document in JSON is needed.") from error
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise UsageError(f"{path}: no OpenAPI document (it names no paths).")
    if "swagger" in document:  # its schemas stand elsewhere: nothing of it would be found, nor missed
        raise UsageError(f"{path}: a Swagger document of version 2. Convert it to OpenAPI 3 first.")
    try:
        return _read_paths(document)
    except (AttributeError, TypeError) as error:
        raise UsageError(
            f"{path}: no OpenAPI document (something in it is no object where there must be one)."
        ) from error


def _read_paths(document: Mapping[str, Any]) -> dict[str, Fields]:
    reader = _Reader(document)
    return {
        name.lstrip("/"): reader.rows_of(operations["get"])
        for name, operations in document["paths"].items()
        if "get" in operations
    }


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def rows_of(self, operation: Mapping[str, Any]) -> Fields:
        """Return the fields of the rows that an operation answers with: in pages, as a list, or one alone."""
        answer = self._resolved(operation.get("responses", {}).get("200", {}))
        schema = self._resolved(answer.get("content", {}).get("application/json", {}).get("schema", {}))
        rows = self._resolved(schema.get("properties", {}).get("results", schema))
        fields: Fields = {}
        self._collect(self._resolved(rows.get("items", rows)), "", fields, 0)
        return fields

    def _collect(self, schema: Mapping[str, Any], path: str, fields: Fields, depth: int) -> None:
        """Add the fields inside an object, and inside the objects of lists, to `fields`."""
        if depth > _DEEPEST:
            return
        for part in self._parts(schema):
            for name, inner in part.get("properties", {}).items():
                self._collect_field(inner, f"{path}{name}", fields, depth)

    def _collect_field(self, schema: Mapping[str, Any], path: str, fields: Fields, depth: int) -> None:
        types = fields.setdefault(path, set())
        for part in self._parts(self._resolved(schema)):
            types |= _types(part)
            self._collect(part, f"{path}.", fields, depth + 1)
            if "items" in part:
                self._collect(self._resolved(part["items"]), f"{path}[].", fields, depth + 1)

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield a schema and those that it is made of."""
        yield {name: value for name, value in schema.items() if name not in ("allOf", "oneOf", "anyOf")}
        for combined in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(combined, ()):
                yield from self._parts(self._resolved(part))

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a schema refers to, or itself."""
        for _ in range(_DEEPEST):
            if "$ref" not in schema:
                break
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found.get(part.replace("~1", "/").replace("~0", "~"), {})
            schema = found
        return schema


def _types(schema: Mapping[str, Any]) -> set[str]:
    types = schema.get("type", "object" if "properties" in schema else [])
    found = {types} if isinstance(types, str) else set(types) - {"null"}
    return {f"{each} {schema['format']}" if "format" in schema else each for each in found}
