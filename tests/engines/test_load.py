"""Loads on the engine against loads on one machine: the same rows, published all at once or not at all."""

from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pytest

import pipeline
from pipeline.datafolder.paths import warehouse_file
from pipeline.engines.load import load_on_engine, tables_of
from pipeline.engines.tables import Tables
from pipeline.errors import AuditError, UsageError
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load
from pipeline.jobs.load_result import LoadResult
from pipeline.models import Project
from pipeline.models.model import Model, parse_model
from pipeline.settings import read_settings
from pipeline.sql import identifier
from tests.parts import PROJECT, models_of

from .bureau import open_bureau
from .comparing import differences
from .server import engine

pytestmark = pytest.mark.engine

# When a load was, how long it took, and what one machine knows of tables that it need not make anew.
OF_THE_LOAD = {
    "meta.warehouse": {"created_at"},
    "meta.loads": {"started_at"},
    "meta.models": {"load_id", "form", "origin"},
    "audit.results": {"seconds", "checked_at"},
}


@pytest.mark.parametrize("orders", [300, pytest.param(5000, marks=pytest.mark.long)])
async def test_two_nights_give_the_same_rows_as_on_one_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orders: int
) -> None:
    async with open_bureau(tmp_path, monkeypatch, orders) as bureau:
        with engine(tmp_path) as remote:
            monkeypatch.setenv("LEAFHOUSE_SPARK_REMOTE", remote)
            ids = dict[str, str]()
            for night in ("first", "second"):
                await bureau.extract()
                here, there = load(open_job(read_settings()), as_of=None), load_there()

                assert [each.run_id for each in there.intake.runs] == [each.run_id for each in here.intake.runs]
                assert there.intake.merges == here.intake.merges
                assert there.outcome.headlines == here.outcome.headlines
                assert there.outcome.movements == here.outcome.movements
                assert [(each.audit_id, each.failures, each.failing_since) for each in there.outcome.audits] == [
                    (each.audit_id, each.failures, each.failing_since) for each in here.outcome.audits
                ]
                ids |= {here.load_id: night, there.load_id: night}
                assert unlike(ids) == []
                bureau.later()


async def test_readers_see_a_whole_load_and_what_fails_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = models_of(["marts.ar_aging"])
    known = {model.name for model in models}
    audits = [
        audit for audit in PROJECT.audits
        if all(name in known or name.startswith(("raw.", "meta.")) for name in audit.inputs)
    ]  # fmt: skip
    async with open_bureau(tmp_path, monkeypatch, orders=25) as bureau:
        with engine(tmp_path) as remote, patch.object(Project, "models", models):
            monkeypatch.setenv("LEAFHOUSE_SPARK_REMOTE", remote)
            with pytest.raises(UsageError, match="nothing has landed yet"):
                load_there()
            await bureau.extract()
            refused = pytest.raises(AuditError, match="planted: 3 rows, the first one")
            with patch.object(Project, "audits", [*audits, failing()]), refused:
                load_there()
            with pytest.raises(UsageError, match="no tables yet"):
                pipeline.connect(tables=tables_of(read_settings()))

            with patch.object(Project, "audits", audits):
                first = load_there()
                reader = pipeline.connect(tables=tables_of(read_settings()))
                before = contents(reader)
                bureau.later()
                await bureau.extract()
                with patch.object(Project, "audits", [*audits, failing()]), pytest.raises(AuditError):
                    load_there()
                assert newest_load() == first.load_id
                # A load that was killed has committed some tables, and not said so.
                tables = Tables(tables_of(read_settings()))
                published, form = tables.published(), pa.schema([("_company", pa.string())])
                assert published is not None
                for name in ("marts.ar_aging", "meta.loads"):
                    tables.commit(name, form, [])
                held = published.tables["raw.orders_received"].version
                tables.commit_companies("raw.orders_received", form, [], held, ["acme"])
                assert newest_load() == first.load_id
                held_back = newest_manifest("birch")
                aside = held_back.replace(tmp_path / held_back.name)
                second = load_there()

                assert [run.company for run in second.intake.runs] == ["acme", "cedar"]
                assert {kept.company for kept in second.outcome.kept} == {"birch"}
                assert newest_load() == second.load_id
                with closing(reader):
                    assert contents(reader) == before

                aside.replace(held_back)
                third, here = load_there(), load(open_job(read_settings()), as_of=None)

                assert [run.company for run in third.intake.runs] == ["birch"]
                assert third.outcome.headlines[0].open_balance == here.outcome.headlines[0].open_balance
                assert unlike({}, only=("raw", "past", "staging", "marts")) == []
                with closing(pipeline.connect(tables=tables_of(read_settings()))) as con:
                    after = contents(con)

                fourth = load_there()

                assert list(fourth.intake.runs) == []
                with closing(pipeline.connect(tables=tables_of(read_settings()))) as con:
                    assert contents(con) == after != before


