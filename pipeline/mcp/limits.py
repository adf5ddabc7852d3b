"""What one question may take, and what is taken from the process that asks it."""

import resource
import signal
from dataclasses import dataclass

import duckdb

# What DuckDB may hold of tables, sorts and joins, and what the whole process may: one value of a function such as
# `range` is no table, and took 20 GB with a limit of 256 MB in DuckDB alone.
_DUCKDB_MEMORY = "512MB"
_PROCESS_BYTES = 1 << 30
_THREADS = 2
# No file, no address, no extension, no variable of Python, and no way to change that.
_SETTINGS = (
    f"memory_limit = '{_DUCKDB_MEMORY}'",
    f"threads = {_THREADS}",
    "temp_directory = ''",
    "python_enable_replacements = false",
    "allow_persistent_secrets = false",
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "enable_external_access = false",
    "lock_configuration = true",
)


@dataclass(frozen=True)
class Limits:
    """The most that an answer may take: rows, bytes of JSON, and seconds."""

    rows: int = 1000
    bytes: int = 100_000
    seconds: float = 20.0


def shut_in(con: duckdb.DuckDBPyConnection, limits: Limits) -> None:
    """Take from this process what a question does not need: all but some memory, some seconds, and the open warehouse.

    `con` has it attached. The system holds the process to that, whatever DuckDB does; macOS has no limit of memory.
    """
    for setting in _SETTINGS:
        con.execute(f"SET {setting}")
    # DuckDB and Python read the files of time zones when they first meet an instant.
    con.execute("SELECT now(), strftime(now() AT TIME ZONE 'UTC', '%Y'), current_date, 1.5, uuid()").fetchall()
    for kind, most in (
        (resource.RLIMIT_DATA, _PROCESS_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    # An interruption would wait until DuckDB looks for it, which took a minute: this signal ends the process.
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
