"""Copying, publishing and keeping warehouse files: a reader finds a whole file in place at every moment."""

import errno
import fcntl
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipeline.landing.store import sync

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


def copy_file(source: Path, target: Path) -> None:
    """Copy `source` to `target`, readable by the owner only. Never a hard link: the copy will be written to."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy, source.open("rb") as original:
        try:
            fcntl.ioctl(copy.fileno(), _FICLONE, original.fileno())
        except OSError:  # this file system has none
            shutil.copyfileobj(original, copy, 2**20)


def publish_file(built: Path, published: Path, kept: Path) -> None:
    """Rename `built` to `published`; the file that was there stays reachable as `kept`.

    A reader that has the old file open keeps it. Cut short at any moment, `published` is the old file or the new one.
    """
    built.chmod(0o600)
    sync(built)
    if published.exists():
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        kept.unlink(missing_ok=True)
        try:
            kept.hardlink_to(published)  # safe to share: nobody ever writes to a published file
        except OSError:  # this file system has no hard links
            copy_file(published, kept)
        sync(kept.parent)
    # Someone may have opened the published file for writing all the same, and have left a log beside it: it
    # must not be replayed into the new one.
    published.with_name(f"{published.name}.wal").unlink(missing_ok=True)
    built.replace(published)
    sync(published.parent)


def list_kept(folder: Path) -> list[KeptWarehouse]:
    """Return the kept warehouses, newest load first."""
    found = []
    for path in sorted(folder.glob("*.duckdb"), reverse=True):
        status = path.stat()
        found.append(KeptWarehouse(path.stem, path, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)))
    return found


def prune(folder: Path, newest: int) -> None:
    """Remove all but the newest kept files."""
    for kept in list_kept(folder)[newest:]:
        kept.path.unlink(missing_ok=True)


def says_full(error: BaseException) -> bool:
    """Return whether the error comes from a disk, a quota or the memory of the load being full."""
    if isinstance(error, OSError):
        return error.errno in _FULL_ERRNOS
    if isinstance(error, duckdb.OutOfMemoryException):
        return True
    return isinstance(error, duckdb.IOException) and any(text in str(error) for text in _FULL_TEXTS)
