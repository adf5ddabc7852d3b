"""What an assistant is told of the published warehouse: of when it is, and what its marts mean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from pipeline.datafolder.paths import warehouse_file
from pipeline.errors import UsageError
from pipeline.warehouse.findings import Finding
from pipeline.warehouse.freshness import Freshness, read_freshness
from pipeline.warehouse.marts import read_marts
from pipeline.warehouse.published import open_warehouse, refuse_missing

_ERROR = "error"

Read = TypeVar("Read")


@dataclass(frozen=True)
class Standing:
    """The published warehouse: its own file, which no later load replaces, and of when it is."""

    path: Path
    freshness: Freshness

    def refuse_failed(self) -> None:
        """Raise UsageError when an audit of severity error found rows: no load publishes such a warehouse."""
        failed = [each.sentence for each in self.freshness.failed_audits if each.severity == _ERROR]
        if failed:
            raise UsageError(f"{' '.join(failed)} Ask again with include_stale = true if these rows will do.")

    def told_with(self, stale: Sequence[str]) -> dict[str, Any]:
        """Return what every answer says beside its rows: of when they are, and what is not right with them."""
        fresh = self.freshness
        return {
            **fresh.facts,
            "age_hours": None if fresh.age is None else round(fresh.age.total_seconds() / 3600, 1),
            "warnings": [*stale, *(each.sentence for each in fresh.failed_audits)],
        }


def look(data_dir: Path, read: Callable[[duckdb.DuckDBPyConnection], Read]) -> tuple[Standing, Read]:
    """Return how the warehouse stands that is published now, and what `read` finds in it.

    Raises UsageError when nothing is published yet, ConfigurationError for a file that is damaged, not ours or newer.
    """
    path = warehouse_file(data_dir)
    refuse_missing(path)
    path = path.resolve()
    with open_warehouse(path) as con:
        return Standing(path, read_freshness(con)), read(con)


def list_marts(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the marts: what a row of each is, and the names of its columns."""
    return [
        {"name": name, "definition": mart.comment, "columns": list(mart.columns)}
        for name, mart in read_marts(con).items()
    ]


def describe_marts(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the marts of these names with the type and the definition of each column. Raises UsageError."""
    return [
        {
            "name": name,
            "definition": mart.comment,
            "columns": [
                {"name": column, "type": kind, "definition": comment}
                for column, (kind, comment) in mart.columns.items()
            ],
        }
        for name, mart in read_marts(con, names).items()
    ]


def describe_audits(audits: Sequence[Finding]) -> dict[str, Any]:
    """Return how many audits passed and were skipped, and those that found rows."""
    return {
        "passed": sum(each.failures == 0 for each in audits),
        "skipped": sum(each.failures is None for each in audits),
        "failed": [
            {
                "audit": each.audit_id, "severity": each.severity, "rows": each.failures,
                "failing_since": each.failing_since, "definition": each.description,
            }
            for each in audits if each.failures
        ],
    }  # fmt: skip
