"""The DuckDB that writes warehouses: its memory, its threads, and the layout of a new file."""

from pathlib import Path

import duckdb

from pipeline.sql import literal

# Together with Python and Arrow this keeps a load of 50,000 orders below 400 MB.
_MEMORY_LIMIT = "180MB"
# A second thread waits more than it works: loading 50,000 orders on 2 cores took 5.9 CPU-seconds with one and 7.5 with
# two, and 6.0 seconds of the clock with either.
_THREADS = 1
# The oldest layout that costs nothing measurable. With DuckDB 2.0.1, 400,000 lines took 1.4 CPU-seconds and 20.0 MB to
# write, checkpoint and rewrite in part as 'v1.4.0', 'v1.5.0' and the default; 1.7 and 21.3 to 22.0 MB as 'v1.0.0'
# and 'v1.2.0'.
_STORAGE_VERSION = "v1.4.0"
# A column of a small table takes a block at least. 3,000 orders take 42 MB in DuckDB's own 256 KiB, 22 in these, and 22
# in 16 KiB, which take a third more CPU to write.
BLOCK_SIZE = 65_536


def open_engine(spill: Path) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB without a file, with the memory and the threads of a load, in UTC.

    `spill` is the folder for what does not fit.
    """
    con = duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": _THREADS, "temp_directory": str(spill)})
    con.execute("SET GLOBAL TimeZone = 'UTC'")  # of every connection: models run on two
    return con


def attach_for_writing(con: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attach the file at `path` as `name`, which is made where it is not there."""
    # Without a write-ahead log nothing is written twice: the file counts only once it was closed in good order.
    layout = "" if path.exists() else f", STORAGE_VERSION '{_STORAGE_VERSION}', BLOCK_SIZE {BLOCK_SIZE}"
    con.execute(f"ATTACH {literal(str(path))} AS {name} (RECOVERY_MODE no_wal_writes{layout})")
