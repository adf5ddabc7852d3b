"""Where exports are written to: nothing that is there is written over unless it was asked for."""

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.export.format import Format
from pipeline.warehouse.aside import refuse_own_folder


def choose_format(to: Path, wanted: Format | None) -> Format:
    """Return the format that is asked for, or that the ending of the file names. Raises UsageError."""
    named = next((each for each in Format if to.suffix == f".{each}"), None)
    if wanted is None and named is None:
        raise UsageError(f"--to {to}: no ending that says what to write. Add --format parquet, csv or xlsx.")
    if wanted is not None and named is not None and wanted != named and not to.is_dir():
        raise UsageError(f"--to {to}: --format {wanted} does not go with this ending. Leave out the one or the other.")
    return wanted or named or Format.PARQUET


def is_file(to: Path, form: Format) -> bool:
    """Say whether `to` is the file to write, and no folder for it."""
    return to.suffix == f".{form}" and not to.is_dir()


def check_folder(to: Path) -> None:
    """Raise UsageError unless `to` is a folder, or can be made one."""
    if to.is_dir() or (not to.exists() and not to.suffix):
        return
    raise UsageError(f"--to {to}: neither a folder nor a file with the ending of the format. Nothing was written.")


def check_file(data_dir: Path, path: Path, *, force: bool) -> None:
    """Raise UsageError unless the file may be written."""
    refuse_own_folder(data_dir, path)
    if path.is_dir():
        raise UsageError(f"{path}: a folder. Nothing was written. Name another file.")
    if path.exists() and not force:
        raise UsageError(f"{path}: there already. Nothing was written. Name another file, or say --force.")
