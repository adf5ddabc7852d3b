"""Running `leafhouse` as its user does: a process of its own, with an environment and a folder of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.forked import CHECKOUT, run_command

KEY = "k3y-of-the-night-shift"
_PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """What a command ended with."""

    code: int
    stdout: str
    stderr: str


@dataclass
class House:
    """A folder with its data, and the settings that a live source is read with."""

    folder: Path
    base_url: str
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def warehouse(self) -> Path:
        return self.data / "warehouse.duckdb"

    @property
    def manifests(self) -> list[Path]:
        return sorted((self.data / "landing" / "_manifests").glob("*.json"))

    def batch(self, resource: str) -> Path:
        """Return the newest file that was landed of a resource."""
        return max((self.data / "landing" / resource).glob("*.parquet"))

    def environment(self, **settings: str | None) -> dict[str, str]:
        """Return all that a command finds in its environment; a setting of None is left out."""
        own = {"LEAFLINK_BASE_URL": self.base_url or None, "LEAFLINK_API_KEY": KEY, "LEAFLINK_RATE_PER_MINUTE": "0"}
        base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "LC_ALL": "C.UTF-8"}
        wanted = {**base, **own, **self.settings, **settings}
        return {name: value for name, value in wanted.items() if value is not None}

    def start(self, *arguments: str, **settings: str | None) -> subprocess.Popen[str]:
        """Start a command that is to be watched or stopped."""
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *arguments], cwd=self.folder, text=True,
            env=self.environment(**settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, **settings: str | None) -> Outcome:
        """Run a command to its end; one that does not end is killed."""
        return Outcome(*run_command(*arguments, folder=self.folder, environment=self.environment(**settings)))

    def committed(self) -> dict[Path, bytes]:
        """Return what no failure may touch: the published warehouse and the manifests, byte for byte."""
        files = [path for path in (self.warehouse, *self.manifests) if path.is_file()]
        return {path: path.read_bytes() for path in files}

    def refuses(self, *arguments: str, code: int, says: tuple[str, ...], **settings: str | None) -> None:
        """Run a command that has to fail: with `code`, one sentence that `says` all of these, and nothing changed."""
        before = self.committed()
        outcome = self.run(*arguments, **settings)
        assert outcome.code == code, outcome
        assert_one_sentence(outcome, says)
        assert self.committed() == before


def assert_one_sentence(outcome: Outcome, says: tuple[str, ...]) -> None:
    assert len(outcome.stderr.splitlines()) == 1, outcome.stderr
    for text in says:
        assert text in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "Extracted" not in outcome.stdout
    assert "Published" not in outcome.stdout
    assert KEY not in outcome.stdout + outcome.stderr


def assert_private(folder: Path) -> None:
    """Assert that nobody but the owner can look into `folder` or anything in it."""
    modes = {path: path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    assert {path: oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


def finish(process: subprocess.Popen[str]) -> Outcome:
    """Wait until a process ends; one that does not is killed."""
    try:
        stdout, stderr = process.communicate(timeout=_PATIENCE_SECONDS)
    finally:
        process.kill()
    return Outcome(process.returncode, stdout, stderr)
