"""A client that does not make tests wait: short pauses between tries, short time-outs, little patience."""

from functools import partial
from typing import Any

import pytest

from pipeline.leaflink import Client


def be_quick(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Let the extract job make its client with `settings` beside its own, and pause for milliseconds only."""
    quick = {"backoff_seconds": 0.002, **settings}
    monkeypatch.setattr("pipeline.jobs.extract.Client", partial(Client, **quick))
