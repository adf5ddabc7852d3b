"""Where the values of a column come from, and the comment that a column has without anybody writing it twice."""

from pathlib import Path

import duckdb
import pytest

from pipeline.models import Project, run_models
from pipeline.models.columns import Derivation, Source, derivations
from pipeline.models.model import parse_model

from .bench import SETTINGS

COLUMNS = {"raw.orders": ("id", "total", "paid", "customer", "reps"), "raw.lines": ("id", "order_id", "amount")}


def derived(query: str) -> dict[str, Derivation]:
    return derivations(parse_model(Path("x.sql"), "marts.x", query), COLUMNS)


def orders(*columns: str) -> frozenset[Source]:
    return frozenset(Source("raw.orders", column) for column in columns)


@pytest.mark.parametrize(
    ("query", "sources", "copy"),
    [
        ("select id as x from raw.orders", ("id",), "id"),
        ("select cast(coalesce(nullif(total, 0), 0) as bigint) as x from raw.orders", ("total",), "total"),
        ("select total - paid as x from raw.orders", ("total", "paid"), None),
        ("select coalesce(total, paid) as x from raw.orders", ("total", "paid"), None),
        ("select sum(total) as x from raw.orders", ("total",), None),
        ("select case when paid > 0 then total end as x from raw.orders", ("paid", "total"), None),
        ("select customer.id as x from raw.orders", ("customer.id",), "customer.id"),
        ("select o.customer.name.first as x from raw.orders as o", ("customer.name.first",), "customer.name.first"),
        ("with a as (select total as b from raw.orders) select b as x from a", ("total",), "total"),
        ("with a as (select *, total + paid as b from raw.orders) select b as x from a", ("total", "paid"), None),
        ("with a as (select customer as c from raw.orders) select c.id as x from a", ("customer.id",), "customer.id"),
        ("select total as x from raw.orders union all select total from raw.orders", ("total",), "total"),
        ("select total as x from raw.orders union all select paid from raw.orders", ("total", "paid"), None),
        ("with a as (select unnest(reps) as rep from raw.orders) select rep.id as x from a", ("reps",), None),
        ("select (select max(paid) from raw.orders) as x from raw.lines", ("paid",), None),
        ("select count(*) as x from raw.orders", (), None),
        ("select sum(total) over (partition by id) as x from raw.orders", ("total", "id"), None),
    ],
)
def test_a_column_is_traced_to_what_it_is_computed_from(query, sources, copy) -> None:
    one = Source("raw.orders", copy) if copy else None

    assert derived(query) == {"x": Derivation(orders(*sources), one)}


def test_a_column_is_of_the_table_that_has_it() -> None:
    found = derived("select amount, o.id, total from raw.orders as o join raw.lines as l on l.order_id = o.id")

    assert {name: each.copy for name, each in found.items()} == {
        "amount": Source("raw.lines", "amount"),
        "id": Source("raw.orders", "id"),
        "total": Source("raw.orders", "total"),
    }


MODELS = {
    "staging/orders": "-- kind: view\nselect id, cast(total as bigint) as total, paid > 0 as is_paid from raw.orders",
    "intermediate/sums": "select max(total) as total, max(id) as last_id -- The last one.\nfrom staging.orders",
    "marts/orders": "select id as order_id, total, -- In cents.\nis_paid from staging.orders",
}


def comments(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str | None]:
    rows = con.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name || '.' || table_name = ?", [table]
    )
    return dict(rows.fetchall())


def test_a_column_has_the_comment_beside_it_else_that_of_the_column_that_it_shows(tmp_path: Path) -> None:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA raw; CREATE TABLE raw.orders (id BIGINT, total BIGINT, paid BIGINT)")
    con.execute("COMMENT ON COLUMN raw.orders.id IS 'Key.'; COMMENT ON COLUMN raw.orders.total IS 'Total.'")
    for name, text in MODELS.items():
        path = tmp_path / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"-- A test.\n{text}\n")

    run_models(con, SETTINGS, Project(tmp_path))

    assert comments(con, "staging.orders") == {"id": "Key.", "total": "Total.", "is_paid": None}
    assert comments(con, "intermediate.sums") == {"total": None, "last_id": "The last one."}
    assert comments(con, "marts.orders") == {"order_id": "Key.", "total": "In cents.", "is_paid": None}


def test_what_sqlglot_cannot_read_is_told_of_no_column() -> None:
    assert derived("select x.* from raw.orders as y") == {}
