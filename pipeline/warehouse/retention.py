"""Retention: earlier warehouses, landed runs and logs are let go of once nothing needs them.

When loaded runs go, what they brought goes on in `_base.duckdb` of the landing: `raw` with its past, `meta`, and what
loads carry on. A folder without a warehouse begins with it. So a run may go when every warehouse that stays holds it,
and the next plan is not made from it.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline import clock
from pipeline.datafolder.paths import building_folder, kept_folder, logs_folder, warehouse_file
from pipeline.errors import ConfigurationError
from pipeline.landing import Landing, Manifest
from pipeline.landing.needed import planned_upon
from pipeline.models import Project
from pipeline.models.previous import carried_tables
from pipeline.sql import literal
from pipeline.warehouse.base import find_base
from pipeline.warehouse.engine import attach_for_writing, open_engine
from pipeline.warehouse.files import KeptWarehouse, list_earlier, remove_file
from pipeline.warehouse.published import open_warehouse
from pipeline.warehouse.reader import CATALOG

# What no model makes: all else can be computed again.
_SCHEMAS = ("raw", "past", "history", "meta", "audit")
# A load lets runs go by the week: the base is written anew then, which takes a tenth of a load's CPU.
_AT_ONCE = timedelta(days=7)


@dataclass(frozen=True)
class Retention:
    """How many earlier warehouses stay, and for how many days landed runs and logs do."""

    warehouses: int
    landing_days: int
    log_days: int


@dataclass(frozen=True)
class Prunable:
    """What may go: earlier warehouses, newest first, landed runs, oldest first, and logs; `bytes` is what they take."""

    warehouses: Sequence[KeptWarehouse]
    runs: Sequence[Manifest]
    logs: Sequence[Path]
    bytes: int


def find_prunable(data_dir: Path, landing: Landing, retention: Retention, *, by_the_week: bool = False) -> Prunable:
    """Return what may go; `by_the_week`, runs only when the oldest of them could have gone a week ago."""
    published = warehouse_file(data_dir)
    earlier = list_earlier(kept_folder(data_dir), published)
    going, staying = earlier[retention.warehouses :], earlier[: retention.warehouses]
    runs = _old_runs(landing, retention.landing_days, by_the_week=by_the_week)
    if runs:
        runs = _held_by_all(runs, data_dir, [each.path for each in staying])
    logs = _old_logs(logs_folder(data_dir), retention.log_days)
    sizes = [
        *(each.bytes for each in going),
        landing.size_of(runs),
        *(path.stat().st_size for path in logs),
    ]
    return Prunable(going, runs, logs, sum(sizes))


def _old_runs(landing: Landing, days: int, *, by_the_week: bool) -> list[Manifest]:
    limit, manifests = clock.now() - timedelta(days=days), landing.manifests()
    needed = planned_upon(manifests)
    old = [each for each in manifests if each.finished_at <= limit and each.run_id not in needed]
    is_early = by_the_week and all(each.finished_at > limit - _AT_ONCE for each in old)
    return [] if is_early else old


def _held_by_all(runs: Iterable[Manifest], data_dir: Path, staying: Iterable[Path]) -> list[Manifest]:
    """Return the runs that the published warehouse and all those that stay hold: none where one cannot be relied on."""
    base = find_base(data_dir)
    if base.path != warehouse_file(data_dir):
        return []
    held = [_runs_in(path) for path in (base.path, *staying)]
    return [run for run in runs if all(run.run_id in each for each in held)]


def _runs_in(path: Path) -> set[str]:
    try:
        with open_warehouse(path, may_be_older=True) as con:
            return {run_id for (run_id,) in con.execute("SELECT run_id FROM meta.runs").fetchall()}
    except ConfigurationError:  # damaged, or of another version: it could not go on without what landed
        return set()


def _old_logs(folder: Path, days: int) -> list[Path]:
    limit = clock.now() - timedelta(days=days)
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in paths if datetime.fromtimestamp(path.stat().st_mtime, UTC) <= limit]


def prune(data_dir: Path, landing: Landing, found: Prunable, *, renew_base: bool = False) -> None:
    """Let go of what was found. Hold the DataLock meanwhile.

    With `renew_base` the base, where there is one, is written anew in any case: it holds rows that must not stay.
    """
    for kept in found.warehouses:
        remove_file(kept.path)
    if found.runs or (renew_base and landing.base_bytes() is not None):
        landing.keep_base(lambda aside: _write_base(warehouse_file(data_dir), aside, building_folder(data_dir)))
        landing.forget([run.run_id for run in found.runs])
    for path in found.logs:
        path.unlink()


def _write_base(published: Path, target: Path, spill: Path) -> None:
    """Write what no model makes of the published warehouse to `target`; `spill` is for what memory does not hold."""
    target.unlink()  # an empty file is no database
    with closing(open_engine(spill)) as con:
        con.execute(f"ATTACH {literal(str(published))} AS {CATALOG} (READ_ONLY)")
        attach_for_writing(con, target, "base")
        carried = carried_tables(Project().models)
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? "
            "AND (list_contains(?, schema_name) OR list_contains(?, schema_name || '.' || table_name))",
            [CATALOG, list(_SCHEMAS), sorted(carried)],
        ).fetchall()
        for schema, table in tables:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS base.{schema}")
            con.execute(f"CREATE TABLE base.{schema}.{table} AS FROM {CATALOG}.{schema}.{table}")
        con.execute("CHECKPOINT base")
    target.chmod(0o600)
