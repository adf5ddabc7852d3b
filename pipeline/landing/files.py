"""Files on a disk that are there as a whole or not at all: written aside, synced and renamed into place."""

import errno
import os
from collections.abc import Callable
from pathlib import Path


def write_aside(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, sync it, and rename it to `path`: readers see all of it or none."""
    _make_private(path.parent)
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.touch(mode=0o600)
        write(aside)
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _make_private(folder: Path) -> None:
    # mkdir(parents=True) would make the folders above with the usual mode.
    if not folder.exists():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def sync(path: Path) -> None:
    """Make a file's content, or a folder's entries, survive a power cut; some file systems cannot sync a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
