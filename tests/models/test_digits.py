"""Where SQL brings two decimals to one type, it keeps the digits of both.

DuckDB unites DECIMAL(38, 2) and DECIMAL(38, 4) as DECIMAL(38, 2): there is no type with 36 digits before the point and
4 behind it. What goes is rounded without a word, so that every model says itself what becomes of such values.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

import duckdb
import pytest
from sqlglot import exp, parse_one

from pipeline.models.settings import bound_settings

from .bench import PROJECT, SETTINGS

ALL = {model.name: model.text for model in (*PROJECT.models, *PROJECT.audits)}
MEETINGS = (exp.Coalesce, exp.Case, exp.Greatest, exp.Least)
PLANTED = {
    "select a from t union all select b from t": ["a: DECIMAL(38,4) becomes DECIMAL(38,2)"],
    "with u as (select a from t union all select b from t) select a from u": ["a: DECIMAL(38,4) becomes DECIMAL(38,2)"],
    "select sum(coalesce(b, a)) as c from t group by n": ["COALESCE(b, a): DECIMAL(38,4) becomes DECIMAL(38,2)"],
    "with u as (select * from t) select case when n > 1 then a else b end as c from u": [
        "CASE WHEN n > 1 THEN a ELSE b END: DECIMAL(38,4) becomes DECIMAL(38,2)"
    ],
    "select least(b, cast(a as decimal(38, 4))) as c, coalesce(a, n) as d from t": [],
    "select b from t union all select cast(n as decimal(38, 4)) from t union all select 0 from t": [],
}


def losses(con: duckdb.DuckDBPyConnection, text: str) -> Iterator[str]:
    """Yield what loses digits in a query: each value with the type that it has and the one that it gets."""
    query = parse_one(text, read="duckdb")
    for united in query.find_all(exp.SetOperation):
        columns = describe(con, united)
        for side in (united.this, united.expression):
            for (name, common), kind in zip(columns.items(), describe(con, side).values(), strict=True):
                if loses(kind, common):
                    yield f"{name}: {kind} becomes {common}"
    for meeting in query.find_all(*MEETINGS):
        values = [value for value in values_of(meeting) if not isinstance(value, exp.Null)]
        common, *kinds = kinds_of(con, meeting.find_ancestor(exp.Select), [meeting, *values])
        for kind in kinds:
            if loses(kind, common):
                yield f"{meeting.sql('duckdb')}: {kind} becomes {common}"


def values_of(meeting: exp.Expr) -> list[exp.Expr]:
    if isinstance(meeting, exp.Case):
        default = meeting.args.get("default")
        return [each.args["true"] for each in meeting.args["ifs"]] + ([default] if default is not None else [])
    return [meeting.this, *meeting.expressions]


def kinds_of(con: duckdb.DuckDBPyConnection, query: exp.Expr | None, values: list[exp.Expr]) -> list[str]:
    """Return the types of values in a query."""
    assert query is not None
    asked = query.copy()
    for part in ("order", "qualify", "limit", "distinct", "having"):
        asked.set(part, None)
    asked.set("expressions", [exp.alias_(value.copy(), f"value_{n}") for n, value in enumerate(values)])
    # They are values of single rows, or of sums, or both meet in them.
    for group in (None, exp.Group(all=True)):
        ungrouped = asked.copy()
        ungrouped.set("group", group)
        with suppress(duckdb.BinderException):
            return list(describe(con, ungrouped, query).values())
    return list(describe(con, asked, query).values())


def describe(con: duckdb.DuckDBPyConnection, asked: exp.Expr, place: exp.Expr | None = None) -> dict[str, str]:
    """Return the types of a query's columns, by name; it stands at `place` in another one, or is a part of one."""
    ctes = ", ".join(cte.sql("duckdb") for cte in ctes_before(place or asked))
    inner = asked.copy()
    inner.set("with_", None)
    text = (f"WITH {ctes} " if ctes else "") + inner.sql("duckdb")
    return {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {text}").fetchall()}


def ctes_before(query: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the CTEs that a part of a query can read."""
    top = query.root()
    inside = {id(node) for node in ancestors(query)}
    for cte in getattr(top, "ctes", []):
        if id(cte) in inside:
            return
        yield cte


def ancestors(node: exp.Expr | None) -> Iterator[exp.Expr]:
    while node is not None:
        yield node
        node = node.parent


def loses(kind: str, common: str) -> bool:
    """Say whether a value of one type loses digits behind the point in another."""
    before, after = (re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", each) for each in (kind, common))
    return before is not None and after is not None and int(before[1]) > int(after[1])


@pytest.fixture(scope="module")
def asked(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield the warehouse without rows with what the models read of the load before it, and their settings."""
    con.execute("ATTACH ':memory:' AS previous")
    for model in PROJECT.models:
        for name in model.inputs:
            if name.startswith("previous."):
                table = name.partition(".")[2]
                (made,) = [
                    each.name for each in PROJECT.models if each.name in {f"intermediate.{table}", f"marts.{table}"}
                ]
                con.execute(f"CREATE TABLE IF NOT EXISTS {name} AS FROM {made}")
    with bound_settings(con, SETTINGS):
        yield con


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_model_or_audit_loses_digits(asked: duckdb.DuckDBPyConnection, name: str) -> None:
    assert list(losses(asked, ALL[name])) == []


@pytest.mark.parametrize("text", PLANTED)
def test_what_loses_digits_is_found(text: str) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t (a DECIMAL(38, 2), b DECIMAL(38, 4), n BIGINT)")

        assert list(losses(con, text)) == PLANTED[text]
