"""What loads on one machine and on the engine published, held against each other."""

from collections.abc import Collection, Mapping

import duckdb
import pyarrow as pa

import pipeline
from pipeline.datafolder.paths import warehouse_file
from pipeline.engines.load import load_on_engine, tables_of
from pipeline.jobs.job import open_job
from pipeline.jobs.load import load
from pipeline.jobs.load_result import LoadResult
from pipeline.settings import read_settings
from pipeline.sql import identifier
from tests.parts import PROJECT, models_of

from .comparing import differences

# An engine takes a second for a model: what is not about the models makes those that ar_aging needs.
MODELS = models_of(["marts.ar_aging"])
_KNOWN = {model.name for model in MODELS}
AUDITS = [
    audit for audit in PROJECT.audits
    if all(name in _KNOWN or name.startswith(("raw.", "meta.")) for name in audit.inputs)
]  # fmt: skip

# When a load was, how long it took, and what one machine knows of tables that it need not make anew.
OF_THE_LOAD = {
    "meta.warehouse": {"created_at"},
    "meta.loads": {"started_at"},
    "meta.models": {"load_id", "form", "origin"},
    "audit.results": {"seconds", "checked_at"},
}


def load_here(*, accept_shrink: bool = False) -> LoadResult:
    return load(open_job(read_settings()), as_of=None, accept_shrink=accept_shrink)


def load_there(*, accept_shrink: bool = False) -> LoadResult:
    return load_on_engine(open_job(read_settings()), as_of=None, accept_shrink=accept_shrink)


def open_warehouse() -> duckdb.DuckDBPyConnection:
    """The warehouse that was published last."""
    con = duckdb.connect(warehouse_file(read_settings().data_dir).resolve(), read_only=True)
    con.execute("SET TimeZone = 'UTC'")
    return con


def open_published() -> duckdb.DuckDBPyConnection:
    """The tables that were published last."""
    return pipeline.connect(tables=tables_of(read_settings()))


def unlike(
    here: duckdb.DuckDBPyConnection,
    there: duckdb.DuckDBPyConnection,
    ids: Mapping[str, str],
    schemas: Collection[str] = (),
    but_for: Collection[str] = (),
) -> list[str]:
    """How the tables of one differ from those of another; `ids` names their loads and runs alike.

    Of some schemas, or of all; but for columns of some names.
    """
    columns = columns_of(here)
    assert columns_of(there) == columns
    found = []
    for name, names in columns.items():
        if schemas and name.partition(".")[0] not in schemas:
            continue
        left_out = {*but_for, *OF_THE_LOAD.get(name, ())}
        asked = ", ".join(identifier(each) for each in names if each not in left_out)
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
    """The rows with the names of loads and runs instead of their ids."""

    def named(value: str | None) -> str | None:
        if value is None:
            return None
        text, space, last = value.rpartition(" ")  # a reason ends with the run
        return text + space + ids.get(last, last)

    for place, name in enumerate(rows.column_names):
        if name.endswith(("run_id", "load_id", "_deleted_reason")):
            rows = rows.set_column(place, name, pa.array(map(named, rows.column(name).to_pylist()), pa.string()))
    return rows
