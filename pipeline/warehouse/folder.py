"""What state a data folder is in, for `leafhouse doctor`."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.datafolder.lock import holder_of
from pipeline.datafolder.paths import warehouse_file
from pipeline.errors import ConfigurationError
from pipeline.landing import Landing
from pipeline.warehouse.published import open_warehouse


@dataclass(frozen=True)
class Folder:
    """A data folder: who is at work in it, the runs that wait to be loaded, and its warehouse, if there is one.

    `problem` says what a load would stop at.
    """

    path: str
    free_bytes: int
    holder: str | None
    unloaded_runs: tuple[str, ...] = ()
    warehouse_bytes: int | None = None
    published_at: datetime | None = None
    problem: str | None = None


def read_folder(data_dir: Path, landing: Landing) -> Folder:
    """Return the state of the folder, without changing anything in it."""
    path, free, holder = warehouse_file(data_dir), shutil.disk_usage(data_dir).free, holder_of(data_dir)
    stat = path.stat() if path.is_file() else None
    size, published_at = (stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC)) if stat else (None, None)
    try:
        loaded = _loaded_runs(path) if path.exists() else set()
        waiting = tuple(each.run_id for each in landing.manifests() if each.run_id not in loaded)
    except ConfigurationError as error:
        return Folder(str(data_dir), free, holder, (), size, published_at, str(error))
    return Folder(str(data_dir), free, holder, waiting, size, published_at)


def _loaded_runs(path: Path) -> set[str]:
    with open_warehouse(path, may_be_older=True) as con:
        return {row[0] for row in con.execute("SELECT run_id FROM meta.runs").fetchall()}
