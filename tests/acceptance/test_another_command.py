"""A command that somebody might add one day: one file, and it is in the help and runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .commands import CHECKOUT, Outcome

GREET = '''
"""`leafhouse greet`."""

from typing import Annotated

import typer

from pipeline.errors import LockedError
from pipeline.terminal.command import Command, Json
from pipeline.terminal.console import Output


def greet(name: Annotated[str, typer.Argument(help="Whom to greet.")], as_json: Json = False) -> None:
    """Greet somebody by name."""
    if name == "nobody":
        raise LockedError("nobody: is not in.")
    Output(as_json=as_json).say(f"Good morning, {name}!")


GREET = Command("greet", 35, greet)
'''


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the package with the one file beside the other commands."""
    shutil.copytree(CHECKOUT / "pipeline", tmp_path / "pipeline")
    (tmp_path / "pipeline" / "terminal" / "commands" / "greet.py").write_text(GREET)
    return tmp_path


def leafhouse(folder: Path, *arguments: str) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments], cwd=folder, text=True, capture_output=True, check=False,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "120"},
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_a_command_takes_one_file_and_is_in_the_help_at_its_place_and_runs(copy: Path) -> None:
    words = leafhouse(copy, "--help").stdout.split()
    assert words.index("run") < words.index("greet") < words.index("plan")

    assert "Whom to greet." in leafhouse(copy, "greet", "--help").stdout
    assert leafhouse(copy, "greet", "Ann") == Outcome(0, "Good morning, Ann!\n", "")
    assert leafhouse(copy, "greet", "nobody") == Outcome(6, "", "nobody: is not in. Nothing was changed.\n")


def test_nothing_else_knows_a_command_by_name() -> None:
    text = (CHECKOUT / "pipeline" / "cli.py").read_text()
    names = {path.stem for path in (CHECKOUT / "pipeline" / "terminal" / "commands").glob("[a-z]*.py")}

    assert not {name for name in names if f"commands.{name}" in text or f'"{name}"' in text}
