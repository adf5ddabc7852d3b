"""Comparing a report with a table of the warehouse: from two files to what is the same and what is not."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from pipeline.errors import ConfigurationError, UsageError
from pipeline.reconcile.export import Export, Line, read_export
from pipeline.reconcile.guess import REPORTS, guess_mapping, write_template
from pipeline.reconcile.mapping import Mapping, Pair, read_mapping
from pipeline.reconcile.mart import (
    Column,
    list_companies,
    list_marts,
    read_as_of,
    read_columns,
    read_note,
    read_rows,
)
from pipeline.reconcile.match import Matches, Row, match
from pipeline.reconcile.values import Kind, Value, add_up, read_value, tidy
from pipeline.warehouse.published import open_published

_TOTALS = re.compile(r"(?:(?:grand|sub|report|overall)[ -]?)?totals?(?: \(?[A-Z]{3}\)?)?:?", re.IGNORECASE)


class MappingNeeded(UsageError):
    """What a report is to be compared with is not known without a mapping; `template` is one to fill in."""

    def __init__(self, message: str, template: str) -> None:
        super().__init__(message)
        self.template = template


@dataclass(frozen=True)
class Total:
    """The sum of an amount on both sides, of one currency where the report says which."""

    column: str
    currency: str | None
    here: Decimal
    there: Decimal


@dataclass(frozen=True)
class TotalsRow:
    """An amount in a row of totals at the end of the file, and what the rows above it add up to."""

    line: int
    header: str
    stated: Decimal
    added_up: Decimal


@dataclass(frozen=True)
class MartSide:
    """The table of the warehouse: its day, whose data it has (`note`), and the rows that are compared, those `only`."""

    name: str
    only: dict[str, str]
    as_of: str | None
    note: str
    rows: int


@dataclass(frozen=True)
class ReportSide:
    """The report: its file, the rows that are compared, and the lines that have more cells than there are headers."""

    name: str
    file: Path
    rows: int
    too_long: tuple[int, ...]


@dataclass(frozen=True)
class ColumnPairs:
    """The columns of both sides, pair by pair, with the kind of each; `key` are the places of those that rows match by.

    `not_compared` are the headers of the report that are in no pair.
    """

    pairs: tuple[Pair, ...]
    kinds: tuple[Kind, ...]
    key: tuple[int, ...]
    not_compared: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What a report and a table of the warehouse have in common: here is the warehouse, there the report."""

    here: MartSide
    there: ReportSide
    columns: ColumnPairs
    matches: Matches
    totals: list[Total]
    totals_rows: list[TotalsRow]

    @property
    def is_equal(self) -> bool:
        """Whether both sides say the same, and every row of the file could be read."""
        return self.matches.is_equal and not self.there.too_long


def compare_report(data_dir: Path, report: str, file: Path, mapping_file: Path | None) -> Comparison:
    """Compare the CSV file with the published warehouse, by the mapping or else by what the headers suggest.

    Raises UsageError for a report or a file that cannot be used (MappingNeeded when it takes a mapping) and
    ConfigurationError for a mapping that does not fit the file or the warehouse.
    """
    mart = _mart_of(report)
    export = read_export(file)
    written = read_mapping(mapping_file) if mapping_file else None
    with open_published(data_dir) as con:
        mapping = written or _guess(con, mart, export)
        columns = read_columns(con, mapping.mart)
        _refuse_unknown_columns(mapping, columns)
        rows = read_rows(con, mapping.mart, [pair.column for pair in mapping.pairs], mapping.only)
        as_of, note = read_as_of(con, mapping.mart, columns), read_note(con)
    positions = [_position(export, pair.header) for pair in mapping.pairs]
    kinds = tuple(pair.kind or columns[pair.column].kind for pair in mapping.pairs)
    names = [pair.column for pair in mapping.pairs]
    key = tuple(names.index(name) for name in mapping.key)
    here = [Row(_values(kinds, cells)) for cells in rows]
    there, totals_rows = _split_totals(export.lines, positions, kinds, key, mapping.pairs)
    others = tuple(header for place, header in enumerate(export.headers) if header and place not in positions)
    return Comparison(
        MartSide(mapping.mart, mapping.only, as_of, note, len(here)),
        ReportSide(report, file, len(there), export.too_long),
        ColumnPairs(mapping.pairs, kinds, key, others),
        match(here, there, kinds, key), _totals(here, there, names, kinds), totals_rows,
    )  # fmt: skip


