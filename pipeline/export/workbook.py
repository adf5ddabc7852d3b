"""Exports as XLSX: a sheet of rows, and a sheet about them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from pipeline.errors import ConfigurationError, UsageError
from pipeline.export.rows import Column, rows_of

# What a sheet can hold. A number of a cell keeps this many digits.
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_MOST_CHARACTERS = 32_767
_DIGITS = 15
_NAME_CHARACTERS = 31
# Before it Excel counts a 29 February 1900 that there was not.
_FIRST_DAY = date(1900, 3, 1)
_SMALLER = "Export it as Parquet or CSV, or less of it with --sql."


@dataclass(frozen=True)
class Written:
    """How many rows were written, and how many numbers stand there as text, since a cell cannot hold them."""

    rows: int
    numbers_as_text: int


def check_library() -> None:
    """Raise ConfigurationError when what writes XLSX is not installed."""
    try:
        import xlsxwriter  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "--format xlsx: needs the package xlsxwriter, which is not installed. Run `make xlsx`, or "
            "`pip install 'leafhouse[xlsx]'` in the environment of Leafhouse."
        ) from error


def write_xlsx(
    con: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[Column], path: Path, about: Mapping[str, str]
) -> Written:
    """Write the rows of a query into the first sheet, and `about` into the second.

    No text is a formula. Raises UsageError for what a sheet cannot hold.
    """
    import xlsxwriter

    if len(columns) > _MOST_COLUMNS:
        raise UsageError(f"{len(columns):,} columns: more than a sheet of Excel takes. {_SMALLER}")
    # What is being written lies beside the file, for its owner alone.
    with TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder, path.open("wb") as file:
        workbook = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
        sheet = _Sheet(workbook, about["name"], columns)
        rows = 0
        for rows, row in enumerate(rows_of(con, sql, columns, as_text=False), 1):
            sheet.write(rows, row)
        notes = workbook.add_worksheet("about")
        notes.set_column(0, 0, 20)
        for place, (name, value) in enumerate([*about.items(), ("rows", str(rows))]):
            notes.write_string(place, 0, name)
            notes.write_string(place, 1, value[:_MOST_CHARACTERS])
        workbook.close()
    return Written(rows, sheet.numbers_as_text)


class _Sheet:
    """The sheet of rows: its first line has the names of the columns."""

    def __init__(self, workbook: Any, name: str, columns: Sequence[Column]) -> None:
        self.numbers_as_text = 0
        self._columns = columns
        self._sheet = workbook.add_worksheet(name[:_NAME_CHARACTERS])
        self._sheet.freeze_panes(1, 0)
        self._formats = [workbook.add_format({"num_format": _number_format(column)}) for column in columns]
        for place, column in enumerate(columns):
            self._sheet.set_column(place, place, min(max(12, len(column.name) + 2), 40))
            self._sheet.write_string(0, place, column.name)

    def write(self, line: int, row: Sequence[Any]) -> None:
        """Write a row. Raises UsageError for what a sheet cannot hold."""
        if line == _MOST_ROWS:
            raise UsageError(f"More than {_MOST_ROWS - 1:,} rows: a sheet of Excel takes no more. {_SMALLER}")
        for place, value in enumerate(row):
            if value is not None:
                self._write_cell(line, place, value)

    def _write_cell(self, line: int, place: int, value: Any) -> None:
        sheet, column = self._sheet, self._columns[place]
        if column.is_number and _is_exact(value):
            sheet.write_number(line, place, value, self._formats[place])
        elif column.is_truth:
            sheet.write_boolean(line, place, value)
        elif column.is_day and isinstance(value, date) and value >= _FIRST_DAY:
            sheet.write_datetime(line, place, value, self._formats[place])
        else:
            self.numbers_as_text += column.is_number
            text = f"{value:f}" if isinstance(value, Decimal) else str(value)
            if sheet.write_string(line, place, text) != 0:
                raise UsageError(
                    f"{column.name}: a text of more than {_MOST_CHARACTERS:,} characters, which a cell of Excel does "
                    f"not take. {_SMALLER}"
                )


def _number_format(column: Column) -> str:
    if column.is_day:
        return "yyyy-mm-dd"
    if column.scale is None:
        return "General"
    return f"#,##0.{'0' * column.scale}" if column.scale else "0"


def _is_exact(value: float | int | Decimal) -> bool:
    """Say whether a cell keeps all digits of a number: zeros at its ends are none."""
    if isinstance(value, float):
        return math.isfinite(value)
    digits = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return len(digits.lstrip("-").replace(".", "").strip("0")) <= _DIGITS
