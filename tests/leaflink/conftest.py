from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import settings
from pydantic import SecretStr

from pipeline.leaflink import Client, Pacer, Source

from .server import Server

# The same examples each time, and no verdict about time.
settings.register_profile("leafhouse", derandomize=True, deadline=None, database=None)
settings.load_profile("leafhouse")

KEY = "k9-Very.Secret_key+with/signs=42"


@pytest.fixture
async def leaflink() -> AsyncIterator[Server]:
    async with Server() as server:
        yield server


@pytest.fixture
def open_client(leaflink: Server) -> Callable[..., Client]:
    """Make a client of the `leaflink` server that is quick to try again and to give up."""

    def make(**settings: Any) -> Client:
        source = settings.pop("source", None) or Source(leaflink.url, SecretStr(KEY))
        pacer = settings.pop("pacer", None) or Pacer(rate_per_minute=0)
        quick = {"give_up_seconds": 20.0, "unreachable_seconds": 0.05, "backoff_seconds": 0.002}
        return Client(source, pacer, **{**quick, **settings})

    return make
