"""What a kernel of Jupyter, or Python's prompt, is told of the warehouse that it reads; a script is told nothing."""

import sys
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import LeafhouseError
from pipeline.warehouse.published import has_table
from pipeline.warehouse.reader import attach, identity

_LOAD = (
    "SELECT load_id, strftime(known_at, '%Y-%m-%d %H:%M'), CAST(as_of AS VARCHAR), source FROM meta.loads, "
    "meta.warehouse ORDER BY started_at DESC, load_id DESC LIMIT 1"
)
# Each file that this kernel reads, with what stood there when it was last looked at.
_watched: dict[Path, tuple[tuple[int, int] | None, str]] = {}


def tell(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Say of which load the data of `con`, a connection to `file`, are.

    A kernel displays it beside its cell, a prompt writes it to stderr. After each later cell a kernel looks whether
    another load was published, and says so once.
    """
    kernel = _kernel()
    if kernel is None and not hasattr(sys, "ps1"):
        return
    load = describe_load(con)
    if load is None:
        return
    if kernel is None:
        print(load, file=sys.stderr)
        return
    _display(load)
    if not _watched:
        kernel.events.register("post_run_cell", _look)
    _watched[file.absolute()] = identity(file), load


def describe_load(con: duckdb.DuckDBPyConnection) -> str | None:
    """Return a sentence about the last load of a warehouse; None where none has been recorded."""
    found = con.execute(_LOAD).fetchall() if has_table(con, "meta.loads") else []
    if not found:
        return None
    ((load_id, known_at, as_of, source),) = found
    invented = " All of it is INVENTED." if source == "sandbox" else ""
    return f"Load {load_id}: as of {as_of}, known at {known_at} UTC.{invented}"


def _kernel() -> Any:
    """Return the shell of the kernel that this process is; None elsewhere."""
    ipython = sys.modules.get("IPython")  # a kernel has imported it
    shell = None if ipython is None else ipython.get_ipython()
    return shell if hasattr(shell, "kernel") else None


def _display(text: str) -> None:
    _kernel().display_pub.publish({"text/plain": text, "text/html": f"<small>{escape(text)}</small>"})


def _look(_result: object) -> None:
    """Say of each watched file whether it was replaced by that of another load."""
    for file, (before, load) in list(_watched.items()):
        now = identity(file)
        if now in (None, before):
            continue
        try:
            con = attach(file)
            published = describe_load(con)
            con.close()
        except (duckdb.Error, LeafhouseError):
            continue  # the next call of connect() says what is wrong
        _watched[file] = now, published or load
        if published not in (None, load):
            _display(f"{published} This was published since: pipeline.connect() reads it.")
