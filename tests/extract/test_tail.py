"""A list that grows at one end: what is new and what is gone, found in a handful of pages."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.tail import ListedRow, Tail, read_tail


class Listed:
    """A list as the API would page through it, that may change between two pages."""

    def __init__(self, keys: Sequence[int], *, descending: bool = False, largest: int = 100) -> None:
        self.keys = list(keys)
        self.descending = descending
        self.largest = largest
        self.requests = 0
        self.after_each = lambda: None

    async def fetch(self, offset: int, limit: int) -> tuple[int, list[ListedRow] | None]:
        self.requests += 1
        ordered = self.keys[::-1] if self.descending else self.keys
        rows = [ListedRow(key, f"order {key}", b"{}") for key in ordered[offset : offset + min(limit, self.largest)]]
        count = len(self.keys)
        self.after_each()
        return count, rows

    async def tail(self, held: Sequence[int], page_size: int = 100) -> Tail | None:
        return await read_tail(self.fetch, held, [f"order {key}" for key in held], page_size)


@given(
    held=st.sets(st.integers(1, 300), max_size=120),
    gone=st.sets(st.integers(0, 119), max_size=6),
    new=st.integers(0, 30),
    descending=st.booleans(),
    largest=st.integers(2, 9),
)
async def test_what_is_new_and_what_is_gone_is_found(
    held: set[int], gone: set[int], new: int, descending: bool, largest: int
) -> None:
    keys = sorted(held)
    vanished = {keys[index] for index in gone if index < len(keys)}
    live = [key for key in keys if key not in vanished] + list(range(1000, 1000 + new))

    tail = await Listed(live, descending=descending, largest=largest).tail(keys, page_size=9)

    assert tail is not None
    assert tail.gone == vanished
    assert {row.key for row in tail.rows} >= set(range(1000, 1000 + new))
    assert tail.parents >= {f"order {key}" for key in vanished | set(range(1000, 1000 + new))}


async def test_rows_that_turn_up_late_in_the_middle_are_found() -> None:
    held = [key for key in range(1, 2000) if key != 777]

    tail = await Listed(range(1, 2000)).tail(held)

    assert tail is not None
    assert 777 in {row.key for row in tail.rows}


@pytest.mark.parametrize(("vanished", "most"), [((), 4), ((5,), 14), ((5, 7000), 24)])
async def test_it_takes_a_handful_of_pages(vanished: tuple[int, ...], most: int) -> None:
    held = list(range(9000))
    listed = Listed([key for key in range(9050) if key not in vanished])

    tail = await listed.tail(held)

    assert tail is not None
    assert tail.gone == set(vanished)
    assert listed.requests <= most


async def test_a_list_in_no_order_is_not_read_so() -> None:
    keys = list(range(500))
    random.Random(1).shuffle(keys)

    assert await Listed(keys).tail(sorted(keys)) is None


async def test_a_list_that_keeps_moving_is_not_read_so() -> None:
    listed = Listed(range(500))
    listed.after_each = lambda: listed.keys.append(listed.keys[-1] + 1)

    assert await listed.tail(range(400)) is None


async def test_a_list_that_moved_once_is_read_again() -> None:
    listed = Listed(range(500))
    listed.after_each = lambda: listed.keys.remove(3) if 3 in listed.keys else None

    tail = await listed.tail(range(500))

    assert tail is not None
    assert tail.gone == {3}
