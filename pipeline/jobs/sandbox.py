"""The sandbox as a server of its own, for trying Leafhouse or any other reader of the API."""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import anyio

from pipeline import clock
from pipeline.errors import UsageError
from pipeline.sandbox import Faults, Sandbox, SandboxConfig, serve
from pipeline.sandbox.trouble.ordering import check_orders
from pipeline.sandbox.trouble.wiggling import wiggle


async def serve_sandbox(
    folder: Path, *, orders: int, seed: int, host: str, port: int, key: str, rate: int, latency_seconds: float,
    faults: Faults, move_every: int, change_every: int, listed: Mapping[str, str], mixed_types: int | None,
    say: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve the sandbox in `folder` (made with so many orders when it is new) until the process is told to stop.

    It moves on by a step after every `move_every` answers, and one small thing changes after every `change_every`;
    0 is never. `mixed_types` is the seed by which documented types are mixed. Raises UsageError if a resource has no
    field for the order that `listed` wants.
    """
    sandbox = Sandbox.open(folder, SandboxConfig(orders=orders, seed=seed), clock.now())
    try:
        try:
            check_orders(sandbox.store, listed)
        except ValueError as error:
            raise UsageError(f"--listed: {error}") from error
        settings = {
            "rate_per_minute": rate, "latency_seconds": latency_seconds, "faults": faults, "listed": listed,
            "mixed_types": mixed_types,
        }  # fmt: skip
        between = _between(sandbox, move_every, change_every)
        async with serve(sandbox, host=host, port=port, key=key, between=between, **settings) as base_url:
            say(f"LEAFLINK_BASE_URL={base_url} LEAFLINK_API_KEY={key}")
            say(f"{sandbox.count('orders_received'):,} orders, invented. Stop with Ctrl-C.")
            await anyio.sleep_forever()
    finally:
        sandbox.close()


def _between(sandbox: Sandbox, move_every: int, change_every: int) -> Callable[[], None]:
    """Return what is to be called after each answer: it moves the sandbox on, and changes it, every so many times."""
    given, rng = 0, Random(sandbox.config.seed)  # noqa: S311  # test data, not a secret

    def count() -> None:
        nonlocal given
        given += 1
        if move_every and given % move_every == 0:
            sandbox.advance(clock.now())
        if change_every and given % change_every == 0:
            wiggle(sandbox, rng, touch=True, now=clock.now())

    return count
