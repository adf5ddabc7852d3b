"""A disk that is full and a data folder that may not be written to: one sentence, and nothing lost."""

import ctypes
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..marks import long_from
from .commands import CHECKOUT, KEY, House, Outcome, assert_one_sentence

# From linux/prctl.h and linux/capability.h.
_DROP_CAPABILITY, _WRITE_ANYWHERE = 24, 1
_PATIENCE_SECONDS = 60


def run_limited(house: House, limit: Callable[[], None], *arguments: str) -> Outcome:
    """Run a command in a process that `limit` has been called in."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments], cwd=house.folder, text=True, preexec_fn=limit,
        # Python keeps half of a module's bytecode when it may not write more, and fails to import it ever after.
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "LC_ALL": "C.UTF-8", "LEAFLINK_API_KEY": KEY,
             "LEAFLINK_BASE_URL": house.base_url, "LEAFLINK_RATE_PER_MINUTE": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, timeout=_PATIENCE_SECONDS, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


def assert_refused(house: House, outcome: Outcome, before: dict[Path, bytes], *says: str) -> None:
    """One sentence and exit 3; what was committed is as it was, and no half file lies about."""
    assert outcome.code == 3, outcome
    assert_one_sentence(outcome, says)
    assert house.committed() == before
    assert not list(house.data.rglob("*.part"))
    assert not (house.data / "building").exists()


@pytest.mark.parametrize("share", long_from(1, [0.95, 0.4, 0.0]), ids=["no merge fits", "no copy fits", "nothing fits"])
def test_a_load_on_a_full_disk_changes_nothing_and_the_next_one_works(house: House, share: float) -> None:
    before, most = house.committed(), int(house.warehouse.stat().st_size * share)

    outcome = run_limited(house, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)), "load")

    assert_refused(house, outcome, before, "File too large")
    assert house.run("load").code == 0


@pytest.mark.parametrize("most", long_from(1, [5_000, 500]), ids=["no batch fits", "no file fits"])
def test_an_extract_on_a_full_disk_changes_nothing_and_the_next_one_works(house: House, most: int) -> None:
    before = house.committed()

    outcome = run_limited(house, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)), "extract", "--full")

    assert_refused(house, outcome, before, "File too large", "What was published stays as it was")
    assert house.run("extract").code == 0


@pytest.fixture
def locked(house: House) -> Iterator[House]:
    """A house whose data folder may be read only."""
    folders = [house.data, *(path for path in house.data.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    yield house
    for folder in folders:
        folder.chmod(0o700)


@pytest.mark.parametrize("command", long_from(1, ["run", "extract", "load"]))
def test_a_folder_that_may_only_be_read_is_refused_and_can_still_be_looked_at(locked: House, command: str) -> None:
    before = locked.committed()

    outcome = run_limited(locked, be_nobody_special, command)

    assert_refused(locked, outcome, before, "data", "cannot be written", "Nothing was changed")
    assert run_limited(locked, be_nobody_special, "status").code == 0


def be_nobody_special() -> None:
    """Give up, for what is run from here on, the right of root to write to any folder."""
    if os.geteuid() == 0 and ctypes.CDLL(None).prctl(_DROP_CAPABILITY, _WRITE_ANYWHERE, 0, 0, 0) != 0:
        raise PermissionError("root cannot be held to what a folder's mode says")
