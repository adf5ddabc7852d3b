"""Loads of the three headline marts alone, for tests of how nights go: the other 43 would make them thrice as long."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from unittest.mock import patch

import pytest

from pipeline.models import Project
from tests.parts import PROJECT, models_of

MODELS = models_of(("marts.ar_aging", "marts.brand_performance", "marts.sell_through"))
_MADE = {model.name for model in PROJECT.models} - {model.name for model in MODELS}
AUDITS = [audit for audit in PROJECT.audits if _MADE.isdisjoint(audit.inputs)]
_in_force = False


def are_in_force() -> bool:
    """Say whether loads make few marts now."""
    return _in_force


@contextmanager
def few_marts() -> Iterator[None]:
    """Let every load of this process, and of those forked from it, make the headline marts alone."""
    global _in_force
    before, _in_force = _in_force, True
    try:
        with patch.object(Project, "models", MODELS), patch.object(Project, "audits", AUDITS):
            yield
    finally:
        _in_force = before


@pytest.fixture(autouse=True)
def use_few_marts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Use few marts in every test of a folder whose conftest imports this, but for those marked `every_mart`."""
    with nullcontext() if request.node.get_closest_marker("every_mart") else few_marts():
        yield
