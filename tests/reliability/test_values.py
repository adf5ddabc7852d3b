"""A generated row lands exactly, or is set aside with the right field named (more: tests/long/values.py)."""

from pathlib import Path
from random import Random

import pytest

from .records import Warehouse, make_record


@pytest.mark.parametrize("batch", [1, 9, 90, 900])
def test_a_row_lands_exactly_or_is_set_aside_with_the_right_field_named(batch: int, tmp_path: Path) -> None:
    warehouse, rng = Warehouse(tmp_path), Random(batch)
    total = {1: 20, 9: 90, 90: 270, 900: 900}[batch]
    counts = [
        warehouse.check([make_record(rng, number) for number in range(start, min(start + batch, total))])
        for start in range(0, total, batch)
    ]

    assert sum(landed + aside for landed, aside in counts) == total
    assert sum(landed for landed, _ in counts) > total / 8
    assert sum(aside for _, aside in counts) > total / 8
