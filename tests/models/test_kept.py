"""What stays as it was: the rows of a company for which an input did not come, and of nobody else."""

from pathlib import Path

import duckdb
import pytest

from pipeline.models import Carryover, ModelError, Project, models_to_keep, run_audits, run_models

from .bench import SETTINGS

CAME = {"orders": None, "payments": None}
OF_BOTH = {"acme": CAME, "birch": CAME | {"payments": "was refused"}}
REFUSED = "payments was refused"
MODELS = {
    "staging/orders": "-- Orders.\nselect _company, id from raw.orders\n",
    "intermediate/paid": "-- Paid.\nselect _company, sum(amount) as paid from raw.payments group by _company\n",
    "marts/balances": "-- Balances.\nselect *, paid * 2 as doubled from intermediate.paid\n",
    "marts/total": "-- Of all.\nselect sum(paid) as paid from intermediate.paid\n",
    "audits/paid": "-- severity: error\n-- Paid.\nselect _company, 1 as x from marts.balances where paid < 100\n",
    "audits/total": "-- severity: error\n-- Total.\nselect paid from marts.total where paid < 100\n",
    "audits/orders": "-- severity: error\n-- Orders.\nselect _company, id from staging.orders where id is null\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name, text in MODELS.items():
        path = tmp_path / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return Project(tmp_path)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA raw; CREATE TABLE raw.orders (_company VARCHAR, id BIGINT)")
    con.execute("CREATE TABLE raw.payments (_company VARCHAR, amount BIGINT)")
    con.execute("INSERT INTO raw.orders VALUES ('acme', 1), ('birch', 1)")
    con.execute("INSERT INTO raw.payments VALUES ('acme', 10), ('birch', 20)")
    return con


def balances(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int, int]]:
    return con.execute("SELECT _company, paid, doubled FROM marts.balances ORDER BY ALL").fetchall()


def test_what_did_not_come_at_a_company_holds_back_its_own_rows(project: Project) -> None:
    kept = models_to_keep(OF_BOTH, project)

    assert kept.tables == {
        "intermediate.paid": {"birch": REFUSED},
        "marts.balances": {"birch": REFUSED},
        "marts.total": {
            "acme": f"birch: {REFUSED}",
            "birch": f"birch: {REFUSED}",
        },  # its rows do not say whose they are
    }
    assert [name for name in kept.tables if kept.is_whole(name)] == ["marts.total"]


def test_a_company_that_never_read_a_resource_is_not_taken_for_one_without_rows_of_it(project: Project) -> None:
    kept = models_to_keep({"acme": CAME, "birch": {"orders": None}}, project)

    assert kept.of("marts.balances") == {"birch": "payments was never read"}


def test_of_one_company_the_whole_table_is_kept(project: Project) -> None:
    kept = models_to_keep({"birch": OF_BOTH["birch"]}, project)

    assert kept.is_whole("marts.balances") and kept.is_whole("marts.total")
    assert kept.of("marts.total") == {"birch": REFUSED}


def test_rows_of_others_are_computed_and_what_reads_them_finds_both(con, project: Project) -> None:
    run_models(con, SETTINGS, project)
    con.execute("UPDATE raw.payments SET amount = amount + 1")

    run_models(con, SETTINGS, project, kept=models_to_keep(OF_BOTH, project))

    assert balances(con) == [("acme", 11, 22), ("birch", 20, 40)]
    assert con.execute("SELECT paid FROM marts.total").fetchall() == [(30,)]


def test_rows_that_stay_follow_a_model_whose_columns_have_changed(con, project: Project) -> None:
    run_models(con, SETTINGS, project)
    (project.root / "marts" / "balances.sql").write_text("select *, 7 as novelty from intermediate.paid\n")

    run_models(con, SETTINGS, Project(project.root), kept=models_to_keep(OF_BOTH, project))

    assert con.execute("FROM marts.balances ORDER BY ALL").fetchall() == [("acme", 10, 7), ("birch", 20, None)]


def test_a_company_that_has_no_rows_to_keep_gets_none(con, project: Project) -> None:
    kept = models_to_keep(OF_BOTH, project)

    run_models(con, SETTINGS, project, kept=kept)

    assert balances(con) == [("acme", 10, 20)]


def test_audits_leave_out_the_rows_that_stayed_and_say_so(con, project: Project) -> None:
    run_models(con, SETTINGS, project)
    kept = models_to_keep(OF_BOTH, project)
    run_models(con, SETTINGS, project, kept=kept)

    results = {each.audit_id: (each.failures, each.skipped) for each in run_audits(con, SETTINGS, project, kept=kept)}

    assert results == {
        "orders": (0, None),
        "paid": (1, f"birch: marts.balances is not of this load: {REFUSED}"),
        "total": (None, f"marts.total is not of this load: birch: {REFUSED}"),
    }
    assert con.execute("SELECT failure ->> '_company' FROM audit.failures").fetchall() == [("acme",)]
    assert con.execute("SELECT audit_id, failures, skipped FROM audit.results ORDER BY ALL").fetchall() == [
        (name, *result) for name, result in results.items()
    ]


def test_a_model_that_drops_the_company_behind_a_star_is_named(con, project: Project) -> None:
    (project.root / "marts" / "total.sql").write_text("select * from (select paid from intermediate.paid)\n")
    kept = Carryover(("acme", "birch"), {"marts.total": {"birch": REFUSED}})

    with pytest.raises(ModelError, match=r"marts/total\.sql:1: .*_company"):
        run_models(con, SETTINGS, Project(project.root), kept=kept)
