"""Exports as CSV, for programs and for spreadsheets."""

import csv
from collections.abc import Sequence
from pathlib import Path

import duckdb

from pipeline.export.rows import Column, rows_of

# What a spreadsheet takes for the beginning of a formula; some also where it is as wide as a Chinese character.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(con: duckdb.DuckDBPyConnection, sql: str, columns: Sequence[Column], path: Path) -> int:
    """Write the rows of a query, and return how many they are.

    A text that a spreadsheet would take for a formula has an apostrophe before it. Null is empty.
    """
    count = 0
    is_text = [not (column.is_number or column.is_day) for column in columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_harmless(column.name) for column in columns])
        for row in rows_of(con, sql, columns, as_text=True):
            writer.writerow([_harmless(cell) if text else cell for cell, text in zip(row, is_text, strict=True)])
            count += 1
    return count


def _harmless(cell: str | None) -> str | None:
    return f"'{cell}" if cell is not None and cell.startswith(_FORMULA) else cell
