"""The environment of the notebooks: what it has on top of the nightly job's, and that no other environment has it."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.forked import run_command

from .running import environment

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-notebook" / "bin" / "python"
FRAMES = """
import pipeline
con = pipeline.connect()
frame, other = con.sql("from ar_summary").df(), con.sql("from ar_summary").pl()
print(len(frame) == len(other) > 0)
"""


def pins(name: str) -> dict[str, str]:
    """Return the versions that a lock pins, by package; one that is pinned twice has both."""
    text = (ROOT / name).read_text()
    found: dict[str, str] = {}
    for package, version in re.findall(r"^([a-z0-9-]+)(?:\[[^\]]+\])?==([^ ;]+)", text, re.MULTILINE):
        found[package] = f"{found[package]} {version}" if package in found else version
    return found


def test_data_frames_are_in_the_notebooks_lock_alone_and_all_else_agrees_with_the_others() -> None:
    nightly, tests, notebook = (pins(f"requirements{name}.lock") for name in ("", "-dev", "-notebook"))

    assert {"pandas", "polars", "numpy", "jupyterlab"} <= notebook.keys() - nightly.keys() - tests.keys()
    assert nightly.items() <= notebook.items()
    assert all(tests[package] == notebook[package] for package in tests.keys() & notebook.keys())


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-notebook.lock"])
def test_a_lock_has_a_hash_for_each_package_and_names_no_place(name: str) -> None:
    text = (ROOT / name).read_text()

    assert len(re.findall(r"^[a-z0-9-]+(?:\[[^\]]+\])?==.*\\\n +--hash=sha256:", text, re.MULTILINE)) == len(
        re.findall(r"^[a-z]", text, re.MULTILINE)
    )
    assert "://" not in text


@pytest.mark.long
@pytest.mark.skipif(not PYTHON.exists(), reason="`make test-all` installs it")
def test_a_query_becomes_a_frame_of_pandas_or_polars(tmp_path: Path) -> None:
    for command in ("extract", "load"):
        code, _, errors = run_command(command, folder=tmp_path, environment=environment(tmp_path))
        assert code == 0, errors

    ended = subprocess.run([PYTHON, "-c", FRAMES], env=environment(tmp_path), capture_output=True, text=True)

    assert (ended.stdout, ended.stderr) == ("True\n", "")
