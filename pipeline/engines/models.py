"""Running `sql/` on the engine: each model's rows are written as Parquet, and shown to the models that read them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engines.engine import Engine, form_of
from pipeline.engines.queries import engine_sql, view_of
from pipeline.engines.session import is_lost
from pipeline.errors import ModelError
from pipeline.models import Carryover, ModelRun, ModelSettings
from pipeline.models.audits import KEPT_FAILURES
from pipeline.models.model import Model
from pipeline.models.pool import side_by_side

# An engine plans each query with one thread: the models of 900 orders took Sail 6.7 s one at a time, 5.0 s two at a
# time and 4.9 s four at a time, on two cores.
_AT_ONCE = 2


@dataclass
class EngineModels:
    """The models of a load on the engine.

    `forms` are the columns of every table, made or read; `before` the files of the tables as they are published, by
    table; `folder` gives where the files of a table go. `files` are those of the tables that are made or
    stay, and `views` the SQL of the views, on DuckDB.
    """

    engine: Engine
    settings: ModelSettings
    forms: Mapping[str, pa.Schema]
    before: Mapping[str, Sequence[str]]
    folder: Callable[[str], Path]
    kept: Carryover = field(default_factory=Carryover)
    files: dict[str, list[str]] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)

    def run(self, models: Sequence[Model]) -> list[ModelRun]:
        """Make the models, which come in an order in which they can run, and return those of this load.

        Where a resource was not read, the rows of its companies stay, or the whole table does, as on one machine. All
        others are made anew each time, two at a time. Raises ModelError for one that the engine cannot run.
        """
        missing, wanted = set[str](), []
        for model in models:
            may_miss = model.name.startswith("marts.") or not missing.isdisjoint(model.inputs)
            if model.is_view and missing.isdisjoint(model.inputs):
                wanted.append(model)
            elif self.kept.is_whole(model.name) and model.name in self.before:
                self.files[model.name] = list(self.before[model.name])
                self.engine.show(model.name, self.forms[model.name], self.files[model.name])
            elif self.kept.is_whole(model.name) and may_miss:
                missing.add(model.name)
            else:
                wanted.append(model)
        made = side_by_side(_AT_ONCE, wanted, self._make)
        return [made[model.name] for model in wanted]

    def define(self, view: Model) -> None:
        """Make a view of what the engine knows. Raises ModelError when the engine cannot run it."""
        with _refused(view):
            self.engine.define(view.name, engine_sql(view, self.settings), self.forms[view.name])
        self.views[view.name] = view.text

    def _make(self, model: Model) -> ModelRun:
        started, form = perf_counter(), self.forms[model.name]
        if model.is_view:
            self.define(model)
            return ModelRun(model.name, 0, perf_counter() - started)
        with _refused(model):
            query = self._with_kept(model, engine_sql(model, self.settings))
            files = self.engine.write(query, form, self.folder(model.name))
            self.engine.show(model.name, form, files)
        self.files[model.name] = files
        return ModelRun(model.name, sum(map(rows_in, files)), perf_counter() - started)

    def _with_kept(self, model: Model, query: str) -> str:
        """Return the query with the published rows of the companies whose rows stay, instead of its own."""
        companies = self.kept.of(model.name)
        if not companies:
            return query
        names = ", ".join(f"'{company}'" for company in companies)
        fresh = f"SELECT * FROM ({query}) AS fresh WHERE _company NOT IN ({names})"
        if model.name not in self.before:
            return fresh
        held = f"kept.{model.name.partition('.')[2]}"
        self.engine.show(held, self.forms[model.name], self.before[model.name])
        return f"{fresh} UNION ALL SELECT * FROM {view_of(held)} WHERE _company IN ({names})"

    def find(self, con: duckdb.DuckDBPyConnection, audit: Model, left_out: list[str]) -> int:
        """Put rows that an audit finds into the temporary table `offending` of `con`; return how many there are.

        The rows of companies in `left_out` do not count. `con` has all tables, if empty, and the settings bound.
        Raises ModelError for an audit that the engine cannot run.
        """
        query = engine_sql(audit, self.settings)
        if left_out:
            names = ", ".join(f"'{company}'" for company in left_out)
            query = f"SELECT * FROM ({query}) AS found WHERE _company NOT IN ({names})"
        with _refused(audit):
            rows, count = self.engine.fetch(query, form_of(con, audit.text), KEPT_FAILURES)
        con.register("found", rows)
        con.execute("CREATE OR REPLACE TEMP TABLE offending AS FROM found")
        con.unregister("found")
        return count


def rows_in(file: str) -> int:
    """Return how many rows a Parquet file has."""
    return int(pq.read_metadata(file).num_rows)


@contextmanager
def _refused(model: Model) -> Iterator[None]:
    """Tell what the engine has to say about a model, whose SQL runs on DuckDB, as ModelError."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        if is_lost(error):
            raise
        said = str(error).splitlines()[0][:300].rstrip(".")
        raise model.error(f"the engine cannot run it ({said})") from error
