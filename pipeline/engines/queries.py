"""The SQL of `sql/` as an engine takes it: in Spark's dialect, with the settings as literals and flat table names.

An engine knows what a load reads and makes as temporary views, which have no schema: `raw.orders_received` is
`raw__orders_received` there.
"""

from collections.abc import Mapping
from datetime import date, datetime

from sqlglot import exp

from pipeline.models import ModelSettings
from pipeline.models.model import Model
from pipeline.models.portable import spark_sql
from pipeline.models.settings import VARIABLES


def view_of(table: str) -> str:
    """Return the engine's name of a table, which is a schema and a name."""
    schema, _, name = table.partition(".")
    return f"{schema}__{name}"


def engine_sql(model: Model, settings: ModelSettings) -> str:
    """Return the model's SELECT as the engine runs it with these settings."""
    values = {name: _literal(getattr(settings, name)) for name in VARIABLES}
    values["last_day"] = _literal(settings.last_day or settings.as_of)

    def placed(node: exp.Expr) -> exp.Expr:
        return _flat(_bound(node, values))

    return spark_sql(model, placed)


def _bound(node: exp.Expr, values: Mapping[str, exp.Expr]) -> exp.Expr:
    if isinstance(node, exp.Anonymous) and node.name.lower() == "getvariable":
        return values[node.expressions[0].name].copy()
    return node


def _flat(node: exp.Expr) -> exp.Expr:
    """Return a table with a schema under its flat name; its columns are qualified by the name that it had."""
    if not isinstance(node, exp.Table) or not node.db:
        return node
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name))
    rest = {name: value for name, value in node.args.items() if name not in ("this", "db", "catalog", "alias")}
    return exp.Table(this=exp.to_identifier(view_of(f"{node.db}.{node.name}")), alias=alias, **rest)


def _literal(value: object) -> exp.Expr:
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int):
        return exp.Literal.number(value)
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat()), "timestamptz")
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    return exp.Literal.string(str(value))
