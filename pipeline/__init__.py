"""Leafhouse: LeafLink in a DuckDB warehouse."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect(path: str | Path | None = None, *, tables: str | Path | None = None) -> "duckdb.DuckDBPyConnection":
    """Return a connection to the published warehouse: read-only, and never in the way of a load.

    Without a `path` it is the one in LEAFHOUSE_DATA_DIR (default `data`, also from a folder inside the checkout).
    Call it again to see what a later load published. In a kernel, or at a prompt, it says of which load the data are,
    and a kernel says when another one is published. With `tables`, a folder that loads on an engine publish to, it
    reads these instead, under the same names, and stays with their load until it is called again. Raises UsageError
    when there is no warehouse yet, or no tables.
    """
    if tables is not None:
        from pipeline.engines.reader import open_tables

        return open_tables(Path(tables))
    from pipeline.datafolder.paths import warehouse_file
    from pipeline.settings import read_settings
    from pipeline.terminal.kernel import tell
    from pipeline.warehouse.published import refuse_missing
    from pipeline.warehouse.reader import attach

    file = Path(path) if path is not None else warehouse_file(read_settings().data_dir)
    if path is None and not file.is_absolute() and not file.exists():
        file = Path(__file__).parents[1] / file
    refuse_missing(file)
    con = attach(file)
    tell(con, file)
    return con
