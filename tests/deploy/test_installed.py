"""What the page and the Dockerfile install, really installed: in new environments, by the package registry."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.operations import BLOCKS, Machine, Outcome, succeeded
from tests.forked import CHECKOUT

from .dockerfile import reaches_the_builder, read_instructions

pytestmark = pytest.mark.registry
_PATIENCE_SECONDS = 900


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a command in the environment of nobody in particular, and return what it prints."""
    given = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"} | environment
    done = subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def new_environment(folder: Path) -> Path:
    """Make a new environment of this Python, and return the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin"


def test_the_steps_of_the_image_install_a_program_that_runs(tmp_path: Path) -> None:
    programs, work, home = new_environment(tmp_path / "environment"), tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    for instruction, arguments in read_instructions():
        if instruction == "COPY":
            copy_in(work, *arguments.split()[:-1])
        elif instruction == "RUN" and arguments.startswith("pip "):
            run("sh", "-c", arguments, folder=work, PATH=f"{programs}:{os.environ['PATH']}")
    shutil.rmtree(work)

    document = json.loads(run(programs / "leafhouse", "run", "--sandbox", "--json", folder=home))

    assert document["source"] == "sandbox"
    assert (home / "data" / "warehouse.duckdb").exists()


def copy_in(work: Path, *sources: str) -> None:
    """Copy files and folders of the checkout as far as they reach the builder."""
    for source in sources:
        path = CHECKOUT / source
        for file in [path] if path.is_file() else path.rglob("*"):
            name = file.relative_to(CHECKOUT)
            if file.is_file() and reaches_the_builder(name.as_posix()):
                (work / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, work / name)


def test_an_upgrade_and_the_way_back(tmp_path: Path) -> None:
    machine = Machine(tmp_path / "root")
    origin, installed = tmp_path / "origin", machine.root / "opt" / "leafhouse"
    machine.home.mkdir(parents=True)
    origin.mkdir()
    for name in run("git", "ls-files", "--cached", "--others", "--exclude-standard", folder=CHECKOUT).splitlines():
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, origin / name)
    run("git", "init", "-q", "-b", "main", folder=origin)
    commit(origin, "Before")
    run("git", "clone", "-q", origin, installed, folder=tmp_path)
    project = origin / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "0.1.0"', 'version = "0.1.1"'))
    commit(origin, "After")

    versions = [do(machine, "make -C /opt/leafhouse install && leafhouse --version && leafhouse run -q --sandbox")]
    versions += [do(machine, BLOCKS["upgrade"] + "leafhouse --version"), do(machine, "leafhouse load -q")]
    versions += [do(machine, BLOCKS["downgrade"] + "leafhouse --version"), do(machine, "leafhouse load -q")]

    assert [each for each in versions if each] == ["leafhouse 0.1.0\n", "leafhouse 0.1.1\n", "leafhouse 0.1.0\n"]


def commit(folder: Path, subject: str) -> None:
    run("git", "add", "-A", folder=folder)
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    run("git", *who, "commit", "-q", "-m", subject, folder=folder)


def do(machine: Machine, text: str) -> str:
    """Run lines with the program that is installed on the machine, not that of this checkout."""
    done: Outcome = machine.run(text, PYTHONPATH="", PYTHON=sys.executable, HOME=str(machine.root))
    return "".join(line for line in succeeded(done).stdout.splitlines(True) if line.startswith("leafhouse "))
