"""Processes that are forked from one that has imported what commands import, which takes longer than most of them."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from pipeline import cli, clock
from tests.few_marts import few_marts, in_force

CHECKOUT = Path(__file__).parents[1]
_PATIENCE_SECONDS = 60
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.preloaded"])


def run_command(*arguments: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run `leafhouse` with these arguments to its end, and return its exit code, stdout and stderr."""
    return run_forked(_leafhouse, *arguments, folder=folder, environment=environment)


def _leafhouse(*arguments: str) -> None:
    sys.argv = ["leafhouse", *arguments]
    cli.main()


def run_forked(
    function: Callable[..., None],
    *arguments: object,
    folder: Path,
    environment: Mapping[str, str],
    on_start: Callable[[int], object] = bool,
) -> tuple[int, str, str]:
    """Call a function in a process of its own, and return its exit code, stdout and stderr.

    `on_start` is called with its id. One that does not end is killed; a code below zero is the signal that killed it.
    Its clock is what ours is now, and goes on from there. Where few marts are in force here, they are there.
    """
    with TemporaryDirectory() as output:
        ahead = clock.now() - datetime.now(UTC)
        wanted = (function, arguments, folder, dict(environment), Path(output), ahead, in_force())
        process = _FORKED.Process(target=_call, args=wanted)
        with patch.dict(os.environ, PYTHONPATH=str(CHECKOUT)):  # the first one starts the process to fork from
            process.start()
        assert process.pid is not None
        on_start(process.pid)
        process.join(_PATIENCE_SECONDS)
        process.kill()
        process.join()
        assert process.exitcode is not None
        return process.exitcode, Path(output, "stdout").read_text(), Path(output, "stderr").read_text()


def _call(
    function: Callable[..., None],
    arguments: tuple[object, ...],
    folder: Path,
    environment: dict[str, str],
    output: Path,
    ahead: timedelta,
    few: tuple[tuple[str, ...], bool] | None,
) -> None:
    clock.now = lambda: datetime.now(UTC) + ahead
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(output / name, os.O_CREAT | os.O_WRONLY), number)
    with nullcontext() if few is None else few_marts(*few[0], every_resource=few[1]):
        function(*arguments)
