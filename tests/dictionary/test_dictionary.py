"""The dictionary names every table and column, where it comes from, and nothing that could harm its reader."""

import re
from collections.abc import Iterator

import duckdb
import pytest

from pipeline.dictionary.contents import Audit, Contents, read_contents
from pipeline.dictionary.joins import Join
from pipeline.dictionary.write import dictionary_page
from pipeline.models import run_audits, run_models
from pipeline.resources import all_resources

from ..models.bench import PROJECT, SETTINGS, empty_warehouse
from ..pages.checks import assert_self_contained
from .reading import Pages

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = empty_warehouse()
    run_models(con, SETTINGS, PROJECT)
    run_audits(con, SETTINGS, PROJECT)
    con.execute("INSERT INTO meta.warehouse VALUES (2, '0.1.0', 'sandbox', 'Invented data.', now())")
    con.execute(
        "INSERT INTO meta.loads VALUES (?, TIMESTAMPTZ '2026-04-01 02:00:00+00', ?, ?, 'UTC', 90)",
        [SETTINGS.run_id, SETTINGS.as_of, SETTINGS.known_at],
    )
    con.execute("INSERT INTO meta.runs (run_id, _company, server_time) VALUES ('r1', 'acme', '2026-04-01 01:30:00+00')")
    con.execute("INSERT INTO meta.reads (run_id, resource) VALUES ('r1', 'orders_received')")
    yield con
    con.close()


@pytest.fixture(scope="module")
def contents(con: duckdb.DuckDBPyConnection) -> Contents:
    return read_contents(con, all_resources(), PROJECT)


@pytest.fixture(scope="module")
def page(contents: Contents) -> str:
    return dictionary_page(contents)


def test_every_table_and_column_that_is_met_is_there_with_its_definition(con, page: str) -> None:
    said = Pages(page)

    described = con.execute(
        "SELECT replace(schema_name, 'main', 'marts') || '.' || table_name, column_name, comment FROM duckdb_columns() "
        "WHERE NOT internal AND schema_name <> 'past'"
    ).fetchall()
    assert len(described) > 2_000
    for table, column, comment in described:
        kind, definition = said.columns(table)[column]
        assert kind, (table, column)
        assert definition == comment != "", (table, column)


def test_a_column_of_a_mart_is_traced_to_fields_of_the_api(contents: Contents) -> None:
    columns = {f"{table.name}.{column.name}": column for table in contents.tables for column in table.columns
               if table.schema == "marts"}  # fmt: skip

    def fields(column: str) -> set[str]:
        ancestry = columns[column].ancestry
        assert ancestry is not None
        return {f"{resource}.{field}" for resource, names in ancestry.fields.items() for field in names}

    assert fields("ar_aging.open_balance") >= {
        "orders_received.total.amount", "orders_received.credits", "orders_received.paid",
        "order_payments.total.amount", "order_payments.payment_date",
    }  # fmt: skip
    assert fields("ar_aging.customer_id") == {"orders_received.customer.id"}
    assert fields("fct_payments.amount") == {"order_payments.total.amount"}
    assert fields("dim_date.date") == set()
    traced = [name for name in columns if fields(name)]
    assert len(traced) > 0.8 * len(columns)


def test_tables_join_by_the_keys_of_dimensions_and_facts(contents: Contents) -> None:
    assert {
        Join("fct_order_lines", "customer_id", "dim_customers", "customer_id"),
        Join("fct_order_lines", "order_number", "fct_orders", "order_number"),
        Join("ar_by_rep", "rep_id", "dim_staff", "staff_id"),
        Join("fct_orders", "seller_id", "dim_companies", "company_id"),
    } <= set(contents.joins)
    tables = {table.name: {column.name for column in table.columns} for table in contents.tables
              if table.schema == "marts"}  # fmt: skip
    for join in contents.joins:
        assert join.column in tables[join.table], join
        assert {join.key, "_company"} <= tables[join.target], join


def test_the_picture_has_a_line_for_each_join_of_a_fact(contents: Contents, page: str) -> None:
    facts = [join for join in contents.joins if join.table.startswith("fct_")]

    assert page.count('<path class="line') == len(facts) > 10


def test_audits_and_freshness_are_told(contents: Contents, page: str) -> None:
    said = Pages(page)

    audits = {row.cells[0]: row.cells[1:] for row in said.rows["audits"][1:]}
    assert len(audits) == len(contents.audits) > 30
    assert audits["buckets_foot"][0] == "error"
    assert audits["buckets_foot"][1].startswith("Every bucket")
    assert audits["buckets_foot"][2] == "passed"
    assert [row.cells for row in said.rows["freshness"][1:]] == [["acme", "orders_received", "2026-04-01 01:30"]]
    assert "2026-04-01 02:00 UTC" in page


def test_the_page_stands_alone(page: str) -> None:
    assert_self_contained(page)

    assert re.findall(r"https?:|//[a-z]+\.", page) == []
    assert len(page.encode()) < 3_000_000


def test_hostile_names_and_comments_stay_text(con, contents: Contents) -> None:
    name = HOSTILE.replace('"', '""')
    con.begin()
    con.execute(f'CREATE SCHEMA IF NOT EXISTS extra; CREATE TABLE extra."{name}" ("{name}" VARCHAR)')
    con.execute(f"COMMENT ON COLUMN marts.ar_aging.bucket IS '{HOSTILE.replace(chr(39), chr(39) * 2)}'")
    con.execute("INSERT INTO meta.runs (run_id, _company, server_time) VALUES ('r2', ?, now())", [HOSTILE])
    con.execute("INSERT INTO meta.reads (run_id, resource) VALUES ('r2', 'brands')")
    con.execute("UPDATE audit.results SET skipped = ? WHERE audit_id = 'volume'", [HOSTILE])
    found = read_contents(con, all_resources(), PROJECT)
    con.rollback()

    text = dictionary_page(found)

    reading = assert_self_contained(text)
    plain = assert_self_contained(dictionary_page(contents))
    assert {tag for tag, _ in reading.tags} == {tag for tag, _ in plain.tags}
    assert len(reading.scripts) == 1
    said = Pages(text)
    assert said.columns("marts.ar_aging")["bucket"][1] == HOSTILE
    assert HOSTILE in said.columns(f"extra.{HOSTILE}")
    assert HOSTILE in [row.cells[0] for row in said.rows["freshness"]]


def test_a_finding_shows_its_count_and_since_when(contents: Contents) -> None:
    found = Audit("paid_flag", "warn", "What is ticked is paid.", 1_234, None, SETTINGS.as_of)
    text = dictionary_page(Contents(contents.load, (), (), (), (found,)))

    assert Pages(text).rows["audits"][1].cells == [
        "paid_flag", "warn", "What is ticked is paid.", "1,234 rows since 2026-03-31"
    ]  # fmt: skip
