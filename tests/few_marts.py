"""Loads of the three headline marts alone, for tests of how nights go: the other 43 would make them thrice as long.

They read the resources that these marts need, and three more that tell an account.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from unittest.mock import patch

import pytest

from pipeline.models import Project
from pipeline.resources import all_resources
from tests.parts import PROJECT, models_of

MODELS = models_of(("marts.ar_aging", "marts.brand_performance", "marts.sell_through"))
_MADE = {model.name for model in PROJECT.models} - {model.name for model in MODELS}
AUDITS = [audit for audit in PROJECT.audits if _MADE.isdisjoint(audit.inputs)]
RESOURCES = {
    name: resource
    for name, resource in all_resources().items()
    if name in ("contacts", "order_event_logs", "reports") or any(f"raw.{name}" in model.inputs for model in MODELS)
}
_UNREAD = {f"raw.{name}" for name in all_resources().keys() - RESOURCES.keys()}
_in_force: dict[str, bool] | None = None


def in_force() -> dict[str, bool] | None:
    """Return what `few_marts` was called with, where it is in force now."""
    return _in_force


@contextmanager
def few_marts(*, every_resource: bool = False) -> Iterator[None]:
    """Let every load of this process, and of those forked from it, make the headline marts alone."""
    global _in_force
    before, _in_force = _in_force, {"every_resource": every_resource}
    known = dict(all_resources()) if every_resource else RESOURCES
    audits = AUDITS if every_resource else [audit for audit in AUDITS if _UNREAD.isdisjoint(audit.inputs)]
    try:
        with (
            patch.object(Project, "models", MODELS),
            patch.object(Project, "audits", audits),
            patch.dict(all_resources(), known, clear=True),
        ):
            yield
    finally:
        _in_force = before


@pytest.fixture(autouse=True)
def use_few_marts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Use few marts in every test of a folder whose conftest imports this, but for those that are marked otherwise."""
    every_resource = request.node.get_closest_marker("every_resource") is not None
    with nullcontext() if request.node.get_closest_marker("every_mart") else few_marts(every_resource=every_resource):
        yield
