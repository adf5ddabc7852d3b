"""Running commands and measuring them as whole processes."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEY = "bench-key"
LEAFHOUSE = (sys.executable, "-m", "pipeline.cli")
# What the script reads, and no more.
EVERYTHING = ("--full", "--only", "orders-received,line-items,customers,products,order-payments")


@dataclass(frozen=True)
class Cost:
    """What a command took: wall and CPU seconds (user and system), and its peak memory in MB."""

    wall: float
    cpu: float
    peak_mb: float
    output: str

    def __add__(self, other: "Cost") -> "Cost":
        peak = max(self.peak_mb, other.peak_mb)
        return Cost(self.wall + other.wall, self.cpu + other.cpu, peak, self.output + other.output)


def run(command: tuple[str, ...], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end; raises SystemExit with its output when it fails."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text)


@contextmanager
def sandbox(folder: Path, *, orders: int, latency_ms: int) -> Iterator[str]:
    """Serve a sandbox from another process, without a rate limit, and yield its base URL."""
    command = (
        *LEAFHOUSE, "sandbox", "--orders", str(orders), "--folder", str(folder), "--port", "0",
        "--rate", "0", "--latency-ms", str(latency_ms), "--key", KEY,
    )  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            found = re.search(r"http://\S+", line)
            if found:
                yield found[0]
                return
        raise SystemExit("the sandbox did not start")
    finally:
        process.terminate()
        process.wait()


def one_command(base_url: str, folder: Path) -> Cost:
    """Bring everything from `base_url` into a fresh data folder with `leafhouse run`, as cron does."""
    return run((*LEAFHOUSE, "run", *EVERYTHING), _environment(base_url, folder))


def two_commands(base_url: str, folder: Path) -> Cost:
    """Bring everything from `base_url` into a fresh data folder with `extract` and `load`."""
    environment = _environment(base_url, folder)
    return run((*LEAFHOUSE, "extract", *EVERYTHING), environment) + run((*LEAFHOUSE, "load"), environment)


def _environment(base_url: str, folder: Path) -> dict[str, str]:
    return {
        "LEAFLINK_BASE_URL": base_url, "LEAFLINK_API_KEY": KEY, "LEAFLINK_RATE_PER_MINUTE": "0",
        "LEAFHOUSE_DATA_DIR": str(folder),
    }  # fmt: skip


def script(base_url: str, folder: Path) -> Cost:
    """Fetch and load everything with the plain script."""
    folder.mkdir()
    return run((sys.executable, "-m", "bench.script", base_url, KEY, str(folder)), {})
