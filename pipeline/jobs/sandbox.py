"""The sandbox as a server of its own, for trying Leafhouse or any other reader of the API."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import anyio

from pipeline import clock
from pipeline.errors import UsageError
from pipeline.sandbox import Sandbox, SandboxConfig, ServerSettings, serve
from pipeline.sandbox.trouble.ordering import check_orders
from pipeline.sandbox.trouble.wiggling import wiggle


@dataclass(frozen=True)
class Rhythm:
    """How often a sandbox moves while it is served; 0 is never.

    It moves on by a step after every `move_every` answers, and one small thing changes after every `change_every`.
    """

    move_every: int
    change_every: int


async def serve_sandbox(
    folder: Path, config: SandboxConfig, settings: ServerSettings, rhythm: Rhythm,
    *, host: str, port: int, say: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve the sandbox in `folder` (made as `config` says when it is new) until the process is told to stop.

    Raises UsageError if `host` can be none, or a resource has no field for the order that `settings.listed` wants.
    """
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise UsageError(f"--host {host}: neither an address nor a name of a host.") from error
    sandbox = Sandbox.open(folder, config, clock.now())
    try:
        try:
            check_orders(sandbox.store, settings.listed)
        except ValueError as error:
            raise UsageError(f"--listed: {error}") from error
        moving = replace(settings, between=_between(sandbox, rhythm))
        async with serve(sandbox, host=host, port=port, **vars(moving)) as base_url:
            say(f"LEAFLINK_BASE_URL={base_url} LEAFLINK_API_KEY={settings.key}")
            say(f"{sandbox.count('orders_received'):,} orders, invented. Stop with Ctrl-C.")
            await anyio.sleep_forever()
    finally:
        sandbox.close()


def _between(sandbox: Sandbox, rhythm: Rhythm) -> Callable[[], None]:
    """Return what is to be called after each answer: it moves the sandbox on, and changes it, every so many times."""
    given, rng = 0, Random(sandbox.config.seed)  # noqa: S311  # test data, not a secret

    def count() -> None:
        nonlocal given
        given += 1
        if rhythm.move_every and given % rhythm.move_every == 0:
            sandbox.advance(clock.now())
        if rhythm.change_every and given % rhythm.change_every == 0:
            wiggle(sandbox, rng, touch=True, now=clock.now())

    return count
