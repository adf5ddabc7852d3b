"""`previous`: what the warehouse showed before this load, for the models that compare with it or carry it on.

A model that reads `previous.order_positions` finds the table of that name as the last published load left it, and one
that reads itself there can carry its rows on. On a first load they are empty. They stay outside the file that is built.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import duckdb

from pipeline.models.catalog import Relation
from pipeline.models.model import Model
from pipeline.sql import identifier

SCHEMA = "previous"


def carried_tables(models: Iterable[Model]) -> set[str]:
    """Return the tables that a load compares itself with, or carries on: those that models read of `previous`."""
    by_name = {model.name: model for model in models}
    return {
        _made_by(model, name, by_name).name
        for model in by_name.values()
        for name in model.inputs
        if name.startswith(f"{SCHEMA}.")
    }


@contextmanager
def previous_tables(
    con: duckdb.DuckDBPyConnection, models: Mapping[str, Model], before: Mapping[str, Relation]
) -> Iterator[None]:
    """Hold what the models read of `previous` while they run; `before` are the tables and views that are there.

    Columns that the published table does not have are null. Raises ModelError for a table that no model makes.
    """
    con.execute(f"ATTACH ':memory:' AS {SCHEMA}")
    try:
        for model in models.values():
            for name in model.inputs:
                if name.startswith(f"{SCHEMA}."):
                    _copy(con, _made_by(model, name, models), name, before)
        yield
    finally:
        con.execute(f"DETACH {SCHEMA}")


def _made_by(reader: Model, name: str, models: Mapping[str, Model]) -> Model:
    table = name.partition(".")[2]
    for layer in ("intermediate", "marts"):
        if f"{layer}.{table}" in models:
            return models[f"{layer}.{table}"]
    raise reader.error(f"there is no model {table} in intermediate or marts", reader.line_of(name))


def _copy(con: duckdb.DuckDBPyConnection, model: Model, name: str, before: Mapping[str, Relation]) -> None:
    columns, source = dict.fromkeys(model.columns, "NULL"), "WHERE false"
    if (there := before.get(model.name)) is not None:
        columns |= {column: identifier(column) for column in columns.keys() & there.columns.keys()}
        source = f"FROM {model.name}"
    values = ", ".join(
        f"CAST({columns[column]} AS {kind}) AS {identifier(column)}" for column, kind in model.columns.items()
    )
    con.execute(f"CREATE TABLE IF NOT EXISTS {name} AS SELECT {values} {source}")
