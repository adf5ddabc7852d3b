"""Opening warehouse files without ever being in a load's way."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.sql import literal

CATALOG = "warehouse"
_DAMAGE = ("Corrupt database", "not a valid DuckDB database", "Could not read enough bytes", "Failed to deserialize")


def attach(path: Path) -> duckdb.DuckDBPyConnection:
    """Return a fresh in-memory connection with the file at `path` attached read-only, as its current database.

    Within one process DuckDB hands out the old file for as long as a connection to its path is open, even after
    the file was replaced; a file that is attached anew is always the newest. Raises ConfigurationError when the file is
    damaged or from a newer DuckDB.
    """
    while True:
        before, con = _identity(path), duckdb.connect()
        try:
            _attach(con, path)
            # DuckDB opens the file more than once. Where it was replaced meanwhile, what was read may be of two files:
            # one of some 250 attachments to a file that was replaced without a pause failed.
            if _identity(path) == before:
                return con
        except BaseException as error:
            con.close()
            if not isinstance(error, duckdb.Error | ConfigurationError) or _identity(path) == before:
                raise
        con.close()


def _attach(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    with damage_refused(path):
        con.execute("SET TimeZone = 'UTC'")
        con.execute(f"ATTACH {literal(str(path))} AS {CATALOG} (READ_ONLY)")
        con.execute(f"USE {CATALOG}")


def _identity(path: Path) -> tuple[int, int] | None:
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
            f"{path}: damaged ({message[:200]}). Move it away and put the newest file of "
            f"{path.parent / 'kept'} in its place, or just move it away: the landing still holds the data. "
            "Then load again."
        )
    return None
