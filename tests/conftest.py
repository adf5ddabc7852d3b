"""What all tests share: the same examples each time, and an environment of their own."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "leafhouse", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("leafhouse")


def own_environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Keep the developer's settings, `.env` and data folder out of what is done in `folder`."""
    for name in list(os.environ):
        if name.startswith(("LEAFLINK_", "LEAFHOUSE_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own_environment(monkeypatch, tmp_path)