def propose_mapping(data_dir: Path, report: str, file: Path) -> str:
    """Return a mapping file to begin with. Raises UsageError for a report or a file that cannot be used."""
    mart, export = _mart_of(report), read_export(file)
    with open_published(data_dir) as con:
        return _template(con, mart, export)


def _mart_of(report: str) -> str:
    if report not in REPORTS:
        raise UsageError(f"{report}: not a report of LeafLink. Name one of {', '.join(REPORTS)}.")
    return REPORTS[report]


def _guess(con: duckdb.DuckDBPyConnection, mart: str, export: Export) -> Mapping:
    mapping = guess_mapping(mart, export, read_columns(con, mart))
    companies = list_companies(con, mart)
    if len(companies) > 1:
        raise MappingNeeded(
            f"{mart} holds {len(companies)} companies ({', '.join(companies)}), a report one. Save what is printed "
            "above as a file, name the company under [only], and name the file with --mapping.",
            _template(con, mart, export),
        )
    if not mapping.key or len(mapping.pairs) < 2:
        raise MappingNeeded(
            f"{export.path}: its headers do not say which columns they are. Save what is printed above as a file, "
            "complete it, and name it with --mapping.",
            _template(con, mart, export),
        )
    return mapping


def _template(con: duckdb.DuckDBPyConnection, mart: str, export: Export) -> str:
    columns = read_columns(con, mart)
    return write_template(export, guess_mapping(mart, export, columns), columns.values(), list_marts(con))


def _refuse_unknown_columns(mapping: Mapping, columns: dict[str, Column]) -> None:
    for name in [*(pair.column for pair in mapping.pairs), *mapping.only]:
        if name not in columns:
            raise ConfigurationError(
                f"{mapping.mart} has no column {name}. Let the mapping name some of {', '.join(columns)}."
            )


def _position(export: Export, header: str) -> int:
    position = export.column(header)
    if position is None:
        raise ConfigurationError(
            f'{export.path}: the mapping\'s header "{header}" is not there, or more than once. '
            f"The headers are {', '.join(filter(None, export.headers))}."
        )
    return position


def _values(kinds: Sequence[Kind], cells: Iterable[str]) -> tuple[Value, ...]:
    return tuple(read_value(kind, cell) for kind, cell in zip(kinds, cells, strict=True))


def _split_totals(
    lines: Sequence[Line], positions: Sequence[int], kinds: Sequence[Kind], key: Sequence[int], pairs: Sequence[Pair]
) -> tuple[list[Row], list[TotalsRow]]:
    """Return the rows of the file without those at its end that are totals, and what those say."""
    rows = [Row(_values(kinds, [line.cells[place] for place in positions]), line.number) for line in lines]
    amounts = [place for place, kind in enumerate(kinds) if kind == "money" and place not in key]
    last: list[Row] = []
    while rows and _is_total(lines[len(rows) - 1], rows, key, amounts):
        last.append(rows.pop())
    return rows, [
        TotalsRow(row.line or 0, pairs[place].header, stated, add_up(each.values[place] for each in rows))
        for row in reversed(last)
        for place in amounts
        if isinstance(stated := row.values[place], Decimal)
    ]


def _is_total(line: Line, rows: Sequence[Row], key: Sequence[int], amounts: Sequence[int]) -> bool:
    """Say whether the last of `rows` is a total: it has no key, and says so in words or by adding up the others."""
    last = rows[-1].values
    if any(last[place] is not None and not _TOTALS.fullmatch(str(last[place])) for place in key):
        return False
    if _TOTALS.fullmatch(next(filter(None, map(tidy, line.cells)))):
        return True
    stated = [place for place in amounts if last[place] is not None]
    return bool(stated) and all(last[place] == add_up(row.values[place] for row in rows[:-1]) for place in stated)


def _totals(here: Sequence[Row], there: Sequence[Row], names: Sequence[str], kinds: Sequence[Kind]) -> list[Total]:
    by = names.index("currency") if "currency" in names else None

    def currency_of(row: Row) -> str | None:
        return None if by is None else str(row.values[by] or "").upper()

    def of(rows: Sequence[Row], currency: str | None, place: int) -> Decimal:
        return add_up(row.values[place] for row in rows if currency_of(row) == currency)

    currencies = dict.fromkeys(map(currency_of, (*here, *there)))
    return [
        Total(name, currency, of(here, currency, place), of(there, currency, place))
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
        if kind == "money"
        for currency in currencies
    ]
