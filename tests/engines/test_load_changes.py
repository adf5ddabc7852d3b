"""Loads on the engine after rare events: rows vanish, LEAFHOUSE_PII or a contract changes, the engine dies."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest

from pipeline.engines.engine import Engine
from pipeline.engines.load import tables_of
from pipeline.engines.session import EngineError
from pipeline.engines.tables import Tables, TableVersion
from pipeline.jobs.load_result import LoadResult
from pipeline.models import Project
from pipeline.settings import read_settings
from tests.acceptance.vanishing import some_orders, vanish

from .bureau import ZONES, open_bureau
from .published import AUDITS, MODELS, load_here, load_there, open_published, open_warehouse, unlike
from .server import engine

pytestmark = pytest.mark.engine

DATA = ("raw", "past", "staging", "marts")


@pytest.fixture(autouse=True)
def _on_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with (
        engine(tmp_path) as remote, patch.object(Project, "models", MODELS), patch.object(Project, "audits", AUDITS),
    ):  # fmt: skip
        monkeypatch.setenv("LEAFHOUSE_SPARK_REMOTE", remote)
        yield


class Loads:
    """Loads of the same runs on one machine and on the engine."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def both(self, *, accept_shrink: bool = False) -> LoadResult:
        """Load, and return what the engine's load says."""
        there, here = load_there(accept_shrink=accept_shrink), load_here(accept_shrink=accept_shrink)
        self._ids |= dict.fromkeys((there.load_id, here.load_id), f"load {len(self._ids)}")
        return there

    def differences(self) -> list[str]:
        """How the tables of the engine differ from those of one machine."""
        with closing(open_warehouse()) as here, closing(open_published()) as there:
            return unlike(here, there, self._ids, DATA)


async def test_a_company_that_shrinks_is_set_aside_until_that_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_bureau(tmp_path, monkeypatch, orders=60) as bureau:
        await bureau.extract()
        loads = Loads()
        loads.both()
        vanish(bureau.sandboxes["acme"], some_orders(bureau.sandboxes["acme"]))
        await bureau.extract(full=True)

        there = loads.both()

        assert [run.company for run in there.intake.runs] == ["birch", "cedar"]
        assert [each.manifest.company for each in there.intake.refused_runs] == ["acme"]
        assert loads.differences() == []

        there = loads.both(accept_shrink=True)

        assert [run.company for run in there.intake.runs] == ["acme"]
        assert there.intake.refused_runs == []
        assert loads.differences() == []


async def test_personal_data_are_treated_anew_after_another_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_bureau(tmp_path, monkeypatch, orders=25) as bureau:
        await bureau.extract()
        loads = Loads()
        loads.both()
        monkeypatch.setenv("LEAFHOUSE_PII", "hash")
        await bureau.extract(full=True)

        there = loads.both()

        assert "still hold personal data as they were treated before" in " ".join(there.intake.notes)
        assert loads.differences() == []
        with closing(open_published()) as con:
            assert con.execute("SELECT count(*) FROM raw.customers WHERE contains(email, '@')").fetchall() == [(0,)]


async def test_a_column_that_a_contract_gains_is_filled_by_the_next_full_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_bureau(tmp_path, monkeypatch, orders=25) as bureau:
        await bureau.extract()
        load_there()
        publish_without("email", "raw.customers", "past.customers")
        load_here()
        await bureau.extract(full=True)

        load_there()
        load_here()

        with closing(open_warehouse()) as here, closing(open_published()) as there:
            # What has a value now has changed, so that another run brought it.
            brought = {"_run_id", "_extracted_at", "_valid_from"}
            assert unlike(here, there, {}, ("raw",), brought) == []


async def test_an_engine_that_dies_in_a_model_is_told_and_the_next_load_makes_it_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mortal").mkdir()
    write = Engine.write

    def dies(*arguments: Any) -> list[str]:
        mortal.close()
        return write(*arguments)

    async with open_bureau(tmp_path, monkeypatch, orders=25) as bureau:
        await bureau.extract()
        loads = Loads()
        with ExitStack() as mortal, monkeypatch.context() as elsewhere, patch.object(Engine, "write", dies):
            elsewhere.setenv("LEAFHOUSE_SPARK_REMOTE", mortal.enter_context(engine(tmp_path / "mortal")))
            with pytest.raises(EngineError, match="the engine did not come to an end"):
                load_there()

        loads.both()

        assert loads.differences() == []


def publish_without(column: str, *names: str) -> None:
    """Publish tables as a version did that did not know of a column."""
    tables = Tables(tables_of(read_settings()))
    published = tables.published()
    assert published is not None
    versions = dict(published.tables)
    with closing(open_published()) as con:
        forms = {name: con.sql(f"SELECT * EXCLUDE ({column}) FROM {name}").to_arrow_table().schema for name in names}
    for name in names:
        files = tables.files(name, versions[name].version)
        for file in files:
            pq.write_table(pq.read_table(file.path, partitioning=None).drop_columns([column]), file.path)
        columns = {each: kind for each, kind in versions[name].columns.items() if each != column}
        version = tables.commit_companies(name, forms[name], files, None, list(ZONES))
        versions[name] = TableVersion(version, columns)
    tables.publish(published.load_id, versions, published.views)
