"""Loads of few marts, for tests of how nights go: all 46 would make them thrice as long.

They read the resources that these marts need, and five more, and write no comment on a column: 900 of them took a
quarter of a first load.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from unittest.mock import patch

import pytest

from pipeline.models import Project, catalog, seeds
from pipeline.resources import all_resources
from pipeline.warehouse import history
from tests.parts import PROJECT, models_of

# Read when this is imported, so that a process forked from here need not.
_MODELS, _AUDITS = PROJECT.models, PROJECT.audits
# What is owed is what most tests look at.
_MARTS = ("ar_aging",)
# What tells an account, and two short lists, beside what the marts need.
_READ = ("brands", "contacts", "order_event_logs", "product_categories", "reports")
# What `few_marts` was called with, where it is in force now.
_in_force: tuple[tuple[str, ...], bool] | None = None


def in_force() -> tuple[tuple[str, ...], bool] | None:
    """Return the marts that are made beside `marts.ar_aging`, and whether every resource is read; None for all."""
    return _in_force


def _write_no_comments(*_: object) -> None:
    pass


@contextmanager
def few_marts(*more: str, every_resource: bool = False) -> Iterator[None]:
    """Let every load of this process, and of those forked from it, make `marts.ar_aging` and those named alone."""
    global _in_force
    before, _in_force = _in_force, (more, every_resource)
    models = models_of(f"marts.{mart}" for mart in (*_MARTS, *more))
    read = {
        name: resource
        for name, resource in all_resources().items()
        if every_resource or name in _READ or any(f"raw.{name}" in model.inputs for model in models)
    }
    missing = {model.name for model in _MODELS} - {model.name for model in models}
    missing |= {f"raw.{name}" for name in all_resources().keys() - read.keys()}
    audits = [each for each in _AUDITS if missing.isdisjoint(each.inputs) and each.name != "audit.documented_columns"]
    try:
        with ExitStack() as patched:
            patched.enter_context(patch.object(Project, "models", models))
            patched.enter_context(patch.object(Project, "audits", audits))
            patched.enter_context(patch.dict(all_resources(), read, clear=True))
            for module in (catalog, history, seeds):
                patched.enter_context(patch.object(module, "write_comments", _write_no_comments))
            patched.enter_context(patch.object(catalog, "derivations", lambda *_: {}))
            yield
    finally:
        _in_force = before


@pytest.fixture(autouse=True)
def use_few_marts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Use few marts in every test of a folder whose conftest imports this, but for those that are marked otherwise."""
    more = [mart for mark in request.node.iter_markers("marts") for mart in mark.args]
    every_resource = request.node.get_closest_marker("every_resource") is not None
    every_mart = request.node.get_closest_marker("every_mart") is not None
    with nullcontext() if every_mart else few_marts(*more, every_resource=every_resource):
        yield
