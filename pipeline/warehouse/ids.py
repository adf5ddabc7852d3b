"""The ids that a data folder has seen: those of the next run and the next load must sort after them."""

from pathlib import Path

from pipeline.datafolder.paths import kept_folder, warehouse_file
from pipeline.warehouse.files import list_kept
from pipeline.warehouse.published import open_warehouse


def newest_run(data_dir: Path) -> str:
    """Return the newest run that the published warehouse holds, "" without one.

    Raises ConfigurationError for a file that is damaged, not ours or newer.
    """
    return _newest(warehouse_file(data_dir), "SELECT max(run_id) FROM meta.runs")


def known_loads(data_dir: Path) -> set[str]:
    """Return the newest load of the published warehouse, and those that are kept: after a rollback they are newer.

    Raises ConfigurationError for a published file that is damaged, not ours or newer.
    """
    published = _newest(warehouse_file(data_dir), "SELECT max(load_id) FROM meta.loads")
    return {published, *(kept.load_id for kept in list_kept(kept_folder(data_dir)))}


def _newest(path: Path, query: str) -> str:
    if not path.exists():
        return ""
    with open_warehouse(path, may_be_older=True) as con:
        row = con.execute(query).fetchone()
        return (row and row[0]) or ""
