"""Copying and keeping warehouse files: a reflink where the file system can, and never a half-written one in place."""

import fcntl
import os
import shutil
from pathlib import Path

from pipeline.landing.store import sync

# From linux/fs.h: share the blocks of a file until one of the two is written to.
_FICLONE = 0x40049409


def copy_file(source: Path, target: Path) -> None:
    """Copy `source` to `target`, readable by the owner only. Never a hard link: the copy will be written to."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with source.open("rb") as original:
            try:
                fcntl.ioctl(descriptor, _FICLONE, original.fileno())
            except OSError:  # this file system has none
                with os.fdopen(os.dup(descriptor), "wb") as copy:
                    shutil.copyfileobj(original, copy, 2**20)
    finally:
        os.close(descriptor)


def publish_file(built: Path, published: Path, kept: Path) -> None:
    """Rename `built` to `published`; the file that was there stays reachable as `kept`.

    A reader that has the old file open keeps it. The kept file is a second name of it, which is safe: nobody
    ever writes to a published file.
    """
    built.chmod(0o600)
    sync(built)
    if published.exists():
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        kept.unlink(missing_ok=True)
        kept.hardlink_to(published)
        sync(kept.parent)
    built.replace(published)
    sync(published.parent)


def prune(folder: Path, newest: int) -> None:
    """Remove all but the newest kept files; their names sort by time."""
    for path in sorted(folder.glob("*.duckdb"))[:-newest]:
        path.unlink()
