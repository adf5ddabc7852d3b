"""Where the values of a column come from: the columns of the inputs that a model computes it from."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, walk_in_scope
from sqlglot.schema import MappingSchema

from pipeline.models.model import Model

# What leaves the meaning of a value as it is, where it holds nothing but literals beside the value.
_TRANSPARENT = (exp.Alias, exp.Cast, exp.Coalesce, exp.Nullif, exp.Paren)


class Source(NamedTuple):
    """A column of a table, by schema and name; `column` is a path where it is inside an object: customer.id."""

    table: str
    column: str


@dataclass(frozen=True)
class Derivation:
    """What a column is computed from, and the one column whose values it has, if it has those of one."""

    sources: frozenset[Source] = frozenset()
    copy: Source | None = None


def derivations(model: Model, columns: Mapping[str, Collection[str]]) -> dict[str, Derivation]:
    """Return what each column of a model is computed from: columns of its inputs. It is empty where nobody can tell.

    `columns` are the columns of its inputs, by schema and name. A condition on rows, such as a join, is no part of
    what a column is computed from; one inside a value (CASE) is.
    """
    schema: dict[str, dict[str, object]] = defaultdict(dict)
    for name in model.inputs:
        if columns.get(name):
            layer, _, table = name.partition(".")
            schema[layer][table] = dict.fromkeys(columns[name], "text")
    parsed = sqlglot.parse_one(model.text, read="duckdb")
    try:
        query = qualify(
            parsed, schema=MappingSchema(dict(schema), dialect="duckdb"), dialect="duckdb",
            validate_qualify_columns=False, quote_identifiers=False, identify=False,
        )  # fmt: skip
    except SqlglotError:  # DuckDB knows more than sqlglot does
        return {}
    scope, derive = build_scope(query), _Derive()
    assert scope is not None  # a model is a query
    return {name: derive.column(scope, name) for name in _names(query)}


class _Derive:
    """Finds what columns of scopes are computed from, each only once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], Derivation] = {}

    def column(self, scope: Scope, name: str) -> Derivation:
        """Return what the column `name` of a scope is computed from."""
        key = (id(scope), name)
        if key not in self._known:
            self._known[key] = self._column(scope, name)
        return self._known[key]

    def _column(self, scope: Scope, name: str) -> Derivation:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            place = _names(query).index(name)
            sides = [self.column(side, _names(side.expression)[place]) for side in scope.set_operation_scopes]
            copies = {side.copy for side in sides}
            sources = frozenset[Source]().union(*(side.sources for side in sides))
            return Derivation(sources, copies.pop() if len(copies) == 1 else None)
        if not isinstance(query, exp.Query):  # rows made of a list, such as UNNEST
            return Derivation(frozenset(self._sources(scope, query)))
        value = next((each for each in query.selects if each.alias_or_name == name), None)
        if value is None:
            return Derivation()
        return Derivation(frozenset(self._sources(scope, value)), self._copy(scope, value))

    def _sources(self, scope: Scope, value: exp.Expr) -> Iterator[Source]:
        for node in walk_in_scope(value):
            if isinstance(node, exp.Column):
                yield from self._resolved(scope, node).sources
        inside = {id(node) for node in value.walk()}
        for each in scope.subquery_scopes:
            if id(each.expression) in inside:
                for name in _names(each.expression):
                    yield from self.column(each, name).sources

    def _resolved(self, scope: Scope, column: exp.Column) -> Derivation:
        """Return what a column that an expression names is computed from: a column of an input or a scope."""
        source = _source_of(scope, column.table)
        if isinstance(source, exp.Table):
            one = Source(f"{source.db}.{source.name}", ".".join((column.name, *_path(column))))
            return Derivation(frozenset((one,)), one)
        if isinstance(source, Scope):
            found = self.column(source, column.name)
            path = _path(column)
            if path and found.copy is not None:
                one = Source(found.copy.table, ".".join((found.copy.column, *path)))
                return Derivation(frozenset((one,)), one)
            return found
        return Derivation()

    def _copy(self, scope: Scope, value: exp.Expr) -> Source | None:
        while isinstance(value, _TRANSPARENT):
            others = [each for each in value.iter_expressions() if each is not value.this]
            if any(each.find(exp.Column) for each in others):
                return None
            value = value.this
        while isinstance(value, exp.Dot):
            value = value.this
        return self._resolved(scope, value).copy if isinstance(value, exp.Column) else None


def _names(query: exp.Expr) -> list[str]:
    """Return the names of the columns that a query gives."""
    return query.named_selects if isinstance(query, exp.Query) else []


def _source_of(scope: Scope | None, name: str) -> exp.Expr | Scope | None:
    while scope is not None:
        if name in scope.sources:
            return scope.sources[name]
        scope = scope.parent  # a subquery may name what is around it
    return None


def _path(column: exp.Column) -> tuple[str, ...]:
    """Return the names inside an object that follow a column: (id,) of customer.id."""
    path: tuple[str, ...] = ()
    node = column.parent
    while isinstance(node, exp.Dot):
        path, node = (*path, node.expression.name), node.parent
    return path
