"""Reading the published warehouse without ever being in a load's way."""

from pathlib import Path

import duckdb

_ALIAS = "warehouse"


def attach(path: Path) -> duckdb.DuckDBPyConnection:
    """Return a fresh in-memory connection with the file at `path` attached read-only, as its current database.

    Within one process DuckDB hands out the old file for as long as a connection to its path is open, even after
    the file was replaced; a file that is attached anew is always the newest.
    """
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS {_ALIAS} (READ_ONLY)")
    con.execute(f"USE {_ALIAS}")
    return con
