"""The runner: order, one transaction, comments, and mistakes that are named by file and line."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.models import ModelError, Project, last_full_day, lineage, record_inventory, run_models

from .bench import COMPANY, PROJECT, SETTINGS, empty_warehouse, insert_api_rows


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return empty_warehouse()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("staging", "intermediate", "marts", "audits", "seeds"):
        (tmp_path / "sql" / name).mkdir(parents=True)
    write(tmp_path / "sql", "staging/numbers", "-- One row per number.\nselect 1 as n -- It's the number.\n")
    return Project(tmp_path / "sql")


def write(root: Path, name: str, text: str) -> None:
    (root / f"{name}.sql").write_text(text)


def test_models_run_after_what_they_read() -> None:
    order = list(lineage())

    inputs = {(model, source) for model, sources in lineage().items() for source in sources if source in order}
    assert all(order.index(source) < order.index(model) for model, source in inputs)
    assert ("marts.ar_aging_by_customer", "marts.ar_aging") in inputs


def test_headers_and_comments_become_comments_of_tables_and_columns(con, project: Project) -> None:
    runs = run_models(con, SETTINGS, project)

    assert [(run.name, run.rows) for run in runs] == [("staging.numbers", 1)]
    table = con.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'numbers'").fetchall()
    column = con.execute("SELECT comment FROM duckdb_columns() WHERE table_name = 'numbers'").fetchall()
    assert (table, column) == ([("One row per number.",)], [("It's the number.",)])


def test_every_mart_column_is_documented_and_no_amount_is_a_double(con) -> None:
    run_models(con, SETTINGS, PROJECT)

    columns = con.execute("SELECT column_name, data_type, comment FROM duckdb_columns() WHERE schema_name = 'marts'")
    rows = columns.fetchall()
    assert len(rows) > 80
    assert [row for row in rows if not row[2] or row[1] in ("DOUBLE", "FLOAT")] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- Header.\nselect n\nfrom staging.gone", r"marts/m\.sql:3: there is no table staging\.gone"),
        ("-- Header.\nselect n,\n    m\nfrom staging.numbers", r"marts/m\.sql:3: Binder Error: .*\"m\""),
        ("select 1 as x\nfrom (\n", r"marts/m\.sql:2: syntax error"),
        ("select 'open as x\n", r"marts/m\.sql:1: syntax error"),
        ("select\n    getvariable('asof') as x\n", r"marts/m\.sql:2: unknown variable 'asof' \(known: as_of,"),
        ("select 1 as x;\nselect 2 as x\n", r"marts/m\.sql:1: a file holds one SELECT"),
        ("drop table staging.numbers\n", r"marts/m\.sql:1: a file holds one SELECT"),
        ("select\n    cast('x' as integer) as x\n", r"marts/m\.sql:2: Conversion Error"),
        ("select n\nfrom marts.m\n", r"marts/m\.sql:2: these read each other: marts\.m <- marts\.m"),
    ],
)
def test_a_mistake_ends_the_run_and_is_named_by_its_line(con, project: Project, text: str, message: str) -> None:
    run_models(con, SETTINGS, project)
    write(project.root, "marts/m", text)

    with pytest.raises(ModelError, match=message) as raised:
        run_models(con, SETTINGS, Project(project.root))

    assert raised.value.exit_code == 8
    assert con.execute("SELECT getvariable('as_of')").fetchall() == [(None,)]


def test_two_models_that_read_each_other_are_refused(con, project: Project) -> None:
    write(project.root, "marts/one", "-- One.\nselect n\nfrom marts.two\n")
    write(project.root, "marts/two", "-- Two.\nselect n\nfrom marts.one\n")

    with pytest.raises(ModelError, match=r"marts/(one|two)\.sql:3: these read each other"):
        run_models(con, SETTINGS, project)


def test_seeds_have_the_types_that_they_declare(con, project: Project) -> None:
    (project.root / "seeds" / "days.csv").write_text("name:varchar,days:integer\nnet30,30\nopen,\n")

    run_models(con, SETTINGS, project)

    assert con.execute("SELECT name, days + 1 FROM seeds.days").fetchall() == [("net30", 31), ("open", None)]


def test_a_bad_cell_of_a_seed_is_named_by_its_line(con, project: Project) -> None:
    (project.root / "seeds" / "days.csv").write_text("name:varchar,days:integer\nnet30,30\nopen,soon\n")

    with pytest.raises(ModelError, match=r"sql/seeds/days\.csv:3: .*soon"):
        run_models(con, SETTINGS, project)


def test_the_table_of_a_removed_model_goes(con, project: Project) -> None:
    write(project.root, "marts/old", "-- Old.\nselect 1 as x\n")
    run_models(con, SETTINGS, project)
    (project.root / "marts" / "old.sql").unlink()

    run_models(con, SETTINGS, Project(project.root))

    assert con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts'").fetchall() == []


@pytest.mark.long
def test_the_same_input_gives_the_same_marts_again(con) -> None:
    insert_api_rows(con, "products", [{"id": 1, "seller": 1, "name": "Flower"}])
    run_models(con, SETTINGS, PROJECT)
    first = con.execute("SELECT * FROM marts.sell_through").fetchall()

    run_models(con, SETTINGS, PROJECT)

    assert con.execute("SELECT * FROM marts.sell_through").fetchall() == first


def test_a_reader_finds_the_marts_under_any_catalog_name(con, tmp_path: Path) -> None:
    path = tmp_path / "published.duckdb"
    insert_api_rows(con, "products", [{"id": 1, "seller": 1, "name": "Flower"}])
    con.execute(f"ATTACH '{path}' AS building")
    con.execute("COPY FROM DATABASE memory TO building")
    con.execute("USE building")
    run_models(con, SETTINGS, PROJECT)
    con.execute("USE memory")
    con.execute("DETACH building")

    reader = duckdb.connect()
    reader.execute(f"ATTACH '{path}' AS anything (READ_ONLY)")

    assert reader.execute("SELECT product_name FROM anything.marts.sell_through").fetchall() == [("Flower",)]
    assert reader.execute("SELECT order_date FROM anything.staging.orders_received").fetchall() == []


def test_the_last_load_of_a_day_wins_in_the_daily_inventory(con) -> None:
    insert_api_rows(con, "products", [{"id": 1, "quantity": "5", "inventory_management": 1}, {"id": 2}])
    record_inventory(con, "products", COMPANY, date(2026, 3, 30), "first")
    record_inventory(con, "products", COMPANY, date(2026, 3, 31), "second")
    con.execute("UPDATE raw.products SET quantity = 4, _deleted_at = CASE id WHEN 2 THEN now() END")

    written = record_inventory(con, "products", COMPANY, date(2026, 3, 31), "third")

    kept = con.execute(
        "SELECT day, product_id, quantity, is_managed, _run_id FROM history.inventory_daily ORDER BY ALL"
    )
    assert written == 1
    assert kept.fetchall() == [
        (date(2026, 3, 30), 1, 5, True, "first"),
        (date(2026, 3, 30), 2, None, False, "first"),
        (date(2026, 3, 31), 1, 4, True, "third"),
    ]


def test_the_shelves_of_retailers_are_recorded_by_day_like_stock(con) -> None:
    insert_api_rows(con, "retailer_inventory", [{"id": 1, "quantity": "5"}, {"id": 2}])
    record_inventory(con, "retailer_inventory", COMPANY, date(2026, 3, 30), "first")
    con.execute("UPDATE raw.retailer_inventory SET quantity = 4")

    written = record_inventory(con, "retailer_inventory", COMPANY, date(2026, 3, 30), "second")

    kept = con.execute(
        "SELECT day, retailer_item_id, quantity, _run_id FROM history.retailer_inventory_daily ORDER BY ALL"
    )
    assert written == 2
    assert kept.fetchall() == [(date(2026, 3, 30), 1, 4, "second"), (date(2026, 3, 30), 2, 4, "second")]
    assert con.execute("SELECT count(*) FROM history.inventory_daily").fetchone() == (0,)


def test_the_last_full_day_is_counted_in_the_reporting_zone() -> None:
    instant = datetime(2026, 3, 31, 5, 30, tzinfo=UTC)

    assert last_full_day(instant, "UTC") == date(2026, 3, 30)
    assert last_full_day(instant, "America/Denver") == date(2026, 3, 29)
