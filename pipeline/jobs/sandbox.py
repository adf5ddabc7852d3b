"""The sandbox as a server of its own, for trying Leafhouse or any other reader of the API."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio

from pipeline.sandbox import Sandbox, SandboxConfig, serve


async def serve_sandbox(
    folder: Path, *, orders: int, seed: int, host: str, port: int, key: str, rate: int, latency_seconds: float,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve the sandbox in `folder` (made with so many orders when it is new) until the process is told to stop."""
    sandbox = Sandbox.open(folder, SandboxConfig(orders=orders, seed=seed), datetime.now(UTC))
    try:
        limits = {"rate_per_minute": rate, "latency_seconds": latency_seconds}
        async with serve(sandbox, host=host, port=port, key=key, **limits) as base_url:
            say(f"LEAFLINK_BASE_URL={base_url} LEAFLINK_API_KEY={key}")
            say(f"{sandbox.count('orders_received'):,} orders, invented. Stop with Ctrl-C.")
            await anyio.sleep_forever()
    finally:
        sandbox.close()
