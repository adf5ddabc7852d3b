"""Copying, publishing and keeping warehouse files: a reader finds a whole file in place at every moment."""

import errno
import fcntl
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipeline.landing.files import sync
from pipeline.warehouse.access import Access

# From linux/fs.h: share the blocks of a file until one of the two is written to.
_FICLONE = 0x40049409
_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_TEXTS = tuple(os.strerror(number) for number in _FULL_ERRNOS)


@dataclass(frozen=True)
class KeptWarehouse:
    """A warehouse that was published before; `built_at` is when its load wrote it last."""

    load_id: str
    path: Path
    bytes: int
    built_at: datetime


def copy_file(source: Path, target: Path) -> Path:
    """Copy `source` to `target`, readable by the owner only. Never a hard link: the copy will be written to."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy, source.open("rb") as original:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
        except OSError:  # this file system has none
            shutil.copyfileobj(original, copy, 2**20)
    return target


def publish_file(built: Path, target: Path, published: Path, access: Access) -> None:
    """Move `built` to `target`, its place among the kept, and let the link `published` point there, with `access`.

    A reader that has the old file open keeps it. Cut short at any moment, `published` is the old file or the new one.
    Each load has a path of its own, so that a log which somebody's open session writes lies beside the file that it
    belongs to (DuckDB follows the link since 1.5).
    """
    sync(built)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    remove_file(target)
    built.replace(target)
    sync(target.parent)
    point_to(published, target, access)


def point_to(published: Path, target: Path, access: Access) -> None:
    """Let the link `published` point to `target`, which gets the access, in one rename.

    A log that a session left beside the link is removed.
    """
    access.give(target, (target.parent, published.parent))
    link = published.with_name(f".{published.name}.link")
    link.unlink(missing_ok=True)
    link.symlink_to(target.relative_to(published.parent))
    log_of(published).unlink(missing_ok=True)
    link.replace(published)
    sync(published.parent)


def keep_file(published: Path, kept: Path) -> None:
    """Keep a published warehouse that is a file and no link, as from an earlier version, under `kept` as well."""
    if published.is_symlink() or not published.is_file():
        return
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    remove_file(kept)
    try:
        kept.hardlink_to(published)
    except OSError:  # this file system has no hard links
        copy_file(published, kept)
    sync(kept.parent)


def log_of(path: Path) -> Path:
    """Return where DuckDB writes the log of a warehouse that is open for writing: never ours, which writes none."""
    return path.with_name(f"{path.name}.wal")


def is_open_for_writing(path: Path) -> bool:
    """Say whether another program has the file open for writing, as DuckDB locks it."""
    try:
        with path.open("rb") as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EAGAIN)
    return False


def remove_file(path: Path) -> None:
    """Remove a warehouse that is not published, with a log that somebody left beside it."""
    path.unlink(missing_ok=True)
    log_of(path).unlink(missing_ok=True)


def list_kept(folder: Path) -> list[KeptWarehouse]:
    """Return the warehouses of the folder, the published one among them, newest load first."""
    found = []
    for path in sorted(folder.glob("*.duckdb"), reverse=True):
        status = path.stat()
        found.append(KeptWarehouse(path.stem, path, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)))
    return found


def list_earlier(folder: Path, published: Path) -> list[KeptWarehouse]:
    """Return the warehouses of the folder but the published one, newest load first."""
    is_there = published.exists()
    return [kept for kept in list_kept(folder) if not (is_there and kept.path.samefile(published))]


def says_full(error: BaseException) -> bool:
    """Return whether the error comes from a disk, a quota or the memory of the load being full."""
    if isinstance(error, OSError):
        return error.errno in _FULL_ERRNOS
    if isinstance(error, duckdb.OutOfMemoryException):
        return True
    return isinstance(error, duckdb.IOException) and any(text in str(error) for text in _FULL_TEXTS)
