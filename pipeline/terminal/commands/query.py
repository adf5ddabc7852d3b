"""`leafhouse query`."""

import csv
import sys
from contextlib import closing
from typing import Annotated

import duckdb
import typer

from pipeline.errors import UsageError
from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output

_ROWS_AT_ONCE = 10_000


def query(
    sql: Annotated[str, typer.Argument(help='What to ask, such as "from ar_aging"; - reads it from standard input.')],
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values with a line of names.")] = False,
    as_json: Json = False,
) -> None:
    """Ask the published warehouse something: it is only read, and no load waits."""
    import pipeline

    if as_csv and as_json:
        raise UsageError("--csv or --json: leave out one of the two.")
    with closing(pipeline.connect()) as con:
        try:
            _show(con, sys.stdin.read() if sql == "-" else sql, as_csv=as_csv, as_json=as_json)
        except duckdb.Error as error:
            raise UsageError(f"The query failed. {error}") from error


def _show(con: duckdb.DuckDBPyConnection, sql: str, *, as_csv: bool, as_json: bool) -> None:
    if not (as_csv or as_json):
        found = con.sql(sql)
        if found is not None:  # else a statement that has no rows, such as SET
            Output(as_json=False).show(str(found).rstrip())
        return
    con.execute(sql)
    names = [name for name, *_ in con.description or ()]
    if as_json:
        Output(as_json=True).document({"columns": names, "rows": con.fetchall() if names else []})
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    while rows := con.fetchmany(_ROWS_AT_ONCE):
        writer.writerows(rows)


QUERY = Command("query", 55, query)
