"""A Spark Connect server of this environment: Sail where pysail is installed, else Apache Spark."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SERVES = "org.apache.spark.sql.connect.service.SparkConnectServer"
IS_SAIL = importlib.util.find_spec("pysail") is not None
_PATIENCE = 90


@contextmanager
def engine(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start a server whose workers see `environment`, and yield its sc:// URL. Its log is in `folder`."""
    log, port = folder / "engine.log", 0
    variables = {**os.environ, "PYSPARK_PYTHON": sys.executable, **(environment or {})}
    with log.open("w") as output:
        process = subprocess.Popen(
            _command(folder), stdout=output, stderr=output, env=variables, cwd=folder, start_new_session=True
        )
    try:
        deadline = time.monotonic() + _PATIENCE
        while not (port := _port(log.read_text())):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the engine did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with its workers
        process.wait()


def _command(folder: Path) -> list[str]:
    binaries = Path(sys.executable).parent
    if IS_SAIL:
        return [str(binaries / "sail"), "spark", "server", "--port", "0"]
    settings = {
        "spark.connect.grpc.binding.port": "0",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",  # 200 by default, for a few thousand rows on two cores
        "spark.sql.warehouse.dir": str(folder / "spark-warehouse"),
        "spark.ui.enabled": "false",
    }
    options = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    return [str(binaries / "spark-submit"), "--master", "local[2]", *options, "--class", SERVES, "spark-internal"]


def _port(log: str) -> int:
    found = re.search(r"Spark Connect server (?:started at: |on )\S*:(\d+)", log)
    return int(found[1]) if found else 0
