"""Writing a page to a file: whole or not at all, and over nothing but a page."""

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.landing.files import write_aside

_BEGINS = b"<!doctype html>"


def write_page(path: Path, text: str) -> None:
    """Write a page to `path`, readable by its owner alone: readers see all of it or none.

    Raises UsageError where there is no such folder, or something that is no page.
    """
    if not path.parent.is_dir():
        raise UsageError(
            f"{path}: there is no folder {path.parent}. Nothing was written. Make it, or name another file."
        )
    if path.exists() and not _is_page(path):
        raise UsageError(f"{path}: there already, and no page. It was not overwritten. Name another file.")
    write_aside(path, lambda aside: aside.write_text(text, encoding="utf-8"))


def _is_page(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_BEGINS)).lower() == _BEGINS
