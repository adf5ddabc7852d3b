"""A listing is complete if and only if nothing that stood throughout was missed, however it moves and lies."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.reading import Limits, Page, PageError, Proof, Row, Unproved, Values, read_listing
from pipeline.reading.cover import Cover

from .model import ORDERS, MovingListing

# A listing in the order of something that no row shows can be read while it stands still only.
SHOWN = [order for order in ORDERS if order != "hidden"]

many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


async def read(listing: MovingListing, page_size: int = 20, connections: int = 4) -> Proof:
    return await read_listing(listing.ask, listing, Limits(page_size, connections))


def assert_nothing_is_missing(listing: MovingListing, proof: Proof) -> None:
    stood = {str(key) for key in listing.stood}
    assert stood <= proof.values.keys()
    assert stood <= listing.handed_on.keys()


@many
@given(
    seed=st.integers(0, 10**9),
    size=st.sampled_from((0, 1, 2, 19, 20, 21, 150, 400)),
    order=st.sampled_from(ORDERS),
    moves=st.sampled_from((0.0, 0.05, 0.3, 0.6)),
    ties=st.sampled_from((1, 3, 30, 10_000)),
    page_size=st.sampled_from((5, 20, 100)),
    connections=st.sampled_from((1, 5, 16)),
    clamp=st.sampled_from((7, 1000)),
)
async def test_what_is_called_complete_lacks_no_row_that_stood_throughout(
    seed: int, size: int, order: str, moves: float, ties: int, page_size: int, connections: int, clamp: int
) -> None:
    listing = MovingListing(Random(seed), size, order, moves, ties, clamp)
    try:
        proof = await read(listing, page_size, connections)
    except Unproved:
        assert moves > 0  # what stands still is always read
        return

    assert_nothing_is_missing(listing, proof)


@pytest.mark.parametrize("order", SHOWN)
@pytest.mark.parametrize("moves", [0.05, 0.2, 0.5])
async def test_a_listing_in_an_order_is_read_while_it_moves(order: str, moves: float) -> None:
    for seed in range(5):
        still = MovingListing(Random(seed), 1_200, order)
        await read(still, page_size=100, connections=16)
        listing = MovingListing(Random(seed), 1_200, order, moves)
        proof = await read(listing, page_size=100, connections=16)

        assert_nothing_is_missing(listing, proof)
        assert listing.asked <= 1.5 * still.asked
        assert proof.order is not None


async def test_a_still_listing_costs_no_page_more_than_overlap_takes() -> None:
    listing = MovingListing(Random(1), 980, "created down")

    await read(listing, page_size=100, connections=16)

    assert listing.asked == 10


async def test_a_listing_that_is_nearly_all_ties_is_read_while_it_moves() -> None:
    for seed in range(20):
        listing = MovingListing(Random(seed), 400, "created down", moves=0.1, ties=10_000)
        proof = await read(listing)

        assert_nothing_is_missing(listing, proof)


async def test_a_listing_in_no_order_is_read_once_it_stands_still() -> None:
    listing = MovingListing(Random(4), 200, "hidden", moves=1.0)
    move, left = listing.move, [30]

    def move_for_a_while() -> None:
        left[0] -= 1
        if left[0] > 0:
            move()

    listing.move = move_for_a_while  # type: ignore[method-assign]
    proof = await read(listing)

    assert proof.values.keys() == {str(key) for key in listing.items}


async def test_a_listing_in_no_order_that_keeps_moving_is_refused() -> None:
    with pytest.raises(Unproved, match="no order"):
        await read(MovingListing(Random(4), 400, "hidden", moves=1.0))


def empty(share: float) -> object:
    def lie(listing: MovingListing, page: Page) -> Page:
        return Page(page.offset, page.limit, page.count, []) if listing.rng.random() < share else page

    return lie


def half(listing: MovingListing, page: Page) -> Page:
    is_cut = listing.rng.random() < 0.3
    return Page(page.offset, page.limit, page.count, page.rows[: len(page.rows) // 2]) if is_cut else page


def page_before(listing: MovingListing, page: Page) -> Page:
    if page.offset == 0 or listing.rng.random() > 0.2:
        return page
    start = max(0, page.offset - page.limit)
    rows = [each.row for each in listing.listed()[start : start + page.limit]]
    return Page(page.offset, page.limit, page.count, rows)


def count_too_large(listing: MovingListing, page: Page) -> Page:
    return Page(page.offset, page.limit, page.count + 7, page.rows) if listing.rng.random() < 0.2 else page


@pytest.mark.parametrize(
    "lie", [empty(0.2), half, page_before, count_too_large], ids=["empty", "half", "same", "count"]
)
@pytest.mark.parametrize("order", ["key up", "created down"])
async def test_passing_lies_cost_nothing_but_requests(lie: object, order: str) -> None:
    for seed in range(10):
        listing = MovingListing(Random(seed), 300, order, lie=lie)  # type: ignore[arg-type]
        proof = await read(listing)

        assert proof.values.keys() == {str(key) for key in listing.items}


def ends_early(listing: MovingListing, page: Page) -> Page:
    return page if page.offset < 200 else Page(page.offset, page.limit, page.count, [])


def counts_more(listing: MovingListing, page: Page) -> Page:
    return Page(page.offset, page.limit, page.count + 7, page.rows)


@pytest.mark.parametrize("lie", [ends_early, counts_more], ids=["ends early", "counts more"])
@pytest.mark.parametrize("order", ["key up", "modified down", "hidden"])
async def test_lasting_lies_are_refused(lie: object, order: str) -> None:
    with pytest.raises(Unproved):
        await read(MovingListing(Random(3), 300, order, lie=lie))  # type: ignore[arg-type]


@pytest.mark.parametrize("failing", [1, 2, 57, 150, 299, 300])
async def test_a_row_that_fails_its_page_is_narrowed_down_and_all_others_are_read(failing: int) -> None:
    listing = MovingListing(Random(3), 300, "key up", failing=None)
    listing.items = dict(zip(range(1, 301), listing.items.values(), strict=True))
    for key, each in listing.items.items():
        each.key = key
    listing.failing = failing
    proof = await read(listing)

    assert {key for key in proof.values if isinstance(key, str)} == {str(key) for key in range(1, 301)} - {str(failing)}
    assert proof.holes == (("hole", None if failing == 1 else str(failing - 1)),)
    assert proof.keyless == 1


async def test_a_listing_that_always_fails_is_said_to() -> None:
    async def ask(offset: int, limit: int) -> Page:
        raise PageError("500")

    with pytest.raises(PageError):
        await read_listing(ask, MovingListing(Random(1), 1, "key up"), Limits(20, 4))


class Fixed:
    """A listing of given rows that stands still."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    async def ask(self, offset: int, limit: int) -> Page:
        return Page(offset, limit, len(self.rows), self.rows[offset : offset + limit])

    async def add(self, rows: list[bytes]) -> None:
        """Take rows."""


