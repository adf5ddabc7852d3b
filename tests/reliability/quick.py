"""A client that does not make tests wait: short pauses between tries, short time-outs, little patience."""

from functools import partial

import pytest

from pipeline.leaflink import Waits


def be_quick(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
    """Let the extract job's client wait for so many `seconds` (see Waits), and between tries for milliseconds only."""
    quick = {"backoff": 0.002, **seconds}
    monkeypatch.setattr("pipeline.jobs.extract.Waits", partial(Waits, **quick))
