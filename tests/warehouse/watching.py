"""`python -m tests.warehouse.watching FILE HOW SECONDS LAST`: someone who looks at a warehouse while loads replace it.

HOW is `pipeline` (pipeline.connect) or `duckdb` (duckdb.connect, as any tool does). The file is opened anew again and
again, and held for SECONDS each time; every publish that is seen is printed, and LAST is the end.
"""

import sys
import time
from pathlib import Path
from typing import Any

import duckdb

import pipeline

_BREATH_SECONDS = 0.1  # eight who ask without a pause would leave the loads no CPU
_QUERY = """
    SELECT list(DISTINCT orders.status), list(DISTINCT lines.quantity), count(*), (SELECT count(*) FROM meta.runs)
    FROM raw.orders JOIN raw.lines ON lines.order = orders.number
"""


def main(path: Path, how: str, seconds: float, last: int) -> None:
    """Watch until the publish `last`. Raises AssertionError for an answer that is not of one publish."""
    seen = 0
    while seen < last:
        con, answer = look(path, how)
        ((statuses, quantities, rows, runs),) = answer
        assert (statuses, quantities, rows) == ([f"run {runs}"], [runs], 100), answer
        assert runs >= seen, f"publish {runs} came after {seen}"
        if runs > seen:
            seen = runs
            print(seen, flush=True)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(_BREATH_SECONDS)
            assert con.execute(_QUERY).fetchall() == answer, "what was open has changed"
        con.close()


def look(path: Path, how: str) -> tuple[duckdb.DuckDBPyConnection, list[Any]]:
    """Open the file and ask. Another tool that opens it in the moment of a rename may fail, and opens it once more."""
    before = path.stat().st_ino
    try:
        con = pipeline.connect(path) if how == "pipeline" else duckdb.connect(path, read_only=True)
        return con, con.execute(_QUERY).fetchall()
    except duckdb.IOException:
        if how == "pipeline" or path.stat().st_ino == before:
            raise
        return look(path, how)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
