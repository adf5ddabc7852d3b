"""Mistyped, unreadable or foreign input to any command: an answer in words and a code of ours, never a traceback."""

import json
import os
import random
import shutil
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline.settings import Settings

from ..marks import long_from
from .commands import KEY, House, Outcome

# All codes that the README lists but 7, which says that nobody foresaw what happened.
FORESEEN = {0, 1, 2, 3, 4, 5, 6, 8, 9}
TEXTS = [
    "", " ", "-", "--", "-x", "nothing", "0", "-1", "1e9", "99999999999999999999", "NaN", "null", "true", "[]", "{}",
    "é", "\u202e", "\x1b[31m", "a\nb", "a\tb", "'", '"', "`", ";", "$(ls)", "../nowhere/x", ".", "~", "*",
    "2026-11-23", "2026-02-30", "0000-01-01", "9999-12-31", "2026-11-23T07:30:00Z", "2026-13", "orders_received",
    "orders_received,", ",,", "open_net", "net_sales", "31_60", "fct_orders", "raw.orders_received", "ar_aging",
    "accounts-receivable", "select 1", "x" * 5000, os.fsdecode(b"\xff\xfe"),
]  # fmt: skip
FILES = [
    ".env", "leafhouse.toml", "data/attempt.json", "data/rejected.duckdb",
    "data/accounts.json", "data/pacing.json", "data/lock",
    "data/source", "data/kept/signatures.json", "data/warehouse.duckdb", "manifest", "batch", "kept", "report.csv",
    "map.toml", "openapi.json",
]  # fmt: skip
OPTIONS: dict[str, list[list[str]]] = {
    "extract": [["--only", "?"], ["--full"], ["--log-format", "?"], ["-q"]],
    "load": [["--as-of", "?"], ["--known-at", "?"], ["--into", "?"], ["--accept-shrink"], ["-v"]],
    "run": [["--only", "?"], ["--as-of", "?"], ["--full"]],
    "plan": [["--only", "?"], ["--full"]],
    "status": [["--max-age", "?"]],
    "query": [["?"], ["--csv"]],
    "audits": [["?"], []],
    "contracts": [["--against", "?"], ["--against", "openapi.json"]],
    "diff": [["?"], ["?", "?"]],
    "doctor": [[]],
    "init": [["--key-stdin", "--scheme", "?", "--timezone", "UTC"],
             ["--key-stdin", "--scheme", "App", "--timezone", "?"],
             ["--key-stdin", "--scheme", "App", "--timezone", "UTC", "--data-dir", "?"]],
    "why": [["?"], ["open_net", "--bucket", "?"], ["open_net", "--seller", "?"], ["net_sales", "--month", "?"],
            ["net_sales", "--brand", "?"], ["open_net", "--since", "?"], ["net_sales", "--against", "?"]],
    "trace": [["?", "?"], ["fct_orders", "?"], ["ar_aging", "?"]],
    "rollback": [["?"], []],
    "compare-report": [["?", "report.csv"], ["accounts-receivable", "?"], ["accounts-receivable", "report.csv"],
                       ["accounts-receivable", "report.csv", "--mapping", "map.toml"]],
    "prune": [["--dry-run"], []],
    "report": [["--to", "?"], []],
    "docs": [["--to", "?"], []],
    "export": [["?", "--to", "out"], ["ar_aging", "--to", "?"], ["ar_aging", "--to", "out", "--format", "?"],
               ["--sql", "?", "--to", "out.csv"]],
    "mcp": [["--max-rows", "?"], ["--max-seconds", "?"]],
    "sandbox": [["--orders", "?"], ["--seed", "?"], ["--folder", "?"], ["--host", "?"], ["--faults", "?"],
                ["--listed", "?"], ["--rate", "?"], ["--mixed-types", "?"]],
}  # fmt: skip
SETTINGS = sorted(str(field.validation_alias) for field in Settings.model_fields.values())
# What may be in the place of a file: nothing that was written there, or a folder.
CONTENTS: list[Callable[[bytes], bytes | None]] = [
    lambda content: b"",
    lambda content: content[: len(content) // 2],
    lambda content: content[:-1],
    lambda content: content + b"\n\x00\xff garbage",
    lambda content: b"\xff\xfe\x00" * 100,
    lambda content: b"{}",
    lambda content: b"[]",
    lambda content: b"null",
    lambda content: b'{"format": 1, "resources": [{}], "key": [[[[1]]]]}',
    lambda content: b"[companies]\nx = 1\n",
    lambda content: b'a,b\n1\n"',
    lambda content: b"LEAFHOUSE_PII=drop\nLEAFLINK_PAGE_SIZE=ten\n",
    lambda content: None,
]


def odd_call(house: House, rng: random.Random) -> Outcome:
    """Run a command with an odd argument, an odd setting or an odd file; of each at most one, so that all are met."""
    command = rng.choice(list(OPTIONS))
    arguments = [rng.choice(TEXTS) if each == "?" else each for each in rng.choice(OPTIONS[command])]
    settings: dict[str, Any] = {"LEAFLINK_GIVE_UP_SECONDS": "1", "HOME": str(house.folder)}
    kind = rng.choice(("argument", "setting", "file", "bytes"))
    if kind == "setting":
        settings[rng.choice(SETTINGS)] = rng.choice(TEXTS).replace("\x00", "") or None
    elif kind == "file":
        spoil(house, rng.choice(FILES), rng.choice(CONTENTS))
    elif kind == "bytes" and arguments:
        arguments[-1] = "".join(rng.choices(string.printable, k=rng.randint(0, 12))).replace("\x00", "")
    if command == "sandbox":  # one that could be served would be for ever: its port is taken
        arguments += ["--port", str(urlsplit(house.base_url).port)]
    if rng.random() < 0.3 and command != "sandbox":
        arguments.append("--json")
    return house.run(command, *arguments, **settings)


def spoil(house: House, name: str, content_of: Callable[[bytes], bytes | None]) -> None:
    """Put something else in the place of a file."""
    found = {
        "manifest": house.manifests[-1],
        "batch": house.batch("orders_received"),
        "kept": house.warehouse.resolve(),
    }
    path = found.get(name, house.folder / name)
    content = content_of(path.read_bytes() if path.exists() else b"")
    path.unlink(missing_ok=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
        path.chmod(0o600)


@pytest.mark.parametrize("seed", long_from(1, range(240)))
def test_odd_input_is_answered_in_words(second_night: Path, base_url: str, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    for turn in range(6):
        folder = tmp_path / str(turn)
        shutil.copytree(second_night, folder, symlinks=True)
        outcome = odd_call(House(folder, base_url), rng)

        assert outcome.code in FORESEEN, outcome
        assert "Traceback" not in outcome.stdout + outcome.stderr, outcome
        assert KEY not in outcome.stdout + outcome.stderr
        if outcome.code:
            assert outcome.stdout.strip() or outcome.stderr.strip()
        if outcome.stdout.startswith("{") and outcome.code not in (0, 5):
            assert isinstance(json.loads(outcome.stdout), dict)
        shutil.rmtree(folder)
