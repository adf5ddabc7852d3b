"""Every model and audit carries over to Spark; what does not is refused by name, with what to write instead."""

from pathlib import Path

import pytest
import sqlglot

from pipeline.models.model import Model, read_model
from pipeline.models.portable import CONSTRUCTS, ENGINE_SPECIFIC, refusals, spark_sql

from .bench import PROJECT

ALL = {model.name: model for model in (*PROJECT.models, *PROJECT.audits)}
# By construct, queries that use it.
PLANTED = {
    "sign": ["select sign(amount) as s from t"],
    "unnest inside a cast": [
        "select cast(unnest(ids) as bigint) as id from t",
        "select try_cast(unnest(ids) as int) from t",
    ],
    "union by name": ["select 1 as a union all by name select 2 as a", "select 1 as a union by name select 2 as a"],
    "generate_series in FROM": [
        "select n from generate_series(1, 3) as s(n)",
        "select n from t cross join generate_series(1, 3) as s(n)",
        "select n from unnest(generate_series(1, 3)) as s(n)",
        "select n from range(3) as s(n)",
    ],
    "asof join": ["select t.a from t asof join u on t.a >= u.a"],
    "pivot": ["pivot t on a using sum(b)", "select * from t pivot (sum(b) for a in (1, 2))"],
    "avg": [
        "select avg(amount) as a from t",
        "select mean(amount) as a from t",
        "select list_avg(amounts) as a from t",
    ],
    "/": ["select a / b as c from t"],
    "ordered string_agg": [
        "select string_agg(a, ';' order by b) as c from t",
        "select string_agg(distinct a, ';' order by a) as c from t",
    ],
    "ordered array_agg": ["select array_agg(a order by b) as c from t", "select list(a order by b desc) as c from t"],
    "columns": ["select columns('a.*') from t", "select min(columns(*)) from t"],
    "list slice": [
        "select ids[1:2] as c from t",
        "select list_slice(ids, 1, 2) as c from t",
        "select ids[2:] as c from t",
    ],
    "exclude": ["select * exclude (a) from t", "select t.* exclude (a, b), c from t"],
    "hash": ["select sum(hash(id)) as c from t"],
    "duckdb_ functions": ["select table_name from duckdb_columns()"],
}
CLEAN = [
    "select a // b as c, -a as d, sum(a) as e from t group by all",
    "select array_to_string(list_sort(array_agg(distinct a)), '; ') as c, ids[1] as d from t",
    "select string_agg(a, ';') as c, max(a) over (order by b) as d from t",
    "select unnest(cast(ids as bigint[])) as id from t",
    "select unnest(generate_series(date '2026-01-01', date '2026-01-31', interval 1 day)) as day",
    "select a from t union all select a from u",
    "select t.*, u.a from t semi join u using (b, c)",
    "select cast('a / b, sign(c)' as varchar) as c  -- avg / sign",
]


def model_of(text: str, name: str = "marts.planted") -> Model:
    return Model(name, Path("planted.sql"), text)


@pytest.mark.parametrize("name", sorted(ALL.keys() - ENGINE_SPECIFIC))
def test_every_model_and_audit_carries_over_to_spark(name: str) -> None:
    assert refusals(ALL[name]) == []
    carried = spark_sql(ALL[name])
    assert sqlglot.parse_one(carried, read="spark").named_selects
    assert "INT128" not in carried


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in PLANTED.items() for text in texts])
def test_what_does_not_carry_over_is_refused_by_name_with_what_to_write_instead(name: str, text: str) -> None:
    (construct,) = [each for each in CONSTRUCTS if each.name == name]

    refused = refusals(model_of(text))

    assert f"marts.planted: {name}: {construct.reason}. Write {construct.instead}." in refused


@pytest.mark.parametrize("text", CLEAN)
def test_what_carries_over_is_not_refused(text: str) -> None:
    assert refusals(model_of(text)) == []


def test_every_construct_is_planted() -> None:
    assert {construct.name for construct in CONSTRUCTS} == PLANTED.keys()


def test_only_an_audit_that_asks_duckdb_about_itself_is_engine_specific() -> None:
    for name in ENGINE_SPECIFIC:
        (refused,) = refusals(model_of(ALL[name].text))
        assert refused.startswith("marts.planted: duckdb_ functions: ")


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("cast(a as hugeint) // 2", "CAST(a AS DECIMAL(38, 0)) DIV 2"),
        ("isodow(a)", "(((DAYOFWEEK(a) + 5) % 7) + 1)"),
        ("date_diff('microsecond', a, b)", "(UNIX_MICROS(b) - UNIX_MICROS(a))"),
        ("a is not distinct from b", "EQUAL_NULL(a, b)"),
        ("a is distinct from b", "NOT EQUAL_NULL(a, b)"),
    ],
)
def test_what_sqlglot_carries_to_something_else_becomes_what_both_engines_know(
    tmp_path: Path, text: str, carried: str
) -> None:
    path = tmp_path / "one.sql"
    path.write_text(f"select {text} as one from t")

    assert spark_sql(read_model(path, "marts.one")) == f"SELECT {carried} AS one FROM t"
