"""One question to a warehouse, in a process of its own: reads a request from stdin, and writes the answer to stdout.

A SELECT can make DuckDB take more memory or time than it was given, or end it: here it ends but this process.
"""

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.errors import LeafhouseError, UsageError
from pipeline.mcp.limits import Limits, shut_in
from pipeline.mcp.values import plain
from pipeline.warehouse.reader import attach, damage_refused
from pipeline.warehouse.select import describe_failure, only_select, stale_in


@dataclass(frozen=True)
class Question:
    """A SELECT to the warehouse at `path`.

    `stale` has the tables, by schema and name, whose rows are not of the newest load, each with the sentence about it.
    They are refused unless `include_stale`.
    """

    path: str
    sql: str
    stale: Mapping[str, list[str]]
    include_stale: bool
    limits: Limits


def answer(question: Question) -> dict[str, Any]:
    """Return the columns and the rows of the answer, and what to know of them. Shuts this process in for good.

    Raises UsageError for what cannot be asked, ConfigurationError for a file that is damaged.
    """
    path = Path(question.path)
    with closing(attach(path)) as con, damage_refused(path):
        shut_in(con, question.limits)
        statement = only_select(con, question.sql)
        try:
            stale = stale_in(con, question.sql, question.stale)
            if stale and not question.include_stale:
                raise UsageError(f"{' '.join(stale)} Ask again with include_stale = true if these rows will do.")
            con.execute(statement)
            names = [(name, str(kind)) for name, kind, *_ in con.description or ()]
            rows, is_cut = _rows(con, question.limits)
        except duckdb.OutOfMemoryException as error:
            raise UsageError("The query takes more memory than it may. Ask for less at a time.") from error
        except duckdb.Error as error:
            raise describe_failure(path, error) from error
    return {
        "columns": [{"name": name, "type": kind} for name, kind in names],
        "rows": rows,
        "is_cut": is_cut,
        "stale": stale,
    }


def _rows(con: duckdb.DuckDBPyConnection, limits: Limits) -> tuple[list[Any], bool]:
    """Return the first rows, as many as the limits let through, and whether there are more.

    Raises UsageError when not even one fits.
    """
    rows: list[Any] = []
    left = limits.bytes
    while (row := con.fetchone()) is not None:
        values = plain(row)
        left -= len(json.dumps(values, ensure_ascii=False).encode(errors="replace"))
        if left < 0 and not rows:
            raise UsageError(f"The first row alone has more than {limits.bytes:,} bytes. Ask for fewer columns.")
        if left < 0 or len(rows) == limits.rows:
            return rows, True
        rows.append(values)
    return rows, False


def main() -> None:
    """Answer the question on stdin."""
    request = json.load(sys.stdin.buffer)
    question = Question(**request | {"limits": Limits(**request["limits"])})
    try:
        document = answer(question)
    except LeafhouseError as error:
        document = {"error": str(error)}
    except MemoryError:
        document = {"error": "The answer takes more memory than it may. Ask for less at a time."}
    sys.stdout.buffer.write(json.dumps(document).encode())
    sys.stdout.flush()


if __name__ == "__main__":
    main()
