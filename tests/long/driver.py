"""Running one case after the other outside of pytest: each in its own folder and environment, all failures shown."""

import argparse
import asyncio
import contextlib
import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

Case = Callable[[int, Path, pytest.MonkeyPatch], Awaitable[str]]


def run_cases(what: str, count: int, case: Case) -> None:
    """Run `case` for as many seeds as the command line says (`count` without it), and exit with 1 if one failed.

    A case returns how it ended, in words of which those before the first comma are counted.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument(f"--{what}", dest="count", type=int, default=count)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    started, endings, failures = time.monotonic(), Counter[str](), 0
    for seed in range(options.first, options.first + options.count):
        try:
            endings[_run(case, seed).partition(",")[0]] += 1
        except Exception as error:
            failures += 1
            print(f"seed {seed}: {type(error).__name__}: {str(error)[:3000]}", flush=True)
        if sys.stderr.isatty():
            print(f"\r{sum(endings.values()):,} {what}, {failures} failures", end="", file=sys.stderr)
    seconds = time.monotonic() - started
    print(f"{options.count:,} {what} in {seconds:,.0f} s: {dict(endings)}, {failures} failures")
    sys.exit(1 if failures else 0)


def _run(case: Case, seed: int) -> str:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as monkeypatch:
        for name in list(os.environ):
            if name.startswith(("LEAFLINK_", "LEAFHOUSE_")):
                monkeypatch.delenv(name)
        monkeypatch.chdir(folder)
        with contextlib.redirect_stderr(io.StringIO()):
            return asyncio.run(case(seed, Path(folder), monkeypatch))  # type: ignore[arg-type]
