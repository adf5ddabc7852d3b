"""Tables on the engine: shown to it as Parquet files, and written by it as such."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from pipeline.engines.queries import view_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


def forms_of(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> dict[str, pa.Schema]:
    """Return the columns of DuckDB's tables with the types that an engine has for theirs: JSON is a text there."""
    return {table: form_of(con, f"FROM {table}") for table in tables}


def form_of(con: duckdb.DuckDBPyConnection, query: str) -> pa.Schema:
    """Return the columns of a query on DuckDB with the types that an engine has for theirs."""
    return pa.schema(map(_plain, con.sql(f"SELECT * FROM ({query}) LIMIT 0").to_arrow_table().schema))


def _plain(field: pa.Field) -> pa.Field:
    kind = field.type
    return pa.field(field.name, kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind)


class Engine:
    """What a session knows as temporary views, each named after a table."""

    def __init__(self, session: "SparkSession") -> None:
        self._session = session

    def show(self, table: str, form: pa.Schema, files: Sequence[str]) -> None:
        """Show the rows of Parquet files as a table of that form; a column that a file lacks is null."""
        if files:
            frame = self._session.read.schema(_struct(form)).parquet(*files)
        else:
            frame = self._session.createDataFrame([], _struct(form))
        frame.createOrReplaceTempView(view_of(table))

    def define(self, table: str, query: str, form: pa.Schema) -> None:
        """Make a view of a query, with the types of the form."""
        self._typed(self._session.sql(query), form).createOrReplaceTempView(view_of(table))

    def write(self, query: str, form: pa.Schema, folder: Path) -> list[str]:
        """Write the rows of a query to Parquet files in a new folder, with the types of the form; return the files."""
        self._typed(self._session.sql(query), form).write.mode("error").parquet(str(folder))
        return sorted(str(path) for path in folder.glob("*.parquet"))  # none where there are no rows

    def fetch(self, query: str, form: pa.Schema, most: int) -> tuple[pa.Table, int]:
        """Return the rows of a query with the types of the form, `most` of them at most, and how many there are."""
        frame = self._typed(self._session.sql(query), form)
        rows = frame.limit(most + 1).toArrow()
        return rows.slice(0, most), frame.count() if rows.num_rows > most else rows.num_rows

    def _typed(self, frame: "DataFrame", form: pa.Schema) -> "DataFrame":
        """Return the frame with the types that DuckDB gives its columns: sums and places have others on an engine."""
        wanted = {field.name: field.dataType for field in _struct(form)}
        assert list(wanted) == frame.columns
        columns = [
            frame[_quoted(field.name)]
            if field.dataType.simpleString() == wanted[field.name].simpleString()
            else frame[_quoted(field.name)].cast(wanted[field.name]).alias(field.name)
            for field in frame.schema
        ]
        return frame.select(*columns)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _struct(form: pa.Schema) -> "StructType":
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(form, prefer_timestamp_ntz=True)
