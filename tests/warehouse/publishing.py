"""Many publishes while eight processes read what is published."""

import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from .seller import LINES, ORDERS, Seller, line, order, read_all

CHECKOUT = Path(__file__).parents[2]
# How a reader opens the file, and for how many seconds it holds it: the last two through several publishes.
READERS = (*[("pipeline", 0.1), ("duckdb", 0.1)] * 3, ("pipeline", 2.0), ("duckdb", 2.0))
_PATIENCE_SECONDS = 120


def publish_under_readers(seller: Seller, count: int, readers_of: Sequence[tuple[str, float]] = READERS) -> None:
    """Publish `count` times while some read, at least one of whom sees each publish.

    Raises AssertionError when a reader met an error, saw half of a publish, or did not come to see the last one.
    """
    publish(seller, 1)
    with ExitStack() as stack:
        readers = []
        for how, seconds in readers_of:
            readers.append(stack.enter_context(start(seller.published, how, seconds, last=count + 1)))
            stack.callback(readers[-1].kill)
        assert [next_seen(reader) for reader in readers] == [1] * len(readers)
        for run in range(2, count + 2):
            publish(seller, run)
            visitor = readers[run % (len(readers) - 2)]
            while next_seen(visitor) < run:
                pass
        assert [reader.wait(_PATIENCE_SECONDS) for reader in readers] == [0] * len(readers)


def publish(seller: Seller, run: int) -> None:
    """Land and load fifty orders of two lines each, all of which show the number of the run."""
    numbers = [f"order {number}" for number in range(50)]
    seller.land(
        read_all(ORDERS, *(order(number, f"run {run}") for number in numbers)),
        read_all(LINES, *(line(key, numbers[key % 50], run) for key in range(100))),
    )
    seller.load()


def start(path: Path, how: str, seconds: float, *, last: int) -> subprocess.Popen[str]:
    """Start a reader."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.warehouse.watching", str(path), how, str(seconds), str(last)],
        stdout=subprocess.PIPE, text=True, cwd=CHECKOUT,
    )  # fmt: skip


def next_seen(reader: subprocess.Popen[str]) -> int:
    """Return the number of the next publish that a reader sees."""
    assert reader.stdout is not None
    text = reader.stdout.readline()
    assert text, "a reader ended"
    return int(text)
