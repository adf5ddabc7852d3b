"""What state a data folder is in, for `leafhouse doctor`."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.datafolder.lock import holder_of
from pipeline.datafolder.paths import warehouse_file
from pipeline.errors import ConfigurationError
from pipeline.landing import Landing
from pipeline.warehouse.base import find_base
from pipeline.warehouse.meta import instant
from pipeline.warehouse.published import open_warehouse


@dataclass(frozen=True)
class Folder:
    """A data folder: who is at work in it, the runs that wait to be loaded, and its warehouse, if there is one.

    `published_at` is when its load began, by our clock (UTC).
    `problem` says what a load would stop at, `changed` that another program has written to the warehouse.
    """

    path: str
    free_bytes: int
    holder: str | None
    unloaded_runs: tuple[str, ...] = ()
    warehouse_bytes: int | None = None
    published_at: datetime | None = None
    problem: str | None = None
    changed: str | None = None


def read_folder(data_dir: Path, landing: Landing | None) -> Folder:
    """Return the state of the folder, without changing anything in it; None is a landing that cannot be read."""
    path, free, holder = warehouse_file(data_dir), shutil.disk_usage(data_dir).free, holder_of(data_dir)
    size = path.stat().st_size if path.is_file() else None
    try:
        loaded, published_at = _contents(path) if path.exists() else (set[str](), None)
        changed = find_base(data_dir).note
        landed = [] if landing is None else landing.manifests()
        waiting = tuple(each.run_id for each in landed if each.run_id not in loaded)
    except ConfigurationError as error:
        return Folder(str(data_dir), free, holder, (), size, problem=str(error))
    return Folder(str(data_dir), free, holder, waiting, size, published_at, changed=changed)


def _contents(path: Path) -> tuple[set[str], datetime | None]:
    """Return the runs in a warehouse, and when its load began."""
    with open_warehouse(path, may_be_older=True) as con:
        runs = {row[0] for row in con.execute("SELECT run_id FROM meta.runs").fetchall()}
        ((began,),) = con.execute("SELECT epoch_us(max_by(started_at, load_id)) FROM meta.loads").fetchall()
        return runs, None if began is None else instant(began)
