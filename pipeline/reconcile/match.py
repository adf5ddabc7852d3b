"""Matching two sets of rows by their key."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.reconcile.values import Kind, Value, identity

Key = tuple[Value, ...]


@dataclass(frozen=True)
class Row:
    """A row of either side; `line` is where it stands in the file, None for ours."""

    values: tuple[Value, ...]
    line: int | None = None


@dataclass(frozen=True)
class Duplicate:
    """Rows that share a key on one side at least, so that none of them can be matched."""

    here: tuple[Row, ...]
    there: tuple[Row, ...]


@dataclass(frozen=True)
class Matches:
    """Every row of both sides, in exactly one of these; `different` is a part of `pairs`, with the positions."""

    only_here: list[Row]
    only_there: list[Row]
    duplicates: list[Duplicate]
    pairs: list[tuple[Row, Row]]
    different: list[tuple[Row, Row, tuple[int, ...]]]

    @property
    def is_equal(self) -> bool:
        """Whether both sides have the same rows with the same values, each key once."""
        return not (self.only_here or self.only_there or self.duplicates or self.different)


def match(here: Iterable[Row], there: Iterable[Row], kinds: Sequence[Kind], key: Sequence[int]) -> Matches:
    """Match rows whose values at the positions `key` are the same; a row with none of them filled matches nothing."""
    ours, theirs = _by_key(here, kinds, key), _by_key(there, kinds, key)
    empty = tuple(identity(kinds[position], None) for position in key)
    matches = Matches(ours.pop(empty, []), theirs.pop(empty, []), [], [], [])
    for each in dict.fromkeys([*ours, *theirs]):
        mine, yours = ours.get(each, []), theirs.get(each, [])
        if len(mine) > 1 or len(yours) > 1:
            matches.duplicates.append(Duplicate(tuple(mine), tuple(yours)))
        elif not yours:
            matches.only_here.extend(mine)
        elif not mine:
            matches.only_there.extend(yours)
        else:
            matches.pairs.append((mine[0], yours[0]))
    for one, other in matches.pairs:
        positions = _differing(one, other, kinds)
        if positions:
            matches.different.append((one, other, positions))
    return matches


def _by_key(rows: Iterable[Row], kinds: Sequence[Kind], key: Sequence[int]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(identity(kinds[position], row.values[position]) for position in key)].append(row)
    return found


def _differing(one: Row, other: Row, kinds: Sequence[Kind]) -> tuple[int, ...]:
    return tuple(
        position
        for position, kind in enumerate(kinds)
        if identity(kind, one.values[position]) != identity(kind, other.values[position])
    )
