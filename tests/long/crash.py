"""Many kills of nights at random moments: `python -m tests.long.crash --kills 500`."""

import argparse
import asyncio
import contextlib
import io
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.reliability.crashes import open_scene


async def kill_many(seeds: range) -> int:
    """Kill a night for each seed, print those that ended wrongly, and return how many did."""
    started, killed, failures = time.monotonic(), Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        for name in [each for each in os.environ if each.startswith(("LEAFLINK_", "LEAFHOUSE_"))]:
            monkeypatch.delenv(name)
        async with open_scene(Path(folder), monkeypatch, orders=25) as scene:
            for seed in seeds:
                try:
                    with contextlib.redirect_stderr(io.StringIO()):
                        killed[(await scene.kill(seed, monkeypatch)).partition(",")[0]] += 1
                except Exception as error:
                    failures += 1
                    print(f"seed {seed}: {type(error).__name__}: {str(error)[:3000]}", flush=True)
    seconds = time.monotonic() - started
    print(f"{len(seeds):,} kills in {seconds:,.0f} s: {dict(killed)}, {failures} failures")
    return failures


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    sys.exit(1 if asyncio.run(kill_many(range(options.first, options.first + options.kills))) else 0)
