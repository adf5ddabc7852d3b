"""`meta.quarantine`: the rows that break their contract, until they land well."""

from collections.abc import Sequence

import duckdb

from pipeline.landing import Manifest, ResourceRead


def merge_quarantine(con: duckdb.DuckDBPyConnection, manifest: Manifest, files: Sequence[str]) -> None:
    """Take in the Parquet files of rows that the run set aside, and let go of those that it has read again.

    The rows of the run must have been appended to `raw` before.
    """
    if files:
        con.execute(
            "INSERT INTO meta.quarantine BY NAME SELECT resource, key, path, reason, raw, _company, _run_id, "
            "_extracted_at FROM read_parquet(?, hive_partitioning = false)",
            [files],
        )
    for read in manifest.resources:
        if read.was_read:
            _release(con, manifest, read)


def _release(con: duckdb.DuckDBPyConnection, manifest: Manifest, read: ResourceRead) -> None:
    # After a read of everything, whatever an older run set aside has landed, was set aside again, or is gone.
    read_again = (
        f'key IN (SELECT CAST("{read.key}" AS VARCHAR) FROM raw.{read.resource} WHERE _run_id = $run) '
        "OR key IN (SELECT key FROM meta.quarantine WHERE resource = $resource AND _run_id = $run AND key IS NOT NULL) "
        "OR key IN (SELECT unnest($gone::VARCHAR[]))"
    )
    known: dict[str, object] = {}
    if read.parent_key is not None and read.asked:
        read_again += f" OR {parent_in('raw', read.parent_key)} IN (SELECT unnest($asked::VARCHAR[]))"
        known["asked"] = list(read.asked)
    con.execute(
        "DELETE FROM meta.quarantine WHERE resource = $resource AND _company = $company AND _run_id <> $run "
        f"AND ($everything OR {read_again})",
        known
        | {
            "run": manifest.run_id,
            "company": manifest.company,
            "resource": read.resource,
            "everything": read.scope == "all",
            "gone": list(read.gone),
        },
    )


def parent_in(raw: str, parent_key: str) -> str:
    """Return the expression for the parent that a row which was set aside names, null where it cannot be read."""
    return f"CASE WHEN json_valid({raw}) THEN json_extract_string({raw}, '$.\"{parent_key}\"') END"
