"""Find a text in all files of a data folder: `python find_text.py data "Jane Quirk"`, upper or lower case alike.

Prints each place that holds it: a file, the table of a warehouse, or the rows of a landed file, with how many rows they
are. Exits with 1 where there is one, with 0 where there is none.
"""

import mmap
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb


def places(folder: Path, text: str) -> Iterator[str]:
    """Yield the places under `folder` that hold `text`."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        if holds(path, re.compile(re.escape(text.encode()), re.IGNORECASE)):
            yield str(path)
        if path.suffix == ".duckdb":
            with duckdb.connect(path, read_only=True) as con:
                tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
                for schema, table in tables:
                    yield from rows(con, f'{schema}."{table}"', text, f"{path} {schema}.{table}")
        elif path.suffix == ".parquet":
            with duckdb.connect() as con:
                con.read_parquet(str(path), hive_partitioning=False).create_view("landed")
                yield from rows(con, "landed", text, f"{path} rows")


def holds(path: Path, text: re.Pattern[bytes]) -> bool:
    """Say whether the bytes of a file hold `text`: those that a database has let go of are among them."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return text.search(content) is not None


def rows(con: duckdb.DuckDBPyConnection, table: str, text: str, place: str) -> Iterator[str]:
    """Yield `place` with the number of rows of `table` that hold `text` in any column, if any does."""
    query = f"SELECT count(*) FROM {table} AS found WHERE contains(lower(CAST(found AS VARCHAR)), lower(?))"  # noqa: S608
    ((count,),) = con.execute(query, [text]).fetchall()
    if count:
        yield f"{place}: {count:,}"


if __name__ == "__main__":
    found = list(places(Path(sys.argv[1]), sys.argv[2]))
    sys.stdout.write("".join(f"{place}\n" for place in found))
    sys.exit(1 if found else 0)
