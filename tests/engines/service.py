"""A service bureau for the tests: many accounts at a source of their own, one data folder, and an engine."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.datafolder.paths import account_folder
from pipeline.landing import Landing, Manifest
from tests.engines.accounts import KEY, LOG

CHECKOUT = Path(__file__).parents[2]
RESOURCES = ("customers", "order_sales_reps", "orders_received")
_PATIENCE_SECONDS = 100


@dataclass(frozen=True)
class Request:
    """A request as the source saw it; the seconds are those of its monotonic clock."""

    account: int
    began: float
    ended: float
    path: str


@dataclass
class Bureau:
    """Its folder has `leafhouse.toml`, `.env` and `data`; company `c7` has the account 7, and the key of that."""

    folder: Path
    source: Path
    base_url: str
    orders: Sequence[int]
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def landing(self) -> Landing:
        return Landing(self.folder / "data" / "landing")

    def manifests(self) -> dict[str, list[Manifest]]:
        """Return the committed runs by company."""
        found = defaultdict[str, list[Manifest]](list)
        for manifest in self.landing.manifests():
            found[manifest.company].append(manifest)
        return dict(found)

    def requests(self) -> list[Request]:
        """Return what was asked until now."""
        lines = (self.source / LOG).read_text().splitlines() if (self.source / LOG).exists() else []
        return [Request(**json.loads(line)) for line in lines]

    def environment(self, **settings: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            "LC_ALL": "C.UTF-8",
            **self.settings,
            **settings,
        }

    def start(self, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "extract", *arguments], cwd=self.folder, text=True,
            env=self.environment(**settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def extract(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return ended(self.start(*arguments, **settings))

    def reader_of(self, account: int) -> int:
        """Return the process that holds an account, once there is one."""
        lock = account_folder(self.folder / "data", f"KEY_{account}") / "lock"
        return until(lambda: next(_who_has_open(lock), 0))


def ended(process: "subprocess.Popen[str]", seconds: float = _PATIENCE_SECONDS) -> "subprocess.CompletedProcess[str]":
    """Wait until a process ends; one that does not is killed."""
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def until(found: Callable[[], Any]) -> Any:
    """Return what is found, once it is."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (what := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return what


def _who_has_open(path: Path) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            files = [file.readlink() for file in (process / "fd").iterdir()]
        except OSError:  # it has ended, or is another one's
            continue
        if path in files:
            yield int(process.name)


@contextmanager
def open_bureau(
    folder: Path, orders: Sequence[int], settings: Mapping[str, str] | None = None, *, accounts: int | None = None
) -> Iterator[Bureau]:
    """Serve an account for each number of orders; where there are more accounts, they have the same data in turn."""
    count = len(orders) if accounts is None else accounts
    source = folder / "source"
    source.mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engines.accounts", str(source), str(count), *map(str, orders)],
        cwd=CHECKOUT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        resources = json.dumps(RESOURCES)
        sections = [
            f'[companies.c{number}]\nkey = "KEY_{number}"\nbase_url = "{base_url}"\nresources = {resources}\n'
            for number in range(count)
        ]
        (folder / "leafhouse.toml").write_text("\n".join(sections))
        secrets = folder / ".env"
        secrets.touch(mode=0o600)
        secrets.write_text("".join(f"KEY_{number}={KEY.format(number)}\n" for number in range(count)))
        yield Bureau(folder, source, base_url, orders, dict(settings or {}))
    finally:
        process.kill()
        process.communicate()
