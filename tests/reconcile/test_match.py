"""Matching loses no row, sees every difference, and does not mind which side or which order."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pipeline.reconcile.match import Matches, Row, match
from pipeline.reconcile.values import Kind, identity

KINDS: tuple[Kind, ...] = ("text", "text", "money")
KEY = (0, 1)

PARTS = st.sampled_from(["a", "A", "b", None])
ROWS = st.builds(
    Row,
    st.tuples(PARTS, PARTS, st.one_of(st.none(), st.sampled_from([Decimal("0.00"), Decimal("0.01"), "n/a"]))),
    st.integers(1, 10_000),
)
SIDES = st.lists(ROWS, max_size=8)


def same(row: Row) -> tuple[object, ...]:
    return tuple(map(identity, KINDS, row.values))


def key_of(row: Row) -> tuple[object, ...]:
    return same(row)[:2]


def side(matches: Matches, here: bool) -> list[Row]:
    """Return all rows of a side, wherever they went."""
    alone = matches.only_here if here else matches.only_there
    shared = [row for each in matches.duplicates for row in (each.here if here else each.there)]
    return [*alone, *shared, *(pair[0 if here else 1] for pair in matches.pairs)]


def as_counts(matches: Matches) -> Sequence[Counter[object]]:
    return (
        Counter(matches.only_here),
        Counter(matches.only_there),
        Counter(matches.pairs),
        Counter(matches.different),
        Counter((frozenset(each.here), frozenset(each.there)) for each in matches.duplicates),
    )


@given(SIDES, SIDES)
def test_every_row_of_both_sides_is_in_exactly_one_place(here: list[Row], there: list[Row]) -> None:
    matches = match(here, there, KINDS, KEY)

    assert Counter(side(matches, True)) == Counter(here)
    assert Counter(side(matches, False)) == Counter(there)


@given(SIDES, SIDES)
def test_each_place_is_the_right_one(here: list[Row], there: list[Row]) -> None:
    matches = match(here, there, KINDS, KEY)
    ours, theirs = Counter(map(key_of, here)), Counter(map(key_of, there))
    empty = (None, None)

    assert all(key_of(row) == empty or theirs[key_of(row)] == 0 for row in matches.only_here)
    assert all(key_of(row) == empty or ours[key_of(row)] == 0 for row in matches.only_there)
    for one, other in matches.pairs:
        assert key_of(one) == key_of(other) != empty
        assert ours[key_of(one)] == theirs[key_of(one)] == 1
    for each in matches.duplicates:
        keys = {key_of(row) for row in (*each.here, *each.there)}
        assert len(keys) == 1
        assert max(len(each.here), len(each.there)) > 1
    wrong = [(one, other) for one, other in matches.pairs if same(one) != same(other)]
    assert Counter((one, other) for one, other, _ in matches.different) == Counter(wrong)
    for one, other, places in matches.different:
        assert places == tuple(place for place in range(3) if same(one)[place] != same(other)[place])


@given(SIDES, SIDES)
def test_sides_are_equal_when_they_hold_the_same_rows_and_each_key_once(here: list[Row], there: list[Row]) -> None:
    is_clear = all(key_of(row) != (None, None) for row in here) and len(set(map(key_of, here))) == len(here)

    assert match(here, there, KINDS, KEY).is_equal == (
        is_clear and Counter(map(same, here)) == Counter(map(same, there))
    )


@given(SIDES, SIDES, st.randoms())
def test_neither_the_order_of_rows_nor_the_side_matters(here: list[Row], there: list[Row], random: object) -> None:
    expected = as_counts(match(here, there, KINDS, KEY))
    mixed, other = here[:], there[:]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    random.shuffle(other)  # type: ignore[attr-defined]

    assert as_counts(match(mixed, other, KINDS, KEY)) == expected

    mirrored = match(there, here, KINDS, KEY)
    assert Counter(mirrored.only_here) == expected[1]
    assert Counter(mirrored.only_there) == expected[0]
    assert Counter((b, a, places) for a, b, places in mirrored.different) == expected[3]
