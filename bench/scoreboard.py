"""What becomes of the rows in hostile situations: Leafhouse, the plain script and dlt, side by side.

`python -m bench.scoreboard` writes the table into docs/reliability.md. The source is a sandbox in another process; dlt
gets a virtual environment of its own, in a temporary folder.
"""

import argparse
import http.server
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import venv
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

import pipeline
from bench.hostile import SITUATIONS, TABLES, Situation
from bench.measure import KEY, LEAFHOUSE

DOCUMENT = Path(__file__).parent.parent / "docs" / "reliability.md"
_BEGIN, _END = "<!-- measured -->", "<!-- end of what was measured -->"
_SECONDS = 180


@dataclass(frozen=True)
class Outcome:
    """What a tool left: its exit code, the keys it holds by table, and how many rows it set aside.

    `told` are the keys of rows that landed without a bad value: the value is kept beside them, and told.
    """

    code: int | None
    keys: Mapping[str, list[Any]]
    set_aside: int = 0
    told: Mapping[str, set[Any]] = field(default_factory=dict)


class Elsewhere:
    """A host that nobody should speak to; `keys_heard` counts requests that carried the key."""

    def __init__(self) -> None:
        self.keys_heard = 0
        elsewhere = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                elsewhere.keys_heard += KEY in self.headers.get("Authorization", "")
                body = b'{"count":0,"next":null,"results":[]}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def call(command: tuple[str, ...], environment: Mapping[str, str]) -> int | None:
    """Run a command and return its exit code, None when it did not come to an end."""
    try:
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def leafhouse(base_url: str, folder: Path, _: str) -> Outcome:
    """Extract and load, as a night does."""
    environment = {
        "LEAFLINK_BASE_URL": base_url, "LEAFLINK_API_KEY": KEY, "LEAFLINK_RATE_PER_MINUTE": "0",
        "LEAFHOUSE_DATA_DIR": str(folder / "data"),
    }  # fmt: skip
    code = call((*LEAFHOUSE, "extract"), environment) or call((*LEAFHOUSE, "load"), environment)
    if code != 0:
        return Outcome(code, {})
    con = pipeline.connect(folder / "data" / "warehouse.duckdb")
    keys = {
        name: [key for (key,) in con.execute(f"SELECT {row_key} FROM raw.{name} WHERE _deleted_at IS NULL").fetchall()]
        for name, row_key in TABLES.items()
    }
    told = {
        name: {key for (key,) in con.execute(f"SELECT {row_key} FROM raw.{name} WHERE _odd IS NOT NULL").fetchall()}
        for name, row_key in TABLES.items()
    }
    row = con.execute("SELECT count(*) FROM meta.quarantine").fetchone()
    con.close()
    return Outcome(code, keys, row[0] if row else 0, told)


def script(base_url: str, folder: Path, _: str) -> Outcome:
    """Read everything anew with the plain script."""
    (folder / "script.duckdb").unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)
    code = call((sys.executable, "-m", "bench.script", base_url, KEY, str(folder)), {})
    if code != 0:
        return Outcome(code, {})
    con = duckdb.connect(str(folder / "script.duckdb"), read_only=True)
    keys: dict[str, list[Any]] = {name: [] for name in TABLES}
    for name, row_key in TABLES.items():
        columns = con.execute(f"DESCRIBE {name}").fetchall()
        if any(column[0] == row_key for column in columns):  # a file without rows makes a table without columns
            kind = "VARCHAR" if row_key == "number" else "BIGINT"
            rows = con.execute(f"SELECT CAST({row_key} AS {kind}) FROM {name}").fetchall()
            keys[name] = [key for (key,) in rows]
    con.close()
    return Outcome(code, keys)


def dlt(base_url: str, folder: Path, python: str) -> Outcome:
    """Read with dlt's REST source."""
    folder.mkdir(exist_ok=True)
    reader = str(Path(__file__).parent / "dlt_reader.py")
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL", "HOME": str(folder)}
    code = call((python, reader, "read", base_url, KEY, str(folder)), quiet)
    if code != 0:
        return Outcome(code, {})
    printed = subprocess.run((python, reader, "keys", str(folder)), capture_output=True, text=True, check=True).stdout
    return Outcome(code, json.loads(printed.splitlines()[-1]))


