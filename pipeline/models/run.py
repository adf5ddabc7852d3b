"""Running the models: every table of staging, intermediate and marts that has another origin is made anew.

The tables to be made anew are emptied first, and the file is checkpointed: what follows is written over the blocks that
they had. Without that a file held its tables twice, 78 MB instead of 42 after the second night of 3,000 orders.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from time import perf_counter

import duckdb

from pipeline.models.carryover import Carryover
from pipeline.models.catalog import Relation, document, drop, greet, relations, write_table, write_view
from pipeline.models.inventory import create_inventories
from pipeline.models.model import Model
from pipeline.models.origin import Origin, Origins, read_origins
from pipeline.models.pool import make_each
from pipeline.models.previous import previous_tables
from pipeline.models.project import LAYERS, Project, check_inputs
from pipeline.models.seeds import load_seed
from pipeline.models.settings import ModelSettings, bound_settings
from pipeline.models.transaction import transaction
from pipeline.sql import identifier


@dataclass(frozen=True)
class ModelRun:
    """A model of this load: its table, the rows it has, the seconds it took, what they come from (see `Origins`).

    `is_unchanged` when the table was not made anew, because the last load made it from the same.
    """

    name: str
    rows: int
    seconds: float
    origin: Origin | None = None
    is_unchanged: bool = False


def run_models(
    con: duckdb.DuckDBPyConnection,
    settings: ModelSettings,
    project: Project | None = None,
    *,
    kept: Carryover | None = None,
) -> list[ModelRun]:
    """Make the tables of all models in the connection's current database, and return what is of this load, in order.

    A table stays when the last load recorded the same origin for it. What `kept` names stays as well (see
    `models_to_keep`): whole tables, or missing, and of others the rows of some companies.

    They are tables and not views, so that a reader finds the same rows whatever its settings, and under whatever name
    it attached the file. Raises ModelError, which names the file and the line, for a model that cannot be read or run:
    then some tables may be empty, and others new.
    """
    project, kept = project or Project(), kept or Carryover()
    models, before = {model.name: model for model in project.models}, relations(con)
    with bound_settings(con, settings), previous_tables(con, models, before):
        with transaction(con):
            create_inventories(con)
            _drop_leftovers(con, before, models.keys() | project.seeds.keys())
            for layer in ("seeds", *LAYERS):
                con.execute(f"CREATE SCHEMA IF NOT EXISTS {layer}")
            for table, path in project.seeds.items():
                load_seed(con, table, path)
            check_inputs(models.values(), existing_tables(con) | models.keys())
            staying = _staying(models.values(), kept, before)
            recorded, origins = read_origins(con, before), Origins(con, before, project.seeds, kept)
            comes_from = {name: origins.of(model) for name, model in models.items()}
            unchanged = {name for name, origin in comes_from.items() if origin.rows and recorded.get(name) == origin}
            same_form = {
                name for name, origin in comes_from.items() if name in recorded and recorded[name].form == origin.form
            }
            _make_room(con, models.keys() - staying - unchanged, kept, before)
        con.execute("CHECKPOINT")

        def make(con: duckdb.DuckDBPyConnection, model: Model) -> ModelRun:
            name = model.name
            run = _run_model(con, model, kept.of(name), before.get(name), has_same_form=name in same_form)
            return replace(run, origin=comes_from[name])

        wanted = [model for name, model in models.items() if name not in staying | unchanged]
        made = make_each(con, settings, wanted, make, there=list(models.values()))
        with transaction(con):
            greet(con, document(con, models))
        return [
            made.get(name) or ModelRun(name, _count(con, model), 0.0, comes_from[name], is_unchanged=True)
            for name, model in models.items()
            if name not in staying
        ]


def _make_room(
    con: duckdb.DuckDBPyConnection, names: Iterable[str], kept: Carryover, before: Mapping[str, Relation]
) -> None:
    """Empty the tables that are about to be made anew, but for those with rows that stay."""
    for name in names:
        if name in before and not before[name].is_view and not kept.of(name):
            con.execute(f"TRUNCATE {name}")


def forget_models(con: duckdb.DuckDBPyConnection, project: Project | None = None) -> None:
    """Drop the tables of all models, so that none stays as it is; but for what the next load compares itself with.

    Call it before `run_models` where rows must not be shown as they were: after a change of LEAFHOUSE_PII.
    """
    models, before = (project or Project()).models, relations(con)
    compared = {name.partition(".")[2] for model in models for name in model.inputs if name.startswith("previous.")}
    with transaction(con):
        for model in models:
            if model.name.partition(".")[2] not in compared:
                drop(con, model.name, before.get(model.name))


def _staying(models: Iterable[Model], kept: Carryover, before: Mapping[str, Relation]) -> set[str]:
    """Return the models whose tables stay as they are, or missing: marts, and what reads them, may be missing."""
    found, missing = set[str](), set[str]()
    for model in models:
        may_miss = model.name.startswith("marts.") or not missing.isdisjoint(model.inputs)
        if kept.is_whole(model.name) and (model.name in before or may_miss):
            found.add(model.name)
            if model.name not in before:
                missing.add(model.name)
    return found


def existing_tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the tables and views of the current database, as schema and name."""
    rows = con.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_catalog = current_database()"
    ).fetchall()
    return {name for (name,) in rows}


def _drop_leftovers(con: duckdb.DuckDBPyConnection, before: Mapping[str, Relation], wanted: Set[str]) -> None:
    # A model that was removed or renamed must not leave its last rows behind as if they were new.
    for name, relation in sorted(before.items()):
        if name.partition(".")[0] in ("seeds", *LAYERS) and name not in wanted:
            drop(con, name, relation)


def _run_model(
    con: duckdb.DuckDBPyConnection, model: Model, kept: Iterable[str], before: Relation | None, *, has_same_form: bool
) -> ModelRun:
    """Make the table of a model anew, but for its rows of the companies in `kept`: they stay as they were `before`."""
    started, companies = perf_counter(), list(kept)
    try:
        if model.is_view:
            write_view(con, model, before)
            return ModelRun(model.name, _count(con, model), perf_counter() - started)
        if companies and before is not None:
            con.execute(f"CREATE TEMP TABLE kept AS FROM {model.name} WHERE list_contains(?, _company)", [companies])
        write_table(con, model, before, has_same_form=has_same_form)
        if companies:
            con.execute(f"DELETE FROM {model.name} WHERE list_contains(?, _company)", [companies])  # noqa: S608
        if companies and before is not None:
            _put_back(con, model.name)
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise model.error_from(error) from error
    return ModelRun(model.name, _count(con, model), perf_counter() - started)


def _count(con: duckdb.DuckDBPyConnection, model: Model) -> int:
    """Return the rows of a model's table. A view counts none: it has no rows of its own."""
    if model.is_view:
        return 0
    (rows,) = con.execute(f"SELECT count(*) FROM {model.name}").fetchone() or (0,)  # noqa: S608
    return int(rows)


def _put_back(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Move the rows of `kept` into the table, with the columns that it still has."""
    shared = f"SELECT column_name FROM (DESCRIBE kept) SEMI JOIN (DESCRIBE {table}) USING (column_name)"  # noqa: S608
    names = ", ".join(identifier(name) for (name,) in con.execute(shared).fetchall())
    con.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM kept")  # noqa: S608
    con.execute("DROP TABLE kept")
