"""A source that gives fields every type that LeafLink documents is read as one that gives them always the same."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipeline.sandbox.trouble.wiggling import wiggle

from ..marks import long_from
from .nights import FIVE, open_house


def says_less(column: str, expected: Any, landed: Any) -> bool:
    """Whether a column lacks what the other type cannot say: the currency of a bare amount, all but the id of an id."""
    if column.endswith("_currency"):
        return landed is None
    return column in ("customer", "sales_reps") and ids_of(expected) == ids_of(landed)


def ids_of(value: Any) -> Any:
    return [each["id"] for each in value] if isinstance(value, list) else value and value["id"]


@pytest.mark.parametrize("seed", long_from(1, [1, 2]))
async def test_documented_types_mixed_by_chance_land_as_what_they_say_and_no_row_is_taken_apart(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(tmp_path, monkeypatch, orders=60, seed=seed, mixed_types=seed) as house:
        first = await house.extract(full=True)
        house.merge()
        rng = Random(seed)
        for _ in range(20):
            wiggle(house.sandbox, rng, touch=True)
        second = await house.extract()
        house.merge()
        con = house.connect()
        slow = con.execute("SELECT slow_rows FROM meta.runs ORDER BY run_id").fetchall()
        aside = con.execute("SELECT count(*) FROM meta.quarantine").fetchall()
        odd = [con.execute(f"SELECT count(_odd) FROM raw.{name}").fetchone() for name in FIVE]
        retyped = con.execute("SELECT field FROM meta.drift WHERE kind = 'retyped'").fetchall()
        con.close()

        assert {("paid",), ("customer.delinquent",), ("total",), ("product",)} <= set(retyped), "types are mixed"
        assert (first.slow_rows, second.slow_rows, slow) == (0, 0, [(0,), (0,)])
        assert (aside, odd) == ([(0,)], [(0,)] * len(FIVE))
        for resource, key in FIVE.items():
            found = [each for each in house.differences(resource, key) if not says_less(*each[1:])]
            assert found == [], resource
