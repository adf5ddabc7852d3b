"""From a column to the fields of the API that its values are computed from, through every model in between."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pipeline.models.columns import Derivation, Source, derivations
from pipeline.models.model import Model
from pipeline.resources import Resource
from pipeline.resources.columns import shapes_of


@dataclass(frozen=True)
class Ancestry:
    """What a column is computed from: fields of the API by resource, and other tables that no model makes."""

    fields: Mapping[str, tuple[str, ...]]
    tables: tuple[str, ...]


class Ancestors:
    """Traces the columns of models; `columns` are those of all tables, by schema and name."""

    def __init__(
        self, models: Iterable[Model], columns: Mapping[str, Collection[str]], resources: Mapping[str, Resource]
    ) -> None:
        self._derived: dict[str, dict[str, Derivation]] = {
            model.name: derivations(model, columns) for model in models if model.name in columns
        }
        self._fields = {name: _fields_of(resource) for name, resource in resources.items()}
        self._known: dict[Source, frozenset[Source]] = {}

    def of(self, table: str, column: str) -> Ancestry:
        """Return what a column is computed from; nothing where it counts rows, or is the same in every row."""
        fields: dict[str, set[str]] = {}
        tables = set[str]()
        for source in self._roots(Source(table, column)):
            schema, _, name = source.table.partition(".")
            if source == Source(table, column):
                continue
            if schema != "raw":
                tables.add("the load before" if schema == "previous" else source.table)
                continue
            first, dot, path = source.column.partition(".")
            field = self._fields.get(name, {}).get(first)
            if field is not None:
                fields.setdefault(name, set()).add(f"{field}{dot}{path}")
        return Ancestry({name: tuple(sorted(fields[name])) for name in sorted(fields)}, tuple(sorted(tables)))

    def _roots(self, column: Source) -> frozenset[Source]:
        """Return the columns, of tables that no model makes, that a column is computed from."""
        if column not in self._known:
            self._known[column] = self._find(column)
        return self._known[column]

    def _find(self, column: Source) -> frozenset[Source]:
        if column.table not in self._derived:
            return frozenset((column,))
        name, dot, path = column.column.partition(".")
        derivation = self._derived[column.table].get(name, Derivation())
        if path and derivation.copy is not None:
            return self._roots(Source(derivation.copy.table, f"{derivation.copy.column}{dot}{path}"))
        return frozenset[Source]().union(*(self._roots(each) for each in derivation.sources))


def _fields_of(resource: Resource) -> dict[str, str]:
    """Return the API's field that each column of a raw table holds; money is two columns of one field."""
    found: dict[str, str] = {}
    for name, shape in shapes_of(resource.record).items():
        if shape.is_money:
            found |= {f"{name}_amount": f"{name}.amount", f"{name}_currency": f"{name}.currency"}
        else:
            found[name] = name
    return found
