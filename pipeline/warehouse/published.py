"""Opening warehouse files for reading: of our making, of the format that this program reads, and undamaged."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import duckdb

from pipeline.datafolder.paths import kept_folder, warehouse_file
from pipeline.errors import ConfigurationError, UsageError
from pipeline.warehouse.meta import check_format
from pipeline.warehouse.reader import CATALOG, attach, damage_refused


def open_published(data_dir: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Return the published warehouse, to be entered for a connection that reads it.

    Raises UsageError when nothing is published yet, ConfigurationError for a file that is damaged, not ours or newer.
    """
    path = warehouse_file(data_dir)
    refuse_missing(path)
    return open_warehouse(path)


@contextmanager
def open_warehouse(path: Path, *, may_be_older: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that reads the warehouse at `path`.

    Raises ConfigurationError for a file that is damaged, not ours or of another format: of a newer one, where it
    `may_be_older`.
    """
    with closing(attach(path)) as con, damage_refused(path):
        check_format(con, path, may_be_older=may_be_older)
        yield con


def has_table(con: duckdb.DuckDBPyConnection, name: str, database: str = CATALOG) -> bool:
    """Say whether a database has a table or a view of this schema and name."""
    return (name,) in con.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_catalog = ?", [database]
    ).fetchall()


def refuse_other_link(data_dir: Path) -> None:
    """Raise ConfigurationError when the published warehouse is a link that no load made: it would be replaced."""
    path = warehouse_file(data_dir)
    if path.is_symlink() and path.resolve().parent != kept_folder(data_dir).resolve():
        raise ConfigurationError(
            f"{path}: a link to {path.readlink()}, which no load made. Remove the link; to have the warehouse "
            "elsewhere, set LEAFHOUSE_DATA_DIR."
        )


def refuse_missing(path: Path) -> None:
    """Raise UsageError when there is no warehouse at `path`."""
    if not path.exists():
        raise UsageError(f"{path}: no warehouse yet. Run `make extract load` first.")
