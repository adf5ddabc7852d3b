"""What SQL must not use, because sqlglot cannot carry it from DuckDB to Spark, or carries it to something else.

`sql/` runs on DuckDB. That it also runs on Spark keeps the models with their owner, whatever engine comes next.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import ErrorLevel

from pipeline.models.model import Model

# Audits that ask DuckDB about itself; they are rewritten for each engine.
ENGINE_SPECIFIC = frozenset({"audit.documented_columns"})
_WHERE_ROWS_COME_FROM = (exp.From, exp.Join, exp.Lateral)


@dataclass(frozen=True)
class Construct:
    """Something that does not carry over: its name, why not, what to write instead, and how to tell it."""

    name: str
    reason: str
    instead: str
    matches: Callable[[exp.Expr], bool]


def refusals(model: Model) -> list[str]:
    """Return a sentence for each construct in the model's SQL that does not carry over: none is a pass."""
    if model.name in ENGINE_SPECIFIC:
        return []
    nodes = list(parse_one(model.text, read="duckdb").walk())
    return [
        f"{model.name}: {construct.name}: {construct.reason}. Write {construct.instead}."
        for construct in CONSTRUCTS
        if any(construct.matches(node) for node in nodes)
    ]


def spark_sql(model: Model, change: Callable[[exp.Expr], exp.Expr] = lambda node: node) -> str:
    """Return the model's SELECT for Spark, with each node of the query as `change` returns it.

    Raises UnsupportedError for what sqlglot knows that it cannot carry.
    """
    query = parse_one(model.text, read="duckdb").transform(change).transform(_carried)
    return query.sql("spark", unsupported_level=ErrorLevel.RAISE)


def _carried(node: exp.Expr) -> exp.Expr:
    """Return what Spark has for a node that sqlglot carries over to something else, or that Sail does not know."""
    if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.INT128:  # Spark has no hugeint
        return exp.DataType.build("decimal(38, 0)")
    if isinstance(node, exp.DayOfWeekIso):  # sqlglot makes another day of it
        return exp.paren((exp.paren(exp.DayOfWeek(this=node.this) + 5) % 7) + 1)
    if isinstance(node, exp.DateDiff) and node.text("unit").upper() == "MICROSECOND":  # Sail does not know the unit
        until, since = (exp.Anonymous(this="unix_micros", expressions=[each]) for each in (node.this, node.expression))
        return exp.paren(until - since)
    if isinstance(node, exp.NullSafeEQ):  # Sail takes IS NOT DISTINCT FROM for never null, and then refuses the plan
        return exp.Anonymous(this="equal_null", expressions=[node.this, node.expression])
    if isinstance(node, exp.NullSafeNEQ):
        return exp.not_(exp.Anonymous(this="equal_null", expressions=[node.this, node.expression]))
    return node


def _calls(*names: str) -> Callable[[exp.Expr], bool]:
    """Return what tells a call of a function that sqlglot knows by nothing but its name."""
    return lambda node: isinstance(node, exp.Anonymous) and node.name.lower() in names


def _is_average(node: exp.Expr) -> bool:
    return isinstance(node, exp.Avg) or _calls("mean", "favg", "list_avg")(node)


def _is_unnest_in_cast(node: exp.Expr) -> bool:
    return isinstance(node, exp.Explode | exp.Unnest) and isinstance(node.find_ancestor(exp.Cast, exp.Query), exp.Cast)


def _is_series_in_from(node: exp.Expr) -> bool:
    return isinstance(node, exp.GenerateSeries) and isinstance(
        node.find_ancestor(*_WHERE_ROWS_COME_FROM, exp.Query), _WHERE_ROWS_COME_FROM
    )


def _is_ordered_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.GroupConcat) and node.find(exp.Order) is not None


def _is_ordered_list(node: exp.Expr) -> bool:
    return isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Order)


def _is_list_slice(node: exp.Expr) -> bool:
    return isinstance(node, exp.Slice | exp.ArraySlice) or _calls("list_slice")(node)


def _is_union_by_name(node: exp.Expr) -> bool:
    return isinstance(node, exp.SetOperation) and bool(node.args.get("by_name"))


def _is_asof_join(node: exp.Expr) -> bool:
    return isinstance(node, exp.Join) and node.method == "ASOF"


def _is_about_the_engine(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower().startswith(("duckdb_", "pragma_"))


CONSTRUCTS = (
    Construct(
        "sign",
        "Spark makes a double of the sign of a decimal",
        "case when x < 0 then -1 else 1 end",
        lambda node: isinstance(node, exp.Sign),
    ),
    Construct(
        "unnest inside a cast",
        "Spark unnests nowhere but at the top of a SELECT",
        "unnest(x) in a CTE, and the cast of its column in the next one",
        _is_unnest_in_cast,
    ),
    Construct("union by name", "Spark matches columns by place", "the columns in the same order", _is_union_by_name),
    Construct(
        "generate_series in FROM",
        "Spark names its column otherwise",
        "a join with dim_date, or unnest(generate_series(…)) in a SELECT",
        _is_series_in_from,
    ),
    Construct("asof join", "Spark has none", "row_number() over the matches, and the first of them", _is_asof_join),
    Construct(
        "pivot",
        "the columns depend on the data",
        "sum(case when …) per column",
        lambda node: isinstance(node, exp.Pivot),
    ),
    Construct(
        "avg",
        "DuckDB makes a double of it, Spark a decimal with other digits",
        "sum and count, divided as integers with //",
        _is_average,
    ),
    Construct(
        "/",
        "DuckDB makes a double of it, Spark a decimal with other digits",
        "(2 * n + d) // (2 * d) of cents or ten-thousandths",
        lambda node: isinstance(node, exp.Div),
    ),
    Construct(
        "ordered string_agg",
        "Spark before 4 has none",
        "array_to_string(list_sort(array_agg(distinct x)), '; ')",
        _is_ordered_text,
    ),
    Construct(
        "ordered array_agg", "sqlglot drops its order without a word", "list_sort(array_agg(x))", _is_ordered_list
    ),
    Construct("columns", "Spark has none", "the columns by name", lambda node: isinstance(node, exp.Columns)),
    Construct(
        "exclude",
        "Sail does not know it",
        "the columns by name",
        lambda node: isinstance(node, exp.Star) and bool(node.args.get("except_")),
    ),
    Construct(
        "list slice", "Spark has other bounds", "row_number() in a CTE, and a condition on the place", _is_list_slice
    ),
    Construct(
        "hash",
        "each engine has its own",
        "the sums of the keys and of their remainders, or a join by key",
        _calls("hash"),
    ),
    Construct(
        "duckdb_ functions",
        "they tell of DuckDB alone",
        "what information_schema has, or name the audit in ENGINE_SPECIFIC",
        _is_about_the_engine,
    ),
)