def row(key: int) -> Row:
    return Row(str(key), Values(key), str(key).encode())


@pytest.mark.parametrize("place", [0, 17, 18, 19, 20, 99])
async def test_a_row_without_a_key_is_one_row_wherever_it_stands(place: int) -> None:
    rows = [row(key) for key in range(100)]
    rows[place] = Row(b'{"id": null}', Values(), b'{"id": null}')
    listing = Fixed(rows)
    proof = await read_listing(listing.ask, listing, Limits(20, 4))

    assert (proof.seen, proof.stated, proof.keyless) == (100, 100, 1)


@pytest.mark.parametrize("place", [0, 6, 18, 19, 50, 99, 100])
@pytest.mark.parametrize("doubled", [5, 70])
async def test_a_row_that_is_listed_twice_is_taken_once_and_told(place: int, doubled: int) -> None:
    rows = [row(key) for key in range(100)]
    rows.insert(place, row(doubled))
    listing = Fixed(rows)
    proof = await read_listing(listing.ask, listing, Limits(20, 4))

    assert proof.values.keys() == {str(key) for key in range(100)}
    assert proof.doubled == (str(doubled),)
    assert proof.seen == proof.stated == 101


async def test_an_empty_listing_is_believed_after_three_equal_answers() -> None:
    listing = MovingListing(Random(1), 0, "key up")
    proof = await read(listing)

    assert proof.stated == 0
    assert listing.asked == 3


def page_of(offset: int, count: int, *keys: int) -> Page:
    return Page(offset, 2, count, [Row(str(key), Values(key, None, None), str(key).encode()) for key in keys])


def test_a_gap_is_closed_by_a_newer_page_that_shows_that_nothing_stands_there_any_more() -> None:
    cover = Cover()
    for page in (page_of(0, 6, 1, 2), page_of(4, 6, 5, 6)):
        cover.take(page)
    before = [gap.values for gap in cover.gaps]
    cover.take(page_of(0, 3, 5, 6))  # 1 to 4 went

    assert (2, 5) in before
    assert (2, 5) not in [gap.values for gap in cover.gaps]


def test_a_gap_is_not_closed_by_an_older_page_before_which_nothing_stood_yet() -> None:
    cover = Cover()
    for page in (page_of(0, 3, 5, 6), page_of(0, 7, 1, 2)):  # 1 to 4 came
        cover.take(page)

    assert (2, 5) in [gap.values for gap in cover.gaps]
