"""Each audit finds the defect that it is there to find, and none finds fault with clean data."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.models import AuditResult, ModelError, ModelSettings, Project, run_audits, run_models
from pipeline.models.model import Model

from ..marks import long_from
from .audited import READ, publish
from .bench import PROJECT, SETTINGS, Part, empty_warehouse
from .plants import HARMLESS, PLANTS, Plant
from .reported import kept, report

GENERATED = {"raw_keys", "mart_keys"}
REPORTED = kept()
AUDITS = {model.path.stem for model in PROJECT.audits} | GENERATED


@dataclass(frozen=True)
class Lone(Project):
    """The project with one of its audits."""

    audit: str = ""

    @cached_property
    def audits(self) -> list[Model]:
        return [each for each in PROJECT.audits if each.path.stem == self.audit]

    @cached_property
    def models(self) -> list[Model]:
        return PROJECT.models if self.audit == "mart_keys" else []


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(path, config={"threads": 1})
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that was loaded once, with the clean data of a second load: its models have not run yet."""
    path = tmp_path_factory.mktemp("published") / "warehouse.duckdb"
    con = empty_warehouse(path)
    publish(con)
    con.close()
    return path


@pytest.fixture(scope="module")
def computed_once(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = published.with_name("computed.duckdb")
    shutil.copy(published, path)
    with opened(path) as con:
        run_models(con, SETTINGS, PROJECT)
        yield con


@pytest.fixture
def computed(
    computed_once: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same warehouse with the models of the second load; what a test does to it is rolled back."""
    monkeypatch.setattr("pipeline.models.audits.transaction", nullcontext)
    computed_once.begin()
    yield computed_once
    computed_once.rollback()


@pytest.fixture
def con(published: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with opened(Path(shutil.copy(published, tmp_path))) as con:
        yield con


def test_clean_data_pass_every_audit(computed: duckdb.DuckDBPyConnection) -> None:
    results = run_audits(computed, SETTINGS, PROJECT)

    assert {each.audit_id: each.failures for each in results} == dict.fromkeys(AUDITS, 0)


def audit(con: duckdb.DuckDBPyConnection, name: str, settings: ModelSettings = SETTINGS) -> AuditResult:
    raw_keys = PROJECT.raw_keys if name == "raw_keys" else {}
    (result,) = run_audits(con, settings, Lone(raw_keys=raw_keys, audit=name))
    return result


def models_before(name: str) -> Part:
    """The models that an audit reads."""
    return Part(tables=tuple({name for each in Lone(audit=name).audits for name in each.inputs}))


def run_models_before(con: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    if (part := models_before(plant.audit)).models:
        run_models(con, plant.settings, part)


def assert_reported(con: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    """Check what the audit kept of the rows that it found."""
    if plant.audit not in GENERATED:
        failures = con.execute("SELECT failure FROM audit.failures WHERE audit_id = ?", [plant.audit]).fetchall()
        assert report(row for (row,) in failures) == REPORTED[str(plant)]


def one_of_each(plants: Iterable[Plant]) -> list[Any]:
    """Return the plants, all but the first of each audit marked as long."""
    groups = groupby(sorted(plants, key=attrgetter("audit")), key=attrgetter("audit"))
    return [case for _, group in groups for case in long_from(1, group)]


@pytest.mark.parametrize("plant", one_of_each(each for each in PLANTS if each.before), ids=str)
def test_an_audit_finds_a_defect_in_what_was_read(con: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    con.execute(plant.statement)
    run_models_before(con, plant)

    result = audit(con, plant.audit)

    assert (result.audit_id, result.severity) == (plant.audit, plant.severity)
    assert result.failures
    assert_reported(con, plant)


@pytest.mark.parametrize("plant", one_of_each(each for each in PLANTS if not each.before), ids=str)
def test_an_audit_finds_a_defect_in_what_the_models_made(computed: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    computed.execute(plant.statement)

    result = audit(computed, plant.audit)

    assert (result.audit_id, result.severity) == (plant.audit, plant.severity)
    assert result.failures
    assert_reported(computed, plant)


@pytest.mark.parametrize("plant", one_of_each(HARMLESS), ids=str)
def test_an_audit_does_not_mind_what_is_harmless(con: duckdb.DuckDBPyConnection, plant: Plant) -> None:
    con.execute(plant.statement)
    run_models_before(con, plant)

    assert audit(con, plant.audit, plant.settings).failures == 0


def test_no_report_is_kept_of_a_defect_that_is_planted_no_more() -> None:
    assert REPORTED.keys() == {str(plant) for plant in PLANTS if plant.audit not in GENERATED}


def test_every_audit_has_a_defect_planted_for_it() -> None:
    assert {plant.audit for plant in PLANTS} == AUDITS


def test_secrets_are_looked_for_in_the_unknown_fields_of_every_resource() -> None:
    (secrets,) = Lone(audit="secrets").audits

    assert set(secrets.inputs) >= {f"raw.{name}" for name in PROJECT.raw_keys}


def test_results_are_appended_and_at_most_a_thousand_offending_rows_kept(con: duckdb.DuckDBPyConnection) -> None:
    run_models(con, SETTINGS, PROJECT)
    con.execute(
        f"INSERT INTO meta.completeness ({READ}) SELECT 'run', 'r' || i, i, 0, 0, 0, 'short' FROM range(1500) AS r(i)"
    )

    run_audits(con, SETTINGS, PROJECT)
    run_audits(con, SETTINGS, PROJECT)

    counted = con.execute(
        "SELECT count(*), min(failures), min(run_id), min(severity) FROM audit.results WHERE audit_id = 'completeness'"
    ).fetchall()
    kept = con.execute("SELECT count(*), min(failure ->> 'resource') FROM audit.failures").fetchall()
    assert counted == [(2, 1500, SETTINGS.run_id, "error")]
    assert kept == [(2000, "r0")]


def test_an_audit_without_a_severity_is_refused(con: duckdb.DuckDBPyConnection, tmp_path) -> None:
    (tmp_path / "audits").mkdir()
    (tmp_path / "audits" / "bare.sql").write_text("-- Nothing said.\nselect 1 as x where false\n")

    with pytest.raises(ModelError, match=r"audits/bare\.sql:1: an audit's header says"):
        run_audits(con, SETTINGS, Project(tmp_path))


def test_a_short_read_of_one_company_does_not_hide_behind_another(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM meta.completeness")
    con.execute("UPDATE meta.runs SET _company = CASE run_id WHEN 'run 1' THEN 'acme' ELSE 'birch' END")
    con.execute(
        f"INSERT INTO meta.completeness ({READ}) VALUES ('run 1', 'products', 2, 1, 1, 0, 'incomplete'), "
        "('run 2', 'products', 2, 2, 2, 0, 'complete')"
    )

    assert audit(con, "completeness").failures == 1


def test_a_refused_read_and_a_read_of_long_ago_do_not_stop_a_load(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM meta.completeness")
    con.execute(
        f"INSERT INTO meta.completeness ({READ}) VALUES ('run 1', 'products', 2, 1, 1, 0, 'incomplete'), "
        "('run 2', 'products', 2, 2, 2, 0, 'complete'), ('run 2', 'customers', 0, 0, 0, 0, 'refused')"
    )

    assert audit(con, "completeness").failures == 0
