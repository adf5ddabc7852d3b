"""The next load on an engine: the companies merged, the models made and audited there, the tables committed here."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self
from uuid import uuid4

import duckdb

from pipeline import clock
from pipeline.engines.companies import (
    OF_COMPANIES,
    CompanyMerge,
    CompanyTask,
    company_tables,
    fill,
    merge_companies,
    write_rows,
)
from pipeline.engines.engine import Engine, forms_of
from pipeline.engines.models import EngineModels, rows_in
from pipeline.engines.tables import TableFile, Tables, TableVersion
from pipeline.landing import Landing, Manifest
from pipeline.models import AuditResult, Carryover, ModelRun, ModelSettings, Project, run_audits, run_models
from pipeline.models.audits import create_audit_tables, find_offending
from pipeline.models.inventory import create_inventories
from pipeline.models.model import Model, parse_model
from pipeline.models.portable import ENGINE_SPECIFIC
from pipeline.resources import all_resources
from pipeline.warehouse.build import Publication
from pipeline.warehouse.history import create_history
from pipeline.warehouse.merge import MergeCounts
from pipeline.warehouse.meta import create_meta, describe_warehouse
from pipeline.warehouse.provenance import record_load
from pipeline.warehouse.shrink import Refusal, ShrinkError
from pipeline.warehouse.tables import create_raw

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What a load writes of itself, for all companies; it is small, and made here.
_OF_LOADS = (
    "meta.warehouse", "meta.companies", "meta.loads", "meta.models", "audit.results", "audit.failures",
)  # fmt: skip
# What the summary of a load asks.
_ASKED = ("marts.ar_aging", "marts.changes")


class EngineBuild:
    """The next load of the tables, as a context manager: published, or nothing but files that nobody names.

    `con` is a DuckDB in memory that has every table: those of `meta` and `audit` with their rows, all others empty, for
    their columns. `merges` sums up what was done to each table of raw. Hold the DataLock meanwhile.
    """

    con: duckdb.DuckDBPyConnection

    def __init__(self, session: "SparkSession", tables: Tables, landing: Landing, load_id: str) -> None:
        self.load_id = load_id
        self.notes: list[str] = []
        self.merges = {name: MergeCounts(name) for name in all_resources()}
        self._session, self._tables, self._landing = session, tables, landing
        self._engine = Engine(session)
        self._started, self._started_at = monotonic(), clock.now()
        self._published = tables.published()
        # The files of each table as they are published, and as this load leaves them.
        self._before: dict[str, list[TableFile]] = {}
        self._files: dict[str, list[TableFile]] = {}
        self._companies: list[str] = []
        self._merged: list[CompanyMerge] = []
        self._runs: Sequence[Manifest] = ()
        self._models: EngineModels | None = None

    def __enter__(self) -> Self:
        self.con = duckdb.connect(config={"threads": 1})
        self.con.execute("SET GLOBAL TimeZone = 'UTC'")
        create_meta(self.con)
        create_raw(self.con, all_resources().values())
        create_history(self.con, all_resources().values())
        create_inventories(self.con)
        create_audit_tables(self.con)
        if self._published is not None:
            for table, held in self._published.tables.items():
                self._before[table] = self._tables.files(table, held.version)
        self._files = {table: list(files) for table, files in self._before.items()}
        self._fill_meta([*OF_COMPANIES, *_OF_LOADS])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.con.close()

    def _fill_meta(self, tables: Iterable[str]) -> None:
        wanted = [table for table in tables if table.startswith(("meta.", "audit."))]
        for table in wanted:
            self.con.execute(f"DELETE FROM {table}")
        fill(self.con, {table: [file.path for file in self._files.get(table, [])] for table in wanted})

    def pending(self) -> list[Manifest]:
        """Return the committed runs that the tables do not hold yet, oldest first."""
        taken = {row[0] for row in self.con.execute("SELECT run_id FROM meta.runs").fetchall()}
        return [manifest for manifest in self._landing.manifests() if manifest.run_id not in taken]

    def merge(
        self, runs: Sequence[Manifest], timezones: Mapping[str, str], timezone: str, *, accept_shrink: bool
    ) -> None:
        """Merge runs, the companies side by side; `timezone` is that of companies that `timezones` does not have.

        Raises ShrinkError when too many rows of a company would be gone, unless they may: `accept_shrink`.
        """
        for manifest in runs:
            describe_warehouse(self.con, manifest)
        self._runs, self._companies = runs, sorted({manifest.company for manifest in runs})
        tables, root = company_tables(), self._landing.root
        landing = str(root.absolute() if isinstance(root, Path) else root)
        tasks = [
            CompanyTask(
                company, timezones.get(company, timezone), landing, str(self._tables.root),
                self.load_id, accept_shrink,
                {table: [file.path for file in self._files.get(table, []) if file.company == company]
                 for table in tables},
            )
            for company in self._companies
        ]  # fmt: skip
        self._merged = merge_companies(self._session, tasks)
        self._refuse_shrink()
        for table in tables:
            others = [file for file in self._files.get(table, []) if file.company not in self._companies]
            self._files[table] = others + [file for each in self._merged for file in each.files[table]]
        self._fill_meta(OF_COMPANIES)
        for each in (counts for merge in self._merged for counts in merge.merges):
            total = self.merges[each.resource]
            total.inserted += each.inserted
            total.changed += each.changed
            total.deleted += each.deleted
            total.rows += each.rows
        if self.is_treated_anew:
            self.notes.append(
                f"{self._tables.root}: earlier versions of the tables, and landed runs, still hold personal data as "
                "they were treated before. Remove the tables' folder and load again, once the landing is rid of them."
            )

    def _refuse_shrink(self) -> None:
        known = {run.run_id: run for run in self._runs}
        refusals = [
            Refusal(each.company, tuple(known[run_id] for run_id in each.refused), each.reason)
            for each in self._merged
            if each.refused
        ]
        if refusals:
            merged = sum(each.merged for each in self._merged)
            raise ShrinkError(refusals, has_others=merged > sum(len(refusal.runs) for refusal in refusals))

    @property
    def is_treated_anew(self) -> bool:
        """Say whether this load has changed how personal data are treated."""
        return any(each.is_treated_anew for each in self._merged)

    def run_models(self, settings: ModelSettings, project: Project, kept: Carryover) -> list[ModelRun]:
        """Make the models on the engine, and return those of this load. Raises ModelError for one that cannot run."""
        models = {model.name: model for model in project.models}
        run_models(self.con, settings, project)  # of no rows: what their columns are
        before = {table: [file.path for file in files] for table, files in self._before.items()}
        made = {} if self.is_treated_anew else before
        engine_models = self._models = EngineModels(
            self._engine, settings, forms_of(self.con, self._all_tables()), made, self._folder_of, kept
        )
        self._show_inputs(models, before)
        runs = engine_models.run(project.models)
        for model in models.values():  # what was not read yet stays missing
            if model.name not in engine_models.files.keys() | engine_models.views.keys():
                self.con.execute(f"DROP {'VIEW' if model.is_view else 'TABLE'} {model.name}")
        for table in _ASKED:
            fill(self.con, {table: engine_models.files.get(table, [])})
        made_here = engine_models.files.items()
        self._files = {table: self._files.get(table, []) for table in (*company_tables(), *project.seeds)}
        self._files |= {name: [TableFile(path, rows_in(path)) for path in files] for name, files in made_here}
        return runs

    def _all_tables(self) -> list[str]:
        rows = self.con.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables "
            "WHERE table_catalog = current_database() AND table_schema <> 'main'"
        ).fetchall()
        return [name for (name,) in rows]

    def _folder_of(self, table: str) -> Path:
        return self._tables.folder(table) / self.load_id

    def _show_inputs(self, models: Mapping[str, Model], before: Mapping[str, Sequence[str]]) -> None:
        """Show the engine what the models and audits read, and no model makes."""
        assert self._models is not None
        forms = self._models.forms
        for table in company_tables():
            self._engine.show(table, forms[table], [file.path for file in self._files.get(table, [])])
        seeds = [table for table in forms if table.startswith("seeds.")]
        self._show_own([*seeds, *_OF_LOADS])
        for name in sorted({name for model in models.values() for name in model.inputs}):
            schema, _, table = name.partition(".")
            if schema == "previous":
                maker = next(each for each in (f"intermediate.{table}", f"marts.{table}") if each in models)
                self._engine.show(name, forms[maker], before.get(maker, []))
        for name, text in self._history_views().items():
            self._models.define(parse_model(Path(f"{name}.sql"), name, text))

    def _show_own(self, tables: Iterable[str]) -> None:
        """Write tables of `con` anew, and show them to the engine."""
        assert self._models is not None
        for table in tables:
            path = self._tables.folder(table) / f"{self.load_id}-{uuid4().hex}.parquet"
            self._files[table] = write_rows(self.con, table, path)
            self._engine.show(table, self._models.forms[table], [file.path for file in self._files[table]])

    def _history_views(self) -> dict[str, str]:
        rows = self.con.execute(
            "SELECT schema_name || '.' || view_name, sql FROM duckdb_views() WHERE schema_name = 'history'"
        ).fetchall()
        return {name: sql.partition(" AS ")[2].strip().removesuffix(";") for name, sql in rows}

    def run_audits(self, settings: ModelSettings, project: Project, kept: Carryover) -> list[AuditResult]:
        """Run the audits on the engine; the one that asks DuckDB about its catalog runs here, where the columns are."""
        assert self._models is not None
        models = self._models
        self._show_own(["meta.loads", "meta.models", "meta.companies"])

        def find(con: duckdb.DuckDBPyConnection, audit: Model, left_out: list[str]) -> int:
            if audit.name in ENGINE_SPECIFIC:
                return find_offending(con, audit, left_out)
            return models.find(con, audit, left_out)

        return run_audits(self.con, settings, project, kept=kept, find=find)

    def record_load(self, settings: ModelSettings) -> None:
        """Write what the marts are computed for."""
        record_load(self.con, self.load_id, self._started_at, settings)

    def publish(self) -> Publication:
        """Commit every table, and then let readers see all of them at once."""
        assert self._models is not None
        self._show_own(_OF_LOADS)
        versions = {
            table: TableVersion(self._commit(table, files), self._columns(table))
            for table, files in sorted(self._files.items())
        }
        path = self._tables.publish(self.load_id, versions, self._models.views)
        size = sum(Path(file.path).stat().st_size for files in self._files.values() for file in files)
        return Publication(path, size, monotonic() - self._started)

    def _commit(self, table: str, files: Sequence[TableFile]) -> int:
        assert self._models is not None
        form, held = self._models.forms[table], None
        if self._published is not None and table in self._published.tables:
            held = self._published.tables[table].version
        if table in company_tables():
            fresh = [file for file in files if held is None or file.company in self._companies]
            return self._tables.commit_companies(table, form, fresh, held, self._companies)
        if held is not None and files == self._before[table]:
            return self._tables.keep(table, held)
        return self._tables.commit(table, form, files)

    def _columns(self, table: str) -> dict[str, str]:
        return {name: kind for name, kind, *_ in self.con.execute(f"DESCRIBE {table}").fetchall()}
