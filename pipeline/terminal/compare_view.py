"""What people see of a report that was compared with the warehouse."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.reconcile.compare import Comparison
from pipeline.reconcile.match import Row
from pipeline.reconcile.values import Kind, Value, difference
from pipeline.terminal.console import Output


def show_comparison(output: Output, comparison: Comparison) -> None:
    """Print what is only here, only there, and different; the totals of both sides; and the verdict."""
    output.document(_document(comparison))
    if output.as_json:
        return
    say, matches = output.say, comparison.matches
    _show_sides(output, comparison)
    _show_rows(output, comparison, f"Only here, in {comparison.here.name}", matches.only_here)
    _show_rows(output, comparison, f"Only there, in {comparison.there.file}", matches.only_there)
    _show_different(output, comparison)
    shared = [row for each in matches.duplicates for row in (*each.here, *each.there)]
    _show_rows(output, comparison, "Not matched, since they share their key", shared)
    for line in comparison.there.too_long:
        say(f"Not read: line {line} has more cells than there are headers")
    _show_totals(output, comparison)
    say(describe(comparison))


def describe(comparison: Comparison) -> str:
    """Return the verdict, in a line."""
    matches = comparison.matches
    if comparison.is_equal:
        rows, columns = _count(len(matches.pairs), "row"), _count(len(comparison.columns.pairs), "column")
        return f"Equal: {rows} with the same values in {columns}."
    found = [
        (len(matches.only_here), "only here"),
        (len(matches.only_there), "only there"),
        (len(matches.different), f"different of {len(matches.pairs):,} matched"),
        (sum(len(each.here) + len(each.there) for each in matches.duplicates), "with a key that others have too"),
        (len(comparison.there.too_long), "not read"),
    ]
    return "Different: " + ", ".join(f"{count:,} {what}" for count, what in found if count) + "."


def _show_sides(output: Output, comparison: Comparison) -> None:
    say = output.say
    only = "".join(f", only {name} = {value}" for name, value in comparison.here.only.items())
    rows = _count(comparison.here.rows, "row")
    say(f"Here:  {rows} of {comparison.here.name} as of {comparison.here.as_of}{only}. {comparison.here.note}")
    say(f"There: {_count(comparison.there.rows, 'row')} of {comparison.there.file}")
    for place, (pair, kind) in enumerate(zip(comparison.columns.pairs, comparison.columns.kinds, strict=True)):
        say(f"  {pair.header} = {pair.column} ({kind}{', key' if place in comparison.columns.key else ''})")
    if comparison.columns.not_compared:
        say(f"  not compared: {', '.join(comparison.columns.not_compared)}")


def _show_rows(output: Output, comparison: Comparison, title: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    output.say(f"{title}: {_count(len(rows), 'row')}")
    columns = comparison.columns
    table = [[f"line {row.line}" if row.line else "here", *map(_text, columns.kinds, row.values)] for row in rows]
    _show_table(output, ["", *(pair.column for pair in columns.pairs)], table)


def _show_different(output: Output, comparison: Comparison) -> None:
    different, columns = comparison.matches.different, comparison.columns
    if not different:
        return
    output.say(f"Different: {_count(len(different), 'row')}")
    table = []
    for here, there, places in different:
        key = " ".join(_text(columns.kinds[place], here.values[place]) for place in columns.key)
        for place in places:
            kind, one, other = columns.kinds[place], here.values[place], there.values[place]
            gap = difference(one, other)
            table.append(
                [f"line {there.line}", key, columns.pairs[place].column, _text(kind, one), _text(kind, other),
                 _count(gap, "day") if isinstance(gap, int) else _text(kind, gap)]
            )  # fmt: skip
    _show_table(output, ["", "key", "column", "here", "there", "here - there"], table)


def _show_totals(output: Output, comparison: Comparison) -> None:
    if comparison.totals:
        output.say("Totals")
        table = [
            [each.column, each.currency or "", *(f"{value:,.2f}" for value in (each.here, each.there)),
             f"{difference(each.here, each.there):,.2f}"]
            for each in comparison.totals
        ]  # fmt: skip
        _show_table(output, ["", "", "here", "there", "here - there"], table)
    for each in comparison.totals_rows:
        verdict = "as its rows add up to" if each.stated == each.added_up else f"its rows: {each.added_up:,.2f}"
        output.say(f"Totals in line {each.line} of the file: {each.header} {each.stated:,.2f}, {verdict}")


def _show_table(output: Output, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        output.say("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _text(kind: Kind, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:,.2f}" if kind == "money" else f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if abs(number) == 1 else 's'}"


def _document(comparison: Comparison) -> dict[str, Any]:
    matches, names = comparison.matches, [pair.column for pair in comparison.columns.pairs]

    def as_document(row: Row) -> dict[str, Any]:
        own = {} if row.line is None else {"line": row.line}
        return own | {"values": dict(zip(names, row.values, strict=True))}

    return {
        "is_equal": comparison.is_equal,
        "verdict": describe(comparison),
        "report": comparison.there.name,
        "file": str(comparison.there.file),
        "mart": comparison.here.name,
        "only": comparison.here.only,
        "as_of": comparison.here.as_of,
        "note": comparison.here.note,
        "key": [names[place] for place in comparison.columns.key],
        "columns": [
            {"header": pair.header, "column": pair.column, "kind": kind}
            for pair, kind in zip(comparison.columns.pairs, comparison.columns.kinds, strict=True)
        ],
        "not_compared": comparison.columns.not_compared,
        "rows": {"here": comparison.here.rows, "there": comparison.there.rows, "matched": len(matches.pairs)},
        "only_here": [as_document(row) for row in matches.only_here],
        "only_there": [as_document(row) for row in matches.only_there],
        "different": _differences(comparison, names),
        "duplicates": [
            {"here": [as_document(row) for row in each.here], "there": [as_document(row) for row in each.there]}
            for each in matches.duplicates
        ],
        "not_read": comparison.there.too_long,
        "totals": [
            {"column": each.column, "currency": each.currency, "here": each.here, "there": each.there,
             "difference": difference(each.here, each.there)}
            for each in comparison.totals
        ],
        "totals_rows": [
            {"line": each.line, "header": each.header, "stated": each.stated, "added_up": each.added_up}
            for each in comparison.totals_rows
        ],
    }  # fmt: skip


def _differences(comparison: Comparison, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return a document for each value that is another one there."""
    return [
        {
            "line": there.line,
            "key": [here.values[place] for place in comparison.columns.key],
            "column": names[place],
            "here": here.values[place],
            "there": there.values[place],
            "difference": difference(here.values[place], there.values[place]),
        }
        for here, there, places in comparison.matches.different
        for place in places
    ]