def newest_manifest(company: str) -> Path:
    """Where the manifest of a company's newest run is."""
    landing = open_job(read_settings()).landing
    newest = max(run.run_id for run in landing.manifests() if run.company == company)
    return landing.root / "_manifests" / f"{newest}.json"


def load_there() -> LoadResult:
    return load_on_engine(open_job(read_settings()), as_of=None)


def failing() -> Model:
    """An audit that finds a row for each company."""
    text = "-- severity: error\n-- Nothing is there.\nselect distinct _company from raw.orders_received"
    return parse_model(Path("planted.sql"), "audit.planted", text)


def newest_load() -> str:
    with closing(pipeline.connect(tables=tables_of(read_settings()))) as con:
        return str(con.execute("SELECT max(load_id) FROM meta.loads").fetchall()[0][0])


def contents(con: duckdb.DuckDBPyConnection) -> list[object]:
    """What a reader sees of raw, history and the marts."""
    asked = ("raw.orders_received", "raw.line_items", "history.line_items", "meta.runs", "ar_aging")
    return [con.execute(f"SELECT count(*), sum(hash(each)) FROM {name} AS each").fetchall() for name in asked]


def unlike(ids: Mapping[str, str], only: Collection[str] = ()) -> list[str]:
    """How the published tables differ from those of the published warehouse; `ids` names the loads alike.

    Of all schemas, or of some `only`.
    """
    settings, found = read_settings(), []
    with (
        closing(duckdb.connect(warehouse_file(settings.data_dir).resolve(), read_only=True)) as here,
        closing(pipeline.connect(tables=tables_of(settings))) as there,
    ):
        here.execute("SET TimeZone = 'UTC'")
        columns = columns_of(here)
        assert columns_of(there) == columns
        for name, names in columns.items():
            if only and name.partition(".")[0] not in only:
                continue
            asked = ", ".join(identifier(each) for each in names if each not in OF_THE_LOAD.get(name, ()))
            rows = [renamed(con.sql(f"SELECT {asked} FROM {name}").to_arrow_table(), ids) for con in (here, there)]
            found += differences(name, *rows)
    return found


def columns_of(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """The columns of all tables and views, with their types; but for what one machine alone has."""
    found: dict[str, dict[str, str]] = {}
    for name, column, kind in con.execute(
        "SELECT table_schema || '.' || table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_catalog = current_database() AND table_schema <> 'extra' ORDER BY ALL"
    ).fetchall():
        found.setdefault(name, {})[column] = kind
    return found


def renamed(rows: pa.Table, ids: Mapping[str, str]) -> pa.Table:
    """The rows with the names of loads instead of their ids."""
    for place, name in enumerate(rows.column_names):
        if name.endswith(("run_id", "load_id")):
            values = [ids.get(value, value) for value in rows.column(name).to_pylist()]
            rows = rows.set_column(place, name, pa.array(values, pa.string()))
    return rows
