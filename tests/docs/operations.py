"""docs/operations.md: its blocks, each with a name, and the machine that they are run on."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.sandbox import Sandbox, SandboxConfig, serve
from tests.forked import CHECKOUT

PAGE = CHECKOUT / "docs" / "operations.md"
_BLOCK = re.compile(r"(?:<!-- test: (?P<name>[a-z-]+) -->\n)?```(?P<language>[a-z]*)\n(?P<text>.*?)```\n", re.DOTALL)
_PATIENCE_SECONDS = 180


@dataclass(frozen=True)
class Outcome:
    """What a block ended with."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Machine:
    """A machine as the page has it, below the folder `root`: what it calls /opt is there `root`/opt, and so on."""

    root: Path

    @classmethod
    def set_up(cls, root: Path) -> "Machine":
        """Install the program of this checkout on a new machine, and make its home."""
        machine = cls(root)
        for folder in (machine.bin, machine.home, root / "var" / "backups" / "leafhouse"):
            folder.mkdir(parents=True, mode=0o700)
        machine.install_command("leafhouse", f'exec {sys.executable} -m pipeline.cli "$@"')
        machine.install_command("python", f'exec {sys.executable} "$@"')
        (root / "opt" / "leafhouse" / "deploy").symlink_to(CHECKOUT / "deploy")
        return machine

    @property
    def home(self) -> Path:
        return self.root / "var" / "lib" / "leafhouse"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def bin(self) -> Path:
        return self.root / "opt" / "leafhouse" / ".venv" / "bin"

    def install_command(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def write_settings(self, **settings: str) -> None:
        path = self.home / ".env"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def copy(self, root: Path) -> "Machine":
        return Machine(Path(shutil.copytree(self.root, root, symlinks=True)))

    def here(self, text: str) -> str:
        """Return a text of the page, or a file of deploy/, with its paths on this machine."""
        return re.sub(r"/(opt|etc|var)/", lambda found: f"{self.root}{found[0]}", text)

    def run(self, text: str, *, folder: Path | None = None, **environment: str) -> Outcome:
        """Run lines as the user of Leafhouse does: in its home, with the program on the path."""
        given = {"PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHONPATH": str(CHECKOUT), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", self.here(text)], cwd=folder or self.home, env=given | environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout, done.stderr)


def _blocks() -> dict[str, str]:
    """Return the blocks of the page by name. Raises KeyError for one without a name, or with that of another."""
    found: dict[str, str] = {}
    for block in _BLOCK.finditer(PAGE.read_text()):
        if block["name"] is None or block["name"] in found:
            raise KeyError(f"{PAGE.name}: a block has no name of its own: {block['text'][:80]}")
        found[block["name"]] = block["text"]
    return found


BLOCKS = _blocks()


def needs(*tools: str) -> None:
    """Fail where a tool that a block calls is not installed: a block that was not run is not known to work."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    assert not missing, f"install {', '.join(missing)}: docs/operations.md calls it"


def succeeded(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome
    return outcome


@asynccontextmanager
async def served(
    machine: Machine,
    sandbox: Sandbox,
    *,
    key: str = "the-key",
    port: int = 0,
    forbidden: frozenset[str] = frozenset(),
    **settings: str,
) -> AsyncIterator[int]:
    """Serve a LeafLink that takes `key`, write the settings for it and those given, and yield its port."""
    async with serve(sandbox, port=port, key=key, forbidden=forbidden, rate_per_minute=0) as base_url:
        source = {"LEAFLINK_BASE_URL": base_url, "LEAFLINK_API_KEY": key, "LEAFLINK_RATE_PER_MINUTE": "0"}
        machine.write_settings(**source, **settings)
        yield int(base_url.split(":")[2].split("/")[0])


@pytest.fixture
def leaflink(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox.open(tmp_path / "leaflink", SandboxConfig(orders=25), datetime.now(UTC))
    yield sandbox
    sandbox.close()
