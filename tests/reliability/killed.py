"""Leafhouse, killed so long after a step that it takes.

A step is something in the data folder that is opened, made, renamed, linked or removed; how many there were is printed
in the end. With 0 for STEP nothing is killed.
"""

import os
import signal
import sys
from typing import Any

from pipeline import cli
from pipeline.jobs import load, run  # noqa: F401  # what a command imports is no step

_STEPS = ("open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate")
steps = 0


def main(step: int, seconds: float, *arguments: str) -> None:
    """Run the command, and kill it `seconds` after its step number `step`."""
    data_dir = os.environ["LEAFHOUSE_DATA_DIR"]

    def watch(event: str, values: tuple[Any, ...]) -> None:
        global steps
        if event not in _STEPS or not any(data_dir in str(value) for value in values):
            return
        steps += 1
        if steps != step:
            return
        if seconds:
            signal.setitimer(signal.ITIMER_REAL, seconds)  # nobody handles SIGALRM: it kills as well
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    sys.argv = ["leafhouse", *arguments]
    try:
        cli.main()
    finally:
        sys.stderr.write(f"\n{steps}\n")
