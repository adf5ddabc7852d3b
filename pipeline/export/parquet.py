"""Exports as Parquet, with the types and the digits of the warehouse."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UsageError

_ROW_GROUP = 50_000


def write_parquet(con: duckdb.DuckDBPyConnection, sql: str, path: Path, about: Mapping[str, str]) -> int:
    """Write the rows of a query, and return how many they are; `about` goes into the metadata of the file.

    Raises UsageError for a type that Parquet does not have.
    """
    count = 0
    rows = con.sql(sql).to_arrow_reader(_ROW_GROUP)
    schema = rows.schema.with_metadata({f"leafhouse.{name}": value for name, value in about.items()})
    try:
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in rows:
                writer.write_batch(batch)
                count += batch.num_rows
    except pa.ArrowNotImplementedError as error:
        raise UsageError(f"Parquet cannot hold a column ({error}). Cast it in --sql, or export it as CSV.") from error
    return count
