"""What the models leave in the catalog: needed resources, views, comments, keys, and what was there before."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipeline.models import ModelError, Project, models_to_keep, run_audits, run_models

from .bench import SETTINGS

NOTES = """-- One row per order, with the number of its notes.
-- key: _company, id
-- needs: orders
select
    cast(orders._company as varchar) as _company,  -- Company.
    cast(orders.id as bigint) as id,  -- Order.
    cast(count(notes.id) as bigint) as notes  -- Its notes.
from raw.orders as orders
left join raw.notes as notes on notes._company = orders._company and notes.id = orders.id
group by all
"""
REPORT = """-- The same under another name.
-- kind: view
select
    _company,  -- Company.
    notes  -- Notes.
from marts.orders
"""
CARRIED = """-- One row per load and order that it shows.
select
    cast(getvariable('run_id') as varchar) as run_id,  -- Load.
    cast(orders._company as varchar) as _company,  -- Company.
    cast(orders.id as bigint) as id,  -- Order.
    cast(before.notes as bigint) as notes_before  -- Notes at the load before.
from marts.orders as orders
left join previous.orders as before on before._company = orders._company and before.id = orders.id
union all
select * from previous.carried where run_id <> getvariable('run_id')
"""
CAME = {"acme": {"orders": None, "notes": None}}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "marts").mkdir()
    for name, text in {"orders": NOTES, "report": REPORT, "carried": CARRIED}.items():
        (tmp_path / "marts" / f"{name}.sql").write_text(text)
    return Project(tmp_path, {"orders": "id"})


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA raw; CREATE TABLE raw.orders (_company VARCHAR, id BIGINT)")
    con.execute("CREATE TABLE raw.notes AS FROM raw.orders")
    con.execute("INSERT INTO raw.orders VALUES ('acme', 1); INSERT INTO raw.notes VALUES ('acme', 1)")
    return con


def comments(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, str]:
    return dict(
        con.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?",
            [schema, table],
        ).fetchall()
    )


def test_a_mart_that_names_what_it_needs_stays_fresh_without_the_rest(con, project: Project) -> None:
    without_notes = models_to_keep({"acme": {"orders": None, "notes": "was refused"}}, project)
    without_orders = models_to_keep({"acme": {"orders": "was refused", "notes": None}}, project)

    assert without_notes.tables == {}
    assert without_orders.of("marts.orders") == {"acme": "orders was refused"}


def test_what_a_mart_needs_is_no_part_of_its_comment(con, project: Project) -> None:
    run_models(con, SETTINGS, project)

    rows = con.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'orders' AND schema_name = 'marts'")
    assert rows.fetchall() == [("One row per order, with the number of its notes.",)]


def test_every_mart_is_greeted_in_main_with_its_comments(con, project: Project) -> None:
    run_models(con, SETTINGS, project)

    assert con.execute("FROM orders").fetchall() == [("acme", 1, 1)]
    assert con.execute("FROM report").fetchall() == [("acme", 1)]
    for table in ("orders", "report", "carried"):
        assert comments(con, "main", table) == comments(con, "marts", table)
        assert all(comments(con, "main", table).values())


def test_the_view_in_main_follows_its_mart_and_goes_with_it(con, project: Project) -> None:
    run_models(con, SETTINGS, project)
    (project.root / "marts" / "report.sql").unlink()
    path = project.root / "marts" / "orders.sql"
    path.write_text(NOTES.replace("as notes  -- Its notes.", "as notes,  -- How many.\n    cast(7 as integer) as more"))
    (project.root / "marts" / "carried.sql").unlink()

    run_models(con, SETTINGS, Project(project.root))

    assert con.execute("FROM orders").fetchall() == [("acme", 1, 1, 7)]
    assert comments(con, "main", "orders")["notes"] == "How many."
    views = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert views == [("orders",)]


def test_a_table_is_filled_anew_with_the_comments_that_it_has(con, project: Project) -> None:
    run_models(con, SETTINGS, project)
    con.execute("INSERT INTO raw.orders VALUES ('acme', 2)")

    run_models(con, replace(SETTINGS, as_of=date(2026, 4, 1)), project)

    assert con.execute("FROM orders ORDER BY ALL").fetchall() == [("acme", 1, 1), ("acme", 2, 0)]
    assert comments(con, "marts", "orders") == {"_company": "Company.", "id": "Order.", "notes": "Its notes."}


def test_a_model_reads_what_the_load_before_showed_and_carries_its_rows_on(con, project: Project) -> None:
    run_models(con, replace(SETTINGS, run_id="first"), project)
    con.execute("INSERT INTO raw.notes VALUES ('acme', 1)")
    run_models(con, replace(SETTINGS, run_id="second"), project)
    run_models(con, replace(SETTINGS, run_id="third"), project)

    rows = con.execute("SELECT run_id, notes_before FROM carried ORDER BY run_id").fetchall()
    assert rows == [("first", None), ("second", 1), ("third", 2)]
    assert con.execute("SELECT database_name FROM duckdb_databases() WHERE database_name = 'previous'").fetchall() == []


def test_a_load_that_is_repeated_replaces_its_rows(con, project: Project) -> None:
    for _ in range(2):
        run_models(con, replace(SETTINGS, run_id="first"), project)

    assert con.execute("SELECT run_id FROM carried").fetchall() == [("first",)]


def test_columns_that_the_load_before_did_not_have_are_null_in_previous(con, project: Project) -> None:
    run_models(con, replace(SETTINGS, run_id="first"), project)
    con.execute("ALTER TABLE marts.orders DROP COLUMN notes")

    run_models(con, replace(SETTINGS, run_id="second"), project)

    assert con.execute("SELECT notes_before FROM carried WHERE run_id = 'second'").fetchall() == [(None,)]


def test_a_table_of_previous_that_no_model_makes_is_named(con, project: Project) -> None:
    (project.root / "marts" / "report.sql").write_text("-- R.\nselect 1 as x\nfrom previous.gone\n")

    with pytest.raises(ModelError, match=r"marts/report\.sql:3: there is no model gone in intermediate or marts"):
        run_models(con, SETTINGS, Project(project.root))


@pytest.mark.parametrize(
    ("statement", "audit", "row"),
    [
        ("INSERT INTO marts.orders VALUES ('acme', 1, 5)", "mart_keys", ("acme", "acme 1")),
        ("INSERT INTO marts.orders VALUES (NULL, 9, 5)", "mart_keys", (None, "- 9")),
        ("INSERT INTO raw.orders VALUES ('acme', 1)", "raw_keys", ("acme", "1")),
        ("INSERT INTO raw.orders VALUES ('acme', NULL)", "raw_keys", ("acme", None)),
        ("INSERT INTO raw.orders VALUES (NULL, 9)", "raw_keys", (None, "9")),
    ],
)
def test_keys_are_audited_wherever_one_is_declared(con, project: Project, statement: str, audit: str, row) -> None:
    run_models(con, SETTINGS, project)
    con.execute(statement)

    results = {each.audit_id: each.failures for each in run_audits(con, SETTINGS, project)}

    assert results == {"mart_keys": 0, "raw_keys": 0} | {audit: 1}
    found = con.execute("SELECT failure ->> '_company', failure ->> 'key' FROM audit.failures").fetchall()
    assert found == [row]


def test_a_finding_that_stands_keeps_its_first_day(con, project: Project) -> None:
    con.execute("INSERT INTO raw.orders VALUES ('acme', 1)")
    days = [date(2026, 3, day) for day in (1, 2, 3, 4)]
    found = []
    for number, day in enumerate(days):
        if number == 2:
            con.execute("DELETE FROM raw.orders")
        if number == 3:
            con.execute("INSERT INTO raw.orders VALUES ('acme', 1), ('acme', 1)")
        settings = replace(SETTINGS, as_of=day, run_id=f"load {number}")
        run_models(con, settings, project)
        found += [each.failing_since for each in run_audits(con, settings, project) if each.audit_id == "raw_keys"]

    assert found == [days[0], days[0], None, days[3]]


def test_a_model_above_a_mart_that_was_never_made_is_missing_too(con, project: Project) -> None:
    (project.root / "intermediate").mkdir()
    (project.root / "intermediate" / "open.sql").write_text("-- O.\nselect _company, id from marts.orders\n")
    again = Project(project.root, {"orders": "id"})

    made = run_models(con, SETTINGS, again, kept=models_to_keep({"acme": {"notes": None}}, again))

    assert [run.name for run in made] == []
