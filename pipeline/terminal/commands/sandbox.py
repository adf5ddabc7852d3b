"""`leafhouse sandbox`."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.terminal.command import Command, wait_for
from pipeline.terminal.console import Output


def sandbox(
    orders: Annotated[int, typer.Option(min=1, help="Orders that a new sandbox starts with.")] = 1200,
    seed: Annotated[int, typer.Option(help="Picks the data of a new sandbox.")] = 1,
    folder: Annotated[Path, typer.Option(help="Where its state is kept.")] = Path("data/sandbox"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 is any free one.")] = 8808,
    key: Annotated[str, typer.Option(help="The key that it takes.")] = "sandbox",
    rate: Annotated[int, typer.Option(min=0, help="Requests a minute; 0 is no limit.")] = 300,
    latency_ms: Annotated[int, typer.Option(min=0, help="Milliseconds to wait before each answer.")] = 0,
    faults: Annotated[str, typer.Option(metavar="F:RATE,…", help="What goes wrong: 429:0.05,reset:0.01,seed=7.")] = "",
    move_every: Annotated[int, typer.Option(min=0, help="Answers after which the data move on; 0 is never.")] = 0,
    change_every: Annotated[int, typer.Option(min=0, help="Answers after which one thing changes; 0 is never.")] = 0,
    listed: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RESOURCE=ORDER",
            help="Order of a list, such as line_items=-key: key, created, modified (each with - "
            "for downwards) or shuffled; * is every other resource. May be given several times.",
        ),
    ] = None,
    mixed_types: Annotated[
        int | None, typer.Option(metavar="SEED", help="Give fields the other types that LeafLink documents, by chance.")
    ] = None,
) -> None:
    """Serve an embedded LeafLink with invented data over HTTP, until Ctrl-C."""
    from pipeline.jobs.sandbox import Rhythm, serve_sandbox
    from pipeline.sandbox import Faults, SandboxConfig, ServerSettings
    from pipeline.sandbox.trouble.ordering import parse_orders

    say = Output(as_json=False).say
    config, rhythm = SandboxConfig(orders=orders, seed=seed), Rhythm(move_every, change_every)
    settings = ServerSettings(
        key=key, rate_per_minute=rate, latency_seconds=latency_ms / 1000, faults=Faults.parse(faults),
        listed=parse_orders(listed or []), mixed_types=mixed_types,
    )  # fmt: skip
    wait_for(serve_sandbox, folder, config, settings, rhythm, host=host, port=port, say=say)


SANDBOX = Command("sandbox", 100, sandbox)
