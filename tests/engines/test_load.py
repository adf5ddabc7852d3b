"""Loads on the engine against loads on one machine: the same rows, published all at once or not at all."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pytest

from pipeline.engines.load import tables_of
from pipeline.engines.tables import Tables
from pipeline.errors import AuditError, UsageError
from pipeline.jobs.job import open_job
from pipeline.jobs.load_result import LoadResult
from pipeline.models import Project
from pipeline.models.model import Model, parse_model
from pipeline.settings import read_settings
from tests.storage.server import BUCKET, credentials, serve_s3

from .bureau import open_bureau
from .published import AUDITS, MODELS, load_here, load_there, open_published, open_warehouse, unlike
from .server import engine

pytestmark = pytest.mark.engine

DATA = ("raw", "past", "history", "staging", "intermediate", "marts")
# What was read twice was not read at the same time.
WHEN_READ = {"_extracted_at", "_valid_from", "_valid_to"}


async def test_two_nights_give_the_same_rows_from_a_disk_from_a_bucket_and_on_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_s3(tmp_path / "s3.log") as store:
        for name, value in credentials(store).items():  # the engine's workers see them, too
            monkeypatch.setenv(name, value)
        async with open_bureau(tmp_path, monkeypatch, orders=5000) as bureau:
            with engine(tmp_path) as remote:
                monkeypatch.setenv("LEAFHOUSE_SPARK_REMOTE", remote)
                ids = dict[str, str]()
                for night in ("first", "second"):
                    await bureau.extract()
                    on_disk, disk = load_here(), open_warehouse()
                    with monkeypatch.context() as elsewhere:
                        elsewhere.setenv("LEAFHOUSE_DATA_DIR", str(tmp_path / "elsewhere"))
                        elsewhere.setenv("LEAFHOUSE_LANDING", f"s3://{BUCKET}/bureau")
                        await bureau.extract()
                        in_bucket, on_engine = load_here(), load_there()

                        for load in (on_disk, in_bucket, on_engine):
                            ids |= {load.load_id: night}
                            ids |= {run.run_id: f"{run.company}, {night}" for run in load.intake.runs}
                            assert told(load, ids) == told(on_disk, ids)
                        with closing(disk), closing(open_warehouse()) as bucket, closing(open_published()) as tables:
                            assert unlike(disk, bucket, ids, DATA, WHEN_READ) == []
                            assert unlike(bucket, tables, ids) == []
                    bureau.later()


async def test_readers_see_a_whole_load_and_what_fails_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_bureau(tmp_path, monkeypatch, orders=25) as bureau:
        with engine(tmp_path) as remote, patch.object(Project, "models", MODELS):
            monkeypatch.setenv("LEAFHOUSE_SPARK_REMOTE", remote)
            with pytest.raises(UsageError, match="nothing has landed yet"):
                load_there()
            await bureau.extract()
            refused = pytest.raises(AuditError, match="planted: 3 rows, the first one")
            with patch.object(Project, "audits", [*AUDITS, failing()]), refused:
                load_there()
            with pytest.raises(UsageError, match="no tables yet"):
                open_published()

            with patch.object(Project, "audits", AUDITS):
                first = load_there()
                reader = open_published()
                before = contents(reader)
                bureau.later()
                await bureau.extract()
                with patch.object(Project, "audits", [*AUDITS, failing()]), pytest.raises(AuditError):
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
                third, here = load_there(), load_here()

                assert [run.company for run in third.intake.runs] == ["birch"]
                assert third.outcome.headlines[0].open_balance == here.outcome.headlines[0].open_balance
                with closing(open_warehouse()) as alone, closing(open_published()) as con:
                    assert unlike(alone, con, {}, ("raw", "past", "staging", "marts")) == []
                    after = contents(con)

                fourth = load_there()

                assert list(fourth.intake.runs) == []
                with closing(open_published()) as con:
                    assert contents(con) == after != before


def newest_manifest(company: str) -> Path:
    """Where the manifest of a company's newest run is."""
    landing = open_job(read_settings()).landing
    newest = max(run.run_id for run in landing.manifests() if run.company == company)
    return landing.root / "_manifests" / f"{newest}.json"


def failing() -> Model:
    """An audit that finds a row for each company."""
    text = "-- severity: error\n-- Nothing is there.\nselect distinct _company from raw.orders_received"
    return parse_model(Path("planted.sql"), "audit.planted", text)


def newest_load() -> str:
    with closing(open_published()) as con:
        return str(con.execute("SELECT max(load_id) FROM meta.loads").fetchall()[0][0])


def contents(con: duckdb.DuckDBPyConnection) -> list[object]:
    """What a reader sees of raw, history and the marts."""
    asked = ("raw.orders_received", "raw.line_items", "history.line_items", "meta.runs", "ar_aging")
    return [con.execute(f"SELECT count(*), sum(hash(each)) FROM {name} AS each").fetchall() for name in asked]


def told(load: LoadResult, ids: Mapping[str, str]) -> object:
    """What a load says, but for when and where it was."""
    audits = [(each.audit_id, each.failures, ids.get(each.failing_since or "")) for each in load.outcome.audits]
    runs = [(run.company, run.kind, ids[run.run_id]) for run in load.intake.runs]
    return runs, load.intake.merges, load.outcome.headlines, load.outcome.movements, audits
