"""Every model and every audit gives on the engine what it gives on DuckDB: the same rows, with the same types."""

import shutil
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from pipeline.datafolder.paths import kept_file, warehouse_file
from pipeline.engines.engine import Engine, forms_of
from pipeline.engines.models import EngineModels
from pipeline.engines.session import open_session
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load
from pipeline.models import ModelSettings
from pipeline.models.audits import KEPT_FAILURES
from pipeline.models.key_audits import key_audits
from pipeline.models.portable import ENGINE_SPECIFIC
from pipeline.models.settings import bound_settings
from pipeline.settings import read_settings
from tests.parts import PROJECT

from .bureau import open_bureau
from .comparing import differences
from .server import engine

pytestmark = pytest.mark.engine

MODELS = {model.name: model for model in PROJECT.models}
AUDITS = [*PROJECT.audits, *key_audits([model for model in PROJECT.models if model.key], PROJECT.raw_keys)]
# A load writes itself down once the models have run.
EARLIER_LOADS = "FROM meta.loads WHERE load_id < (SELECT max(load_id) FROM meta.loads)"
FEWEST_THAT_FIND = 20


async def test_every_model_and_every_audit_gives_the_rows_that_it_gives_on_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    async with open_bureau(tmp_path, monkeypatch, orders=300) as bureau:
        for _ in range(2):
            await bureau.extract()
            loads.append(load(open_job(read_settings()), as_of=None).load_id)
            bureau.later()
    damaged = tmp_path / "damaged.duckdb"
    shutil.copy(warehouse_file(bureau.data), damaged)

    with engine(tmp_path) as remote, open_session(SecretStr(remote)) as session:
        with closing(duckdb.connect(warehouse_file(bureau.data).resolve(), read_only=True)) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.execute(f"ATTACH '{kept_file(bureau.data, loads[0])}' AS before (READ_ONLY)")
            settings = settings_of(con)
            bench = Bench(con, Engine(session), settings, tmp_path / "tables")
            bench.show_inputs()
            models = EngineModels(bench.engine, settings, bench.forms, {}, lambda name: tmp_path / "made" / name)

            models.run(PROJECT.models)

            found = []
            for model in PROJECT.models:
                rows = bench.engine.fetch(
                    f"SELECT * FROM {model.name.replace('.', '__')}", bench.forms[model.name], 10**9
                )
                found += differences(model.name, con.sql(f"FROM {model.name}").to_arrow_table(), rows[0])
            assert found == []

        with closing(duckdb.connect(damaged)) as con:
            con.execute("SET TimeZone = 'UTC'")
            bench = Bench(con, bench.engine, settings, tmp_path / "damaged")
            bench.damage()
            found, finding = [], 0
            with bound_settings(con, settings):
                for audit in [audit for audit in AUDITS if audit.name not in ENGINE_SPECIFIC]:
                    expected = con.sql(audit.text).to_arrow_table()
                    assert models.find(con, audit, []) == expected.num_rows <= KEPT_FAILURES, audit.name
                    found += differences(audit.name, expected, con.sql("FROM offending").to_arrow_table())
                    finding += expected.num_rows > 0
            assert found == []
            assert finding >= FEWEST_THAT_FIND


def settings_of(con: duckdb.DuckDBPyConnection) -> ModelSettings:
    """What the newest load of a warehouse computed the marts for."""
    row = con.sql("FROM meta.loads ORDER BY load_id DESC LIMIT 1").to_arrow_table().to_pylist()[0]
    return ModelSettings(row["as_of"], row["known_at"], row["timezone"], row["sell_through_days"], row["load_id"])


class Bench:
    """The tables of a warehouse file, shown to an engine."""

    def __init__(self, con: duckdb.DuckDBPyConnection, on: Engine, settings: ModelSettings, folder: Path) -> None:
        self.engine, self.forms = on, forms_of(con, MODELS)
        self._con, self._settings, self._folder = con, settings, folder
        folder.mkdir()

    def show_inputs(self) -> None:
        """Show what the models read, and none of them makes."""
        for name in sorted({each for model in MODELS.values() for each in model.inputs} - MODELS.keys()):
            schema, _, table = name.partition(".")
            if schema == "previous":
                source = next(each for each in (f"intermediate.{table}", f"marts.{table}") if each in MODELS)
                columns = ", ".join(
                    f"CAST({column} AS {kind}) AS {column}" for column, kind in MODELS[source].columns.items()
                )
                self._show(name, f"SELECT {columns} FROM before.{source}")
            else:
                self._show(name, EARLIER_LOADS if name == "meta.loads" else f"FROM {name}")

    def damage(self) -> None:
        """Take some rows of every table away, have others twice, and show what the audits read."""
        tables = {
            name
            for (name,) in self._con.execute(
                "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
                "WHERE schema_name IN ('raw', 'past', 'staging', 'intermediate', 'marts')"
            ).fetchall()
        }
        for name in sorted(tables):
            self._con.execute(f"INSERT INTO {name} FROM (FROM {name} WHERE rowid % 97 = 3)")
            self._con.execute(f"DELETE FROM {name} WHERE rowid % 89 = 2")
        for name in sorted({each for audit in AUDITS for each in audit.inputs}):
            self._show(name, f"FROM {name}")

    def _show(self, name: str, query: str) -> None:
        rows = self._con.sql(query).to_arrow_table()
        form = pa.schema(
            [
                field.with_type(field.type.storage_type) if isinstance(field.type, pa.BaseExtensionType) else field
                for field in rows.schema
            ]
        )
        path = self._folder / f"{name}.parquet"
        pq.write_table(rows.cast(form), path)
        self.engine.show(name, form, [str(path)])
