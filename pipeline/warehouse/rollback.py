"""Going back to a warehouse that was published before: which ones are kept, and putting one in place in one rename."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipeline.datafolder.paths import kept_file, kept_folder, warehouse_file
from pipeline.errors import ConfigurationError, LeafhouseError, UsageError
from pipeline.warehouse.access import OWNER_ALONE, Access
from pipeline.warehouse.files import keep_file, list_earlier, point_to
from pipeline.warehouse.published import open_warehouse


@dataclass(frozen=True)
class Warehouse:
    """A warehouse file and what it holds; `problem` says why it cannot be put in place.

    `built_at` is when its load wrote it last, `runs` are the extracts that it took up, oldest first.
    """

    load_id: str
    path: Path
    bytes: int
    built_at: datetime
    is_published: bool
    as_of: str | None = None
    runs: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def newest_run(self) -> str | None:
        """The newest extract in it."""
        return self.runs[-1] if self.runs else None


def list_warehouses(data_dir: Path) -> list[Warehouse]:
    """Return the published warehouse, if there is one, then those that are kept, newest load first."""
    path = warehouse_file(data_dir)
    published = []
    if path.exists():
        published = [_read(path, path.resolve().stem if path.is_symlink() else None, is_published=True)]
    # A published file that is no link may be among the kept as well: by the name of its load.
    held = {each.load_id for each in published}
    return published + [
        _read(each.path, each.load_id) for each in list_earlier(kept_folder(data_dir), path)
        if each.load_id not in held
    ]  # fmt: skip


def roll_back(data_dir: Path, wanted: str, access: Access = OWNER_ALONE) -> Warehouse:
    """Publish the kept warehouse of the load or extract `wanted`, and return it; the published one is kept.

    An extract stands for the warehouse whose newest one it is, or else for the first that took it up. Hold the DataLock
    meanwhile. Raises UsageError when nothing that is kept fits, ConfigurationError for a file that cannot be read.
    """
    warehouses = list_warehouses(data_dir)
    published = next((each for each in warehouses if each.is_published), None)
    kept = [each for each in warehouses if not each.is_published]
    chosen = _choose(kept, wanted)
    if chosen is None:
        raise UsageError(_describe_choice(published, kept, wanted))
    if chosen.problem is not None:
        raise ConfigurationError(chosen.problem)
    path = warehouse_file(data_dir)
    if published is not None:
        keep_file(path, kept_file(data_dir, published.load_id))
    point_to(path, chosen.path, access)
    return replace(chosen, path=path, is_published=True)


def _choose(kept: list[Warehouse], wanted: str) -> Warehouse | None:
    for each in kept:  # newest first
        if wanted in (each.load_id, each.newest_run):
            return each
    return next((each for each in reversed(kept) if wanted in each.runs), None)


def _describe_choice(published: Warehouse | None, kept: list[Warehouse], wanted: str) -> str:
    if published is not None and wanted in (published.load_id, *published.runs):
        return f"{wanted}: published already, and in no warehouse that is kept. Nothing was changed."
    names = ", ".join(each.load_id for each in kept) or "none"
    return f"{wanted}: no kept warehouse is of this load or run (kept: {names}). Nothing was changed."


def _read(path: Path, load_id: str | None, *, is_published: bool = False) -> Warehouse:
    """Read what a file holds; its load's id is `load_id`, or the one that it gives itself."""
    stat = path.stat()
    built_at = datetime.fromtimestamp(stat.st_mtime, UTC)
    problem: str | None = None
    own_id: str | None = None
    as_of: str | None = None
    runs: tuple[str, ...] = ()
    try:
        with open_warehouse(path, may_be_older=True) as con:
            own_id, as_of, runs = _contents(con)
    except LeafhouseError as error:
        problem = error.message
    # What cannot be read is still kept by a name that sorts where it belongs.
    name = load_id or own_id or f"{built_at:%Y%m%dT%H%M%SZ}-unreadable"
    return Warehouse(name, path, stat.st_size, built_at, is_published, as_of, runs, problem)


def _contents(con: duckdb.DuckDBPyConnection) -> tuple[str | None, str | None, tuple[str, ...]]:
    load_id, as_of = con.execute(
        "SELECT max(load_id), CAST(max_by(as_of, load_id) AS VARCHAR) FROM meta.loads"
    ).fetchall()[0]
    runs = con.execute("SELECT run_id FROM meta.runs ORDER BY run_id").fetchall()
    return load_id, as_of, tuple(run_id for (run_id,) in runs)
