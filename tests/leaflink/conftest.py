from collections.abc import AsyncIterator, Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import settings
from pydantic import SecretStr

from pipeline.leaflink import Client, Pacer, Source, Waits

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
    """Make a client of the `leaflink` server that is quick to try again and to give up; times are those of Waits."""

    def make(**settings: Any) -> Client:
        source = settings.pop("source", None) or Source(leaflink.url, SecretStr(KEY))
        pacer = settings.pop("pacer", None) or Pacer(rate_per_minute=0)
        times = {each.name: settings.pop(each.name) for each in fields(Waits) if each.name in settings}
        quick = Waits(give_up=20.0, unreachable=0.05, backoff=0.002)
        return Client(source, pacer, waits=replace(quick, **times), **settings)

    return make
