"""Merging companies on the engine: a task for each, which does what one machine does, in a DuckDB of its own.

A task takes the company's rows as they are published and its runs that were not taken yet, and writes its rows anew.
So sets, deletions, history, quarantine and the guard against shrinking cannot differ from one machine's.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import uuid4

import duckdb
import msgspec
import pyarrow as pa

from pipeline import errors
from pipeline.engines.tables import TableFile
from pipeline.landing import Bucket, Landing
from pipeline.models.inventory import create_inventories
from pipeline.resources import all_resources
from pipeline.sql import identifier, literal
from pipeline.warehouse.build import Build
from pipeline.warehouse.merge import MergeCounts
from pipeline.warehouse.meta import record_companies
from pipeline.warehouse.reach import read_reaches, record_closes
from pipeline.warehouse.shrink import ShrinkError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What is kept by company beside raw and past.
OF_COMPANIES = (
    "meta.runs", "meta.reads", "meta.completeness", "meta.quarantine", "meta.drift", "meta.nulls",
    "history.inventory_daily", "history.retailer_inventory_daily",
)  # fmt: skip


class CompanyTask(msgspec.Struct, frozen=True):
    """A company to merge: where its runs landed, where its tables go, and the files that it has in them by now.

    `timezone` is the company's own, or that of all where it has none.
    """

    company: str
    timezone: str
    landing: str
    root: str
    load_id: str
    accept_shrink: bool
    files: dict[str, list[str]]


class CompanyMerge(msgspec.Struct, frozen=True):
    """What became of a company: its files by table, and what was done to its rows, as `MergeCounts`.

    `refused` are the runs, oldest first, after which too much would be gone, and `reason` says what; `merged` counts
    all runs. `is_treated_anew` when personal data are treated otherwise now than its rows were before.
    `error` is the name of an error of ours, and `message` what it says.
    """

    company: str
    files: dict[str, list[TableFile]] = {}
    merges: list[MergeCounts] = []
    merged: int = 0
    refused: list[str] = []
    reason: str = ""
    is_treated_anew: bool = False
    error: str = ""
    message: str = ""


def company_tables() -> list[str]:
    """Return the tables that are kept by company."""
    resources = all_resources().values()
    past = [f"past.{resource.name}" for resource in resources if resource.keeps_history]
    return [*(f"raw.{resource.name}" for resource in resources), *past, *OF_COMPANIES]


def merge_companies(session: "SparkSession", tasks: Sequence[CompanyTask]) -> list[CompanyMerge]:
    """Run the tasks on the engine, each in a partition of its own, and return what became of the companies.

    Raises the error of ours that a task ended with, such as ConfigurationError for a damaged batch.
    """
    if not tasks:
        return []
    encoded = [msgspec.json.encode(task) for task in tasks]

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            done = [msgspec.json.encode(merge_company(encoded[place])).decode() for place in batch["id"].to_pylist()]
            yield pa.RecordBatch.from_pydict({"result": pa.array(done, pa.string())})

    rows = session.range(0, len(tasks), 1, len(tasks)).mapInArrow(work, "result string").collect()
    merges = sorted(
        (msgspec.json.decode(row["result"], type=CompanyMerge) for row in rows), key=lambda each: each.company
    )
    for each in merges:
        if each.error:
            raise getattr(errors, each.error)(f"{each.company}: {each.message}")
    return merges


def merge_company(encoded: bytes) -> CompanyMerge:
    """Merge the company of an encoded task. What it writes counts only once somebody commits it."""
    task = msgspec.json.decode(encoded, type=CompanyTask)
    try:
        return _merge(task)
    except errors.LeafhouseError as error:
        kind = next(each.__name__ for each in type(error).__mro__ if hasattr(errors, each.__name__))
        return CompanyMerge(task.company, error=kind, message=error.message)


def _merge(task: CompanyTask) -> CompanyMerge:
    is_bucket = "://" in task.landing
    with (
        TemporaryDirectory(prefix="leafhouse-") as folder,
        TemporaryDirectory(prefix="leafhouse-") as fetched,
        Build(
            Path(folder),
            Landing(Bucket(task.landing, Path(fetched)) if is_bucket else Path(task.landing)),
            all_resources(),
            task.load_id,
        ) as build,
    ):
        create_inventories(build.con)
        fill(build.con, task.files)
        record_companies(build.con, {task.company: task.timezone})
        runs = [run for run in build.pending() if run.company == task.company]
        for run in runs:
            build.merge(run)
        try:
            if not task.accept_shrink:
                build.refuse_shrink()
        except ShrinkError as error:
            (refusal,) = error.refusals
            refused = [run.run_id for run in refusal.runs]
            return CompanyMerge(task.company, refused=refused, reason=refusal.reason, merged=len(runs))
        build.end_merge()
        record_closes(build.con, build.load_id, read_reaches(build.con, task.timezone), runs)
        files = {table: _write(build.con, table, task) for table in company_tables()}
        return CompanyMerge(
            task.company, files, list(build.merges.values()), len(runs), is_treated_anew=build.is_treated_anew
        )


def fill(con: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]]) -> None:
    """Insert the rows of Parquet files into the tables that they are of, in the order of the files."""
    for table, paths in files.items():
        if paths:
            con.execute(
                f"INSERT INTO {table} BY NAME "
                "SELECT * FROM read_parquet(?, union_by_name = true, hive_partitioning = false)",
                [list(paths)],
            )


def _write(con: duckdb.DuckDBPyConnection, table: str, task: CompanyTask) -> list[TableFile]:
    """Write the rows of a table to a file under a name that no other task uses; to none where there are none."""
    schema, _, name = table.partition(".")
    path = Path(task.root, schema, name, task.company, f"{task.load_id}-{uuid4().hex}.parquet")
    return write_rows(con, table, path, task.company)


def write_rows(con: duckdb.DuckDBPyConnection, table: str, path: Path, company: str | None = None) -> list[TableFile]:
    """Write the rows of a table to a Parquet file, in which JSON is text; to none where there are no rows."""
    ((rows,),) = con.execute(f"SELECT count(*) FROM {table}").fetchall()
    if not rows:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = con.execute(f"DESCRIBE {table}").fetchall()
    values = ", ".join(
        f"CAST({identifier(name)} AS VARCHAR) AS {identifier(name)}" if kind == "JSON" else identifier(name)
        for name, kind, *_ in columns
    )
    con.execute(f"COPY (SELECT {values} FROM {table}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    return [TableFile(str(path), rows, company)]