@contextmanager
def served(name: str, night: int, folder: Path, elsewhere: str) -> Iterator[str]:
    """Serve a situation from another process and yield its base URL."""
    command = (sys.executable, "-m", "bench.hostile", name, str(night), str(folder), elsewhere)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def measure(name: str, situation: Situation, folder: Path, dlt_python: str) -> list[str]:
    """Return a cell for each tool."""
    cells = []
    for tool in (leafhouse, script, dlt):
        elsewhere, outcome = Elsewhere(), Outcome(None, {})
        home = folder / f"{name}-{tool.__name__}"
        for night in (1, 2) if situation.second_night is not None else (1,):
            with served(name, night, home, elsewhere.origin) as base_url:
                outcome = tool(base_url, home / "tool", dlt_python)
        truth = json.loads((home / "truth.json").read_text())
        if situation.second_night is None:
            truth["present"] = None  # a row that went while it was read may have been read
        cells.append(cell(outcome, truth, elsewhere.keys_heard))
    return cells


def cell(outcome: Outcome, truth: Mapping[str, Any], keys_heard: int) -> str:
    """Say in words what a tool left. Rows that are bad themselves are not counted as lost."""
    words = []
    if outcome.code == 0:
        counts, odd = Counter[str](), 0
        for name, keys in outcome.keys.items():
            held = Counter(keys)
            counts["lost"] += len(set(truth["steady"][name]) - held.keys() - set(truth["bad"][name]))
            bad = held.keys() & set(truth["bad"][name])
            told = bad & outcome.told.get(name, set())
            counts["bad rows taken for good ones"] += len(bad - told)
            odd += len(told)
            counts["doubled"] += sum(count - 1 for count in held.values())
            if truth["present"] is not None:
                counts["kept though deleted"] += len(held.keys() - set(truth["present"][name]))
        words += [f"**{count:,} {what}**, exit 0" for what, count in counts.items() if count]
        words += [f"{outcome.set_aside} set aside and listed"] if outcome.set_aside else []
        words += [f"{odd} landed but for a bad value, which is kept and told"] if odd else []
        words += [] if words else ["all rows"]
    elif outcome.code is None:
        words.append(f"no end within {_SECONDS} s")
    else:
        words.append(f"nothing new, exit {outcome.code}")
    words += [f"**the key sent to another host {keys_heard} times**"] if keys_heard else []
    return ", ".join(words)


def install_dlt(folder: Path) -> tuple[str, str]:
    """Make an environment with dlt; return its Python and dlt's version (both empty when that is not possible)."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    if call((python, "-m", "pip", "install", "-q", "dlt[duckdb]"), {}) != 0:
        return "", ""
    version = subprocess.run(
        (python, "-c", "import importlib.metadata as m; print(m.version('dlt'))"), capture_output=True, text=True
    )
    return python, version.stdout.strip()


def main() -> None:
    """Measure every situation and write the table into the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="situations, separated by commas; prints and writes nothing")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else list(SITUATIONS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        python, dlt_version = install_dlt(folder / "dlt")
        lines = ["| what happens | Leafhouse | plain script | dlt |", "|---|---|---|---|"]
        for name in names:
            cells = measure(name, SITUATIONS[name], folder, python)
            lines.append(" | ".join(["| " + SITUATIONS[name].what, *cells]) + " |")
            print(lines[-1], flush=True)
    if not options.only:
        write(lines, dlt_version)


def write(lines: list[str], dlt_version: str) -> None:
    """Put the table, and how it came about, into the document."""
    versions = {name: importlib.metadata.version(name) for name in ("leafhouse", "duckdb", "requests")}
    made = (
        f"Produced by `python -m bench.scoreboard` on {datetime.now(UTC):%Y-%m-%d}: "
        f"Python {platform.python_version()}, "
        f"{', '.join(f'{name} {version}' for name, version in versions.items())}, dlt {dlt_version}."
    )
    text = DOCUMENT.read_text()
    block = "\n\n".join((_BEGIN, made, "\n".join(lines), _END))
    DOCUMENT.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: block, text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
