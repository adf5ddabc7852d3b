"""`make bench`: the nightly job against a plain script, from a server in another process.

10,000 orders with 80,000 lines and 9,000 payments, without latency and at 150 ms, three times each (once at
150 ms, where the script waits for minutes). Prints medians and ratios.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.measure import Cost, nightly, sandbox, script

ROUNDS = {0: 3, 150: 1}


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
        print(f"{options.orders:,} orders; wall and CPU seconds of whole processes, medians")
        print(f"{'latency':>9} {'':<22}{'wall s':>8}{'CPU s':>8}{'rows/s':>10}{'peak MB':>9}")
        for latency in options.latency_ms:
            compare(folder, options.orders, latency)


def compare(folder: Path, orders: int, latency: int) -> None:
    """Measure both at one latency and print two lines and the ratios."""
    with sandbox(folder / "sandbox", orders=orders, latency_ms=latency) as base_url:
        found: dict[str, list[Cost]] = {"leafhouse": [], "script": []}
        ways: dict[str, Callable[[str, Path], Cost]] = {"leafhouse": nightly, "script": script}
        for turn in range(ROUNDS.get(latency, 1)):
            for name, way in ways.items():
                found[name].append(way(base_url, folder / f"{name}-{latency}-{turn}"))
    rows = int(found["script"][-1].output.split()[-1])
    ours, theirs = median(found["leafhouse"]), median(found["script"])
    for name, cost in (("leafhouse, with marts", ours), ("script, raw tables only", theirs)):
        print(
            f"{latency:>6} ms {name:<24}{cost.wall:>6.1f}{cost.cpu:>8.1f}{rows / cost.wall:>10,.0f}{cost.peak_mb:>9.0f}"
        )
    print(f"{'':>9} ratio                 {ours.wall / theirs.wall:>8.3f}{ours.cpu / theirs.cpu:>8.2f}")


if __name__ == "__main__":
    main()
