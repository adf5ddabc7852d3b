"""A table is made anew when its model, a setting or a row that it depends on has changed, and else left as it is."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.models import Carryover, ModelRun, Project, forget_models, lineage, models_to_keep, run_models
from pipeline.warehouse.meta import create_meta
from pipeline.warehouse.provenance import record_models

from .bench import COMPANY, PROJECT, SETTINGS, empty_warehouse, insert_api_rows

ALL = Carryover((COMPANY,))
REFUSED = {"acme": {"orders": None, "payments": "was refused"}, "birch": {"orders": None, "payments": None}}
CAME = {company: dict.fromkeys(reads) for company, reads in REFUSED.items()}
MODELS = {
    "staging/orders": "select _company, id, total from raw.orders",
    "staging/payments": "-- kind: view\nselect _company, id, amount from raw.payments",
    "intermediate/paid": "select _company, sum(amount) as paid from staging.payments group by _company",
    "intermediate/totals": "select _company, sum(total) as total, getvariable('as_of') as as_of from staging.orders "
    "group by _company",
    "marts/balances": "-- kind: view\nselect _company, total, paid, as_of from intermediate.totals left join "
    "intermediate.paid using (_company)",
    "marts/closes": "select cast(_company as varchar) as _company, cast(as_of as date) as day, "
    "cast(total as hugeint) as total from intermediate.totals union select _company, day, total from previous.closes",
    "marts/sizes": "select total, count(*) as orders, any_value(name) as name from staging.orders "
    "left join seeds.sizes using (total) group by total",
    "marts/counts": "select count(*) as rows from marts.sizes",
}
ABOVE_ORDERS = {"staging.orders", "intermediate.totals", "marts.closes", "marts.sizes", "marts.counts"}


def made(runs: Iterable[ModelRun]) -> set[str]:
    return {run.name for run in runs if not run.is_unchanged}


def load(
    con: duckdb.DuckDBPyConnection, project: Project, night: int, day: int = 0, kept: Carryover = ALL
) -> list[ModelRun]:
    """Run the models and record what they were made from, as a load does."""
    its = replace(SETTINGS, as_of=SETTINGS.as_of + timedelta(days=day), run_id=f"202604{night + 1:02}T020000Z-0001")
    runs = run_models(con, its, project, kept=kept)
    record_models(con, its.run_id, its.as_of, runs, kept)
    return runs


def write(root: Path, name: str, text: str) -> None:
    path = root / f"{name}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"-- A test.\n{text}\n")


def small_warehouse() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    create_meta(con)
    con.execute(
        "CREATE SCHEMA raw; CREATE TABLE raw.orders (_company VARCHAR, id BIGINT, total BIGINT, _run_id VARCHAR)"
    )
    con.execute("CREATE TABLE raw.payments (_company VARCHAR, id BIGINT, amount BIGINT)")
    con.execute("INSERT INTO raw.orders VALUES ('acme', 1, 10, 'a'), ('birch', 2, 20, 'a')")
    con.execute("INSERT INTO raw.payments VALUES ('acme', 1, 5), ('birch', 2, 6)")
    return con


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return small_warehouse()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in MODELS.items():
        write(tmp_path, name, text)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "sizes.csv").write_text("total:bigint,name:varchar\n10,small\n20,large\n")
    return tmp_path


def contents(con: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    tables = con.execute(
        "SELECT schema_name || '.' || name FROM (SELECT schema_name, table_name AS name FROM duckdb_tables() UNION ALL "
        "SELECT schema_name, view_name FROM duckdb_views()) WHERE schema_name IN ('staging', 'intermediate', 'marts')"
    ).fetchall()
    return {table: con.execute(f"FROM {table} ORDER BY ALL").fetchall() for (table,) in tables}


def test_a_second_load_of_the_same_makes_only_what_compares_with_the_first() -> None:
    con = empty_warehouse()
    insert_api_rows(con, "products", [{"id": 1, "seller": 1, "name": "Flower"}])
    first = load(con, PROJECT, 0)

    second = load(con, PROJECT, 1)

    compare, inputs = set[str](), lineage()
    for name in inputs:  # in the order in which they run
        if any(each.startswith("previous.") or each in compare for each in inputs[name]):
            compare.add(name)
    assert made(first) == inputs.keys()
    assert made(second) == compare - {model.name for model in PROJECT.models if model.is_view}
    assert [run.rows for run in second] == [run.rows for run in first]


def test_a_changed_row_makes_what_is_above_its_table_and_nothing_else(con, root: Path) -> None:
    load(con, Project(root), 0)
    con.execute("UPDATE raw.orders SET total = 30 WHERE id = 1")

    assert made(load(con, Project(root), 1)) == ABOVE_ORDERS
    assert con.execute("SELECT total, paid FROM marts.balances ORDER BY ALL").fetchall() == [(20, 6), (30, 5)]


def test_rows_that_another_run_brings_again_change_nothing(con, root: Path) -> None:
    load(con, Project(root), 0)
    con.execute("UPDATE raw.orders SET _run_id = 'b'")

    assert made(load(con, Project(root), 1)) == {"marts.closes"}


def test_a_model_that_shows_which_run_a_row_came_with_is_always_made(con, root: Path) -> None:
    write(root, "marts/runs", "select _run_id as run from raw.orders")
    load(con, Project(root), 0)
    con.execute("UPDATE raw.orders SET _run_id = 'b'")

    assert made(load(con, Project(root), 1)) == {"marts.closes", "marts.runs"}


def test_another_date_makes_what_names_the_date_and_what_is_above(con, root: Path) -> None:
    load(con, Project(root), 0)

    assert made(load(con, Project(root), 1, day=1)) == {"intermediate.totals", "marts.closes"}


def test_another_text_makes_the_model_and_what_is_above(con, root: Path) -> None:
    load(con, Project(root), 0)
    write(root, "intermediate/paid", "select _company, max(amount) as paid from staging.payments group by _company")

    assert made(load(con, Project(root), 1)) == {"intermediate.paid", "marts.balances", "marts.closes"}


def test_another_seed_makes_what_reads_it(con, root: Path) -> None:
    load(con, Project(root), 0)
    (root / "seeds" / "sizes.csv").write_text("total:bigint,name:varchar\n10,tiny\n")

    assert made(load(con, Project(root), 1)) == {"marts.sizes", "marts.counts", "marts.closes"}


def test_another_column_of_an_input_makes_views_anew(con, root: Path) -> None:
    load(con, Project(root), 0)
    con.execute("ALTER TABLE raw.payments ADD COLUMN method VARCHAR")

    assert made(load(con, Project(root), 1)) == {
        "staging.payments", "intermediate.paid", "marts.balances", "marts.closes",
    }  # fmt: skip


def test_a_table_that_is_gone_is_made(con, root: Path) -> None:
    load(con, Project(root), 0)
    forget_models(con, Project(root))

    assert made(load(con, Project(root), 1)) == lineage(Project(root)).keys()


def test_a_table_with_rows_of_an_earlier_load_is_made_once_all_of_it_came(con, root: Path) -> None:
    project = Project(root)
    load(con, project, 0, kept=Carryover(("acme", "birch")))
    con.execute("UPDATE raw.payments SET amount = amount + 1")

    second = load(con, project, 1, kept=models_to_keep(REFUSED, project))
    third = load(con, project, 2, kept=models_to_keep(CAME, project))

    assert "intermediate.paid" in made(second) & made(third)
    assert con.execute("FROM intermediate.paid ORDER BY ALL").fetchall() == [("acme", 6), ("birch", 7)]


def test_the_record_says_which_load_made_a_table_and_for_which_date_it_holds(con, root: Path) -> None:
    load(con, Project(root), 0)
    load(con, Project(root), 1, day=1)
    load(con, Project(root), 2, day=1)

    rows = con.execute("SELECT model, load_id, as_of, kept_because FROM meta.models ORDER BY ALL").fetchall()
    day = SETTINGS.as_of + timedelta(days=1)
    assert [row for row in rows if row[0] in ("staging.orders", "intermediate.totals", "marts.closes")] == [
        ("intermediate.totals", "20260402T020000Z-0001", day, None),
        ("marts.closes", "20260403T020000Z-0001", day, None),
        ("staging.orders", "20260401T020000Z-0001", day, None),
    ]


COMPANIES = st.sampled_from(["acme", "birch"])
CHANGES = st.one_of(
    st.tuples(st.just("INSERT INTO raw.orders VALUES (?, ?, ?, 'c')"), COMPANIES, st.integers(3, 9), st.integers(1, 9)),
    st.tuples(st.just("UPDATE raw.orders SET total = ? WHERE _company = ?"), st.sampled_from([10, 20]), COMPANIES),
    st.tuples(st.just("UPDATE raw.payments SET amount = ? WHERE _company = ?"), st.integers(5, 7), COMPANIES),
    st.tuples(st.just("DELETE FROM raw.payments WHERE _company = ?"), COMPANIES),
    st.tuples(st.just("INSERT INTO raw.payments VALUES (?, ?, ?)"), COMPANIES, st.integers(3, 9), st.integers(1, 9)),
    st.tuples(st.just("DROP TABLE marts.sizes")),
)
NIGHTS = st.lists(
    st.tuples(
        st.lists(CHANGES, max_size=2, unique_by=lambda change: change[0]),
        st.integers(0, 1),
        st.sampled_from([REFUSED, CAME]),
        st.sampled_from([10, 20]),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights=NIGHTS)
def test_after_any_nights_the_tables_are_those_of_loads_that_made_all_of_them(root: Path, nights: list[Any]) -> None:
    lasting, anew = small_warehouse(), small_warehouse()

    for night, (changes, day, reads, least) in enumerate([([], 0, CAME, 10), *nights]):
        write(root, "marts/counts", f"select count(*) as rows from marts.sizes where total >= {least}")
        project = Project(root)
        for con in (lasting, anew):
            for statement, *values in changes:
                con.execute(statement, values)
            load(con, project, night, day, models_to_keep(reads, project))
        anew.execute("UPDATE meta.models SET origin = NULL")

    assert contents(lasting) == contents(anew)
