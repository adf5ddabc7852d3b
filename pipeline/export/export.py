"""Exporting marts, or the answer of a query, each to a file of its own that says of which load it is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipeline.datafolder.paths import warehouse_file
from pipeline.errors import UsageError
from pipeline.export.format import Format
from pipeline.export.parquet import write_parquet
from pipeline.export.rows import columns_of
from pipeline.export.target import check_file, check_folder, choose_format, is_file
from pipeline.export.text import write_csv
from pipeline.export.workbook import check_library, write_xlsx
from pipeline.landing.files import write_aside
from pipeline.sql import identifier
from pipeline.warehouse.freshness import Freshness, read_freshness
from pipeline.warehouse.marts import read_marts
from pipeline.warehouse.published import open_published
from pipeline.warehouse.select import bare, describe_failure, only_select, stale_in

_QUERY = "query"


@dataclass(frozen=True)
class Selection:
    """What to export: a mart by its name, or the one SELECT in `sql`, or all marts where there is neither."""

    table: str | None = None
    sql: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether all marts are wanted."""
        return self.table is None and self.sql is None


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written: its mart (`query` for a SELECT), rows and bytes.

    `numbers_as_text` counts the numbers of an XLSX that a cell cannot hold exactly.
    """

    name: str
    path: str
    rows: int
    bytes: int
    numbers_as_text: int


@dataclass(frozen=True)
class ExportResult:
    """The files that were written, of when their rows are (`Freshness.facts`), and what is not right with them."""

    files: Sequence[ExportedFile]
    facts: Mapping[str, str | None]
    warnings: Sequence[str]

    @property
    def rows(self) -> int:
        """The rows of all files."""
        return sum(each.rows for each in self.files)

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(each.bytes for each in self.files)

    def as_document(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        return {
            **self.facts,
            "files": [asdict(each) for each in self.files],
            "rows": self.rows,
            "bytes": self.bytes,
            "warnings": list(self.warnings),
        }


def export(data_dir: Path, selection: Selection, to: Path, wanted: Format | None, *, force: bool) -> ExportResult:
    """Write what is selected from the published warehouse to the file or into the folder `to`.

    Each file is written aside and renamed, for its owner alone. Raises UsageError for what is not there, cannot be
    asked, or would be written over without `force`, ConfigurationError for a damaged warehouse or a missing library.
    """
    form = choose_format(to, wanted)
    if form is Format.XLSX:
        check_library()
    with open_published(data_dir) as con:
        fresh = read_freshness(con)
        queries = _queries(con, selection)
        targets = _targets(to, form, selection, list(queries))
        for path in targets.values():
            check_file(data_dir, path, force=force)
        files, warnings = [], [each.sentence for each in fresh.failed_audits]
        if selection.is_all:
            warnings += fresh.stale_marts  # among them those that are not there
        try:
            for name, sql in queries.items():
                stale = stale_in(con, sql, fresh.stale)
                warnings += [text for text in stale if text not in warnings]
                files.append(_write(con, name, sql, targets[name], form, _about(name, sql, fresh, stale)))
        except duckdb.Error as error:
            raise describe_failure(warehouse_file(data_dir), error) from error
    return ExportResult(files, fresh.facts, warnings)


def _queries(con: duckdb.DuckDBPyConnection, selection: Selection) -> dict[str, str]:
    """Return the queries whose rows to export, by the name of the file and of the sheet."""
    if selection.sql is not None:
        return {_QUERY: bare(only_select(con, selection.sql).query)}
    marts = read_marts(con, None if selection.table is None else [selection.table])
    if not marts:
        raise UsageError("The warehouse has no marts to export.")
    return {name: f"FROM marts.{identifier(name)}" for name in marts}


def _targets(to: Path, form: Format, selection: Selection, names: Sequence[str]) -> dict[str, Path]:
    """Return the file of each name. Raises UsageError where `to` is a file for many, or a folder for a query."""
    if is_file(to, form) and not selection.is_all:
        return {names[0]: to}
    if selection.sql is not None:
        raise UsageError(f"--to {to}: the file for --sql has to be named, such as {to / f'answer.{form}'}.")
    check_folder(to)
    return {name: to / f"{name}.{form}" for name in names}


def _about(name: str, sql: str, fresh: Freshness, stale: Sequence[str]) -> dict[str, str]:
    warnings = [*stale, *(each.sentence for each in fresh.failed_audits)]
    facts = {key: value or "" for key, value in fresh.facts.items()}
    return {"name": name, **facts, "sql": sql, "warnings": " ".join(warnings)}


def _write(
    con: duckdb.DuckDBPyConnection, name: str, sql: str, path: Path, form: Format, about: Mapping[str, str]
) -> ExportedFile:
    rows, as_text = 0, 0

    def write(aside: Path) -> None:
        nonlocal rows, as_text
        if form is Format.PARQUET:
            rows = write_parquet(con, sql, aside, about)
        elif form is Format.CSV:
            rows = write_csv(con, sql, columns_of(con, sql), aside)
        else:
            written = write_xlsx(con, sql, columns_of(con, sql), aside, about)
            rows, as_text = written.rows, written.numbers_as_text

    write_aside(path, write)
    return ExportedFile(name, str(path), rows, path.stat().st_size, as_text)
