"""Opening warehouse files without ever being in a load's way."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.sql import literal
from pipeline.warehouse.files import copy_file, log_of

CATALOG = "warehouse"
_LOCKED = "Could not set lock on file"
_DAMAGE = ("Corrupt database", "not a valid DuckDB database", "Could not read enough bytes", "Failed to deserialize")


def attach(path: Path) -> duckdb.DuckDBPyConnection:
    """Return a fresh in-memory connection with the file at `path` attached read-only, as its current database.

    Within one process DuckDB hands out the old file for as long as a connection to its path is open, even after
    the file was replaced; a file that is attached anew is always the newest. Where another program has it open for
    writing, or has left a log of what it wrote, a copy is attached without that log. Raises ConfigurationError when the
    file is damaged or from a newer DuckDB.
    """
    while True:
        before, con = identity(path), duckdb.connect()
        try:
            _attach(con, path)
            # DuckDB opens the file more than once. Where it was replaced meanwhile, what was read may be of two files:
            # one of some 250 attachments to a file that was replaced without a pause failed.
            if identity(path) == before:
                return con
        except BaseException as error:
            con.close()
            if not isinstance(error, duckdb.Error | ConfigurationError) or identity(path) == before:
                raise
        con.close()


def _attach(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    with damage_refused(path):
        con.execute("SET TimeZone = 'UTC'")
        attach_as(con, path, CATALOG)
        con.execute(f"USE {CATALOG}")


def attach_as(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attach a warehouse read-only under a name: a copy where another program has it open, or has left a log."""
    if log_of(path.resolve()).exists() or not _try_to_attach(con, path, name):
        beside = path.parent if os.access(path.parent, os.W_OK) else None  # None: where the system has such
        with TemporaryDirectory(dir=beside, prefix=".reading-") as folder:
            _attach_file(con, copy_file(path, Path(folder, path.name)), name)  # once attached it may be gone from there


def _try_to_attach(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> bool:
    """Attach the file, unless another program has it open for writing."""
    try:
        _attach_file(con, path, name)
    except duckdb.IOException as error:
        if _LOCKED not in str(error):
            raise
        return False
    return True


def _attach_file(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    con.execute(f"ATTACH {literal(str(path))} AS {name} (READ_ONLY)")


def identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from the one that replaces it; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


@contextmanager
def damage_refused(path: Path) -> Iterator[None]:
    """Raise ConfigurationError for what DuckDB says inside when it cannot read the warehouse at `path`."""
    try:
        yield
    except duckdb.Error as error:
        damage = damage_in(path, error)
        if damage is None:
            raise
        raise damage from error


def damage_in(path: Path, error: BaseException | None) -> ConfigurationError | None:
    """Return the error to raise when `error` says that the warehouse at `path` cannot be read; None for others."""
    if error is not None and path.is_dir():
        return ConfigurationError(f"{path}: a folder, where the warehouse belongs. Move it away, then load again.")
    if not isinstance(error, duckdb.Error):
        return None
    message = str(error).splitlines()[0]
    if re.search(r"version number \d+, but", message):
        return ConfigurationError(
            f"{path}: written by a newer DuckDB than this one ({duckdb.__version__}). Use the newer Leafhouse."
        )
    if any(text in message for text in _DAMAGE):
        return ConfigurationError(
            f"{path}: damaged ({message[:200]}). Go back to a kept one with `leafhouse rollback`. Or move it away and "
            "load again: the landing still holds the data."
        )
    return None
