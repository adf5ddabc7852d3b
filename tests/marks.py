"""Which cases of a test run in `make test`, and which in `make test-all` only."""

from collections.abc import Iterable
from typing import Any

import pytest


def long_from(count: int, cases: Iterable[Any]) -> list[Any]:
    """Return the cases of a parametrized test, those after the first `count` marked as long."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.long if index >= count else ())
        for index, case in enumerate(cases)
    ]
