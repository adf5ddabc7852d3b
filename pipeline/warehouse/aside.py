"""Which files a warehouse may be written to that is not published."""

from pathlib import Path

from pipeline.datafolder.paths import building_folder, kept_folder, landing_folder, warehouse_file
from pipeline.errors import ConfigurationError, UsageError
from pipeline.warehouse.published import open_warehouse


def check_target(data_dir: Path, path: Path) -> None:
    """Raise UsageError unless a warehouse may be written to `path`: where there is nothing, or such a warehouse."""
    if not path.parent.is_dir():
        raise UsageError(
            f"{path}: there is no folder {path.parent}. Nothing was written. Make it, or name another file."
        )
    if path.resolve() == warehouse_file(data_dir).resolve():
        raise UsageError(f"{path}: the published warehouse, which stays as it is. Name another file.")
    refuse_own_folder(data_dir, path)
    if not path.exists():
        return
    try:
        with open_warehouse(path):
            pass
    except ConfigurationError as error:
        raise UsageError(
            f"{path}: there already, and no warehouse. It was not overwritten. Name another file."
        ) from error


def refuse_own_folder(data_dir: Path, path: Path) -> None:
    """Raise UsageError for a path in a folder that belongs to the loads."""
    for folder in (kept_folder(data_dir), building_folder(data_dir), landing_folder(data_dir)):
        if path.resolve().is_relative_to(folder.resolve()):
            raise UsageError(f"{path}: in {folder}, which is the loads' own. Nothing was written. Name another file.")
