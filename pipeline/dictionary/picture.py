"""The joins of facts and dimensions as a picture: a box for each table, a line from each column to the key it holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.dictionary.joins import Join

_WIDTH, _BOX, _TITLE, _ROW, _GAP = 760, 250, 30, 22, 18


@dataclass(frozen=True)
class Box:
    """A table: its place, and its columns with the places of their texts."""

    table: str
    x: int
    y: int
    height: int
    columns: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Line:
    """A join: the path of its curve; `tone` is the place of its target, for the colour."""

    path: str
    tone: int
    title: str


@dataclass(frozen=True)
class Picture:
    """Boxes of facts on the left, of what they join on the right, and the lines between them."""

    width: int
    height: int
    box: int
    title: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(joins: Sequence[Join]) -> Picture:
    """Return the picture of the joins that begin at a fact."""
    shown = [join for join in joins if join.table.startswith("fct_")]
    left = _stack(0, {join.table: [each.column for each in shown if each.table == join.table] for join in shown})
    right = _stack(_WIDTH - _BOX, {join.target: [join.key] for join in sorted(shown, key=lambda join: join.target)})
    starts = {(box.table, column): y for box in left for column, y in box.columns}
    ends = {box.table: (place, box.columns[0][1]) for place, box in enumerate(right)}
    lines = []
    for join in shown:
        tone, end = ends[join.target]
        start = starts[join.table, join.column]
        curve = f"M{_BOX} {start} C{_BOX + 130} {start} {_WIDTH - _BOX - 130} {end} {_WIDTH - _BOX} {end}"
        lines.append(Line(curve, tone, f"{join.table}.{join.column} = {join.target}.{join.key}"))
    height = max((box.y + box.height for box in (*left, *right)), default=0)
    return Picture(_WIDTH, height + 2, _BOX, _TITLE, (*left, *right), tuple(lines))


def _stack(x: int, tables: dict[str, list[str]]) -> list[Box]:
    """Return boxes below each other, each as high as its columns need."""
    boxes, y = [], 1
    for table, columns in tables.items():
        height = _TITLE + _ROW * len(columns) + 6
        places = tuple((column, y + _TITLE + _ROW * place + _ROW // 2) for place, column in enumerate(columns))
        boxes.append(Box(table, x, y, height, places))
        y += height + _GAP
    return boxes
