"""Nothing is lost while the source moves: histories of changes between any two pages (more: tests/long/moving.py)."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.sandbox import Faults
from tests.acceptance.nights import House, open_house

from ..marks import long_from
from .histories import History, play
from .quick import be_quick

# Histories with many changes, so that the night has something left to bring: by each part of its plan in one at least.
NIGHTS = (3, 101, 24, 28, 37, 145)


@pytest.mark.parametrize("seed", long_from(3, range(50)))
async def test_a_moving_source_loses_nothing_and_a_quiet_run_later_the_warehouse_equals_it(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await play(replace(History.of(seed), with_night=False), tmp_path, monkeypatch)


@pytest.mark.parametrize("seed", long_from(1, NIGHTS))
async def test_where_lines_and_payments_do_not_show_in_modified_a_quiet_night_keeps_what_it_promises(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await play(History.of(seed), tmp_path, monkeypatch)


async def test_a_page_that_was_the_last_when_it_was_asked_for_but_not_when_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last page comes when the list is a row longer, the page before it when another row has gone again."""
    pages, houses = [0], list[House]()

    def between() -> None:
        pages[0] += 1
        if pages[0] == 1:
            houses[0].sandbox.put("customers", houses[0].sandbox.get("customers", 1110) | {"id": 1111})
        if pages[0] == 2:
            houses[0].sandbox.delete("customers", 1190)

    be_quick(monkeypatch)
    monkeypatch.setenv("LEAFLINK_PAGE_SIZE", "9")
    faults = second_request_fails()
    async with open_house(
        tmp_path, monkeypatch, orders=25, seed=3, only="customers", between=between, faults=faults
    ) as house:
        houses.append(house)
        renumber(house, first=1000, step=10)
        await house.extract(full=True)
        house.merge()

        assert pages[0] > 3
        assert house.differences("customers", "id") == []


def second_request_fails() -> Faults:
    """Return faults that befall the second of the first few requests."""
    wanted = [None, "503", *[None] * 6]
    schedules = (Faults({"503": 0.3}, seed=seed, until=len(wanted)) for seed in range(1000))
    return next(each for each in schedules if [each.at(number) for number in range(1, len(wanted) + 1)] == wanted)


def renumber(house: House, *, first: int, step: int) -> None:
    """Give the customers ids with room between them."""
    with house.sandbox.transaction():
        for position, row in enumerate(list(house.sandbox.rows("customers"))):
            house.sandbox.delete("customers", row["id"])
            house.sandbox.put("customers", row | {"id": first + step * position})
