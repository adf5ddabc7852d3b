"""The sandbox as a server of its own, for trying Leafhouse or any other reader of the API."""

from collections.abc import Callable
from pathlib import Path

import anyio

from pipeline import clock
from pipeline.sandbox import Faults, Sandbox, SandboxConfig, serve


async def serve_sandbox(
    folder: Path, *, orders: int, seed: int, host: str, port: int, key: str, rate: int, latency_seconds: float,
    faults: Faults, move_every: int, say: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve the sandbox in `folder` (made with so many orders when it is new) until the process is told to stop.

    It moves on by a step after every `move_every` answers; 0 is never.
    """
    sandbox = Sandbox.open(folder, SandboxConfig(orders=orders, seed=seed), clock.now())
    try:
        limits = {"rate_per_minute": rate, "latency_seconds": latency_seconds}
        between = _move_every(move_every, sandbox) if move_every else None
        async with serve(sandbox, host=host, port=port, key=key, faults=faults, between=between, **limits) as base_url:
            say(f"LEAFLINK_BASE_URL={base_url} LEAFLINK_API_KEY={key}")
            say(f"{sandbox.count('orders_received'):,} orders, invented. Stop with Ctrl-C.")
            await anyio.sleep_forever()
    finally:
        sandbox.close()


def _move_every(answers: int, sandbox: Sandbox) -> Callable[[], None]:
    """Return what is to be called after each answer: every so many times, it moves the sandbox on to now."""
    given = 0

    def count() -> None:
        nonlocal given
        given += 1
        if given % answers == 0:
            sandbox.advance(clock.now())

    return count
