"""`make bench`: the nightly job against a plain script, from a server in another process.

10,000 orders with 80,000 lines and 9,000 payments, without latency and at 150 ms, five times each (once at
150 ms, where the script waits for minutes). Prints medians and ratios.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.measure import Cost, one_command, sandbox, script, two_commands

ROUNDS = {0: 5, 150: 1}
SCRIPT = "script, raw tables only"
WAYS: dict[str, Callable[[str, Path], Cost]] = {
    "leafhouse run": one_command,
    "leafhouse extract, load": two_commands,
    SCRIPT: script,
}


def median(costs: list[Cost]) -> Cost:
    """Return the medians of the figures."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        max(cost.peak_mb for cost in costs),
        costs[-1].output,
    )


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--latency-ms", type=int, nargs="*", default=list(ROUNDS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print(f"{options.orders:,} orders; wall and CPU seconds of whole processes, medians, with ratios to the script")
        print(f"{'latency':>9} {'':<26}{'wall s':>8}{'ratio':>7}{'CPU s':>8}{'ratio':>7}{'rows/s':>10}{'peak MB':>9}")
        for latency in options.latency_ms:
            compare(folder, options.orders, latency)


def compare(folder: Path, orders: int, latency: int) -> None:
    """Measure all ways at one latency, in turns, and print a line and its ratios for each."""
    with sandbox(folder / "sandbox", orders=orders, latency_ms=latency) as base_url:
        found: dict[str, list[Cost]] = {name: [] for name in WAYS}
        for turn in range(ROUNDS.get(latency, 1)):
            for name, way in WAYS.items():
                found[name].append(way(base_url, folder / f"{name}-{latency}-{turn}"))
    rows = int(found[SCRIPT][-1].output.split()[-1])
    theirs = median(found[SCRIPT])
    for name, costs in found.items():
        cost = median(costs)
        print(
            f"{latency:>6} ms {name:<26}{cost.wall:>8.1f}{cost.wall / theirs.wall:>7.2f}{cost.cpu:>8.1f}"
            f"{cost.cpu / theirs.cpu:>7.2f}{rows / cost.wall:>10,.0f}{cost.peak_mb:>9.0f}"
        )


if __name__ == "__main__":
    main()
