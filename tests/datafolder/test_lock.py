"""One run at a time in a data folder, and the holder's death frees it."""

import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from pipeline.datafolder.lock import DataLock
from pipeline.errors import ConfigurationError, LockedError
from tests.warehouse.test_publish import script

HOLDER = """
import sys
from pathlib import Path
from pipeline.datafolder.lock import DataLock
with DataLock(Path(sys.argv[1]), "extract"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_second_process_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    with script(HOLDER, tmp_path) as process:
        assert process.stdout and process.stdout.readline() == "held\n"

        with pytest.raises(LockedError) as caught, DataLock(tmp_path, "load"):
            pass

        assert caught.value.exit_code == 6
        for part in (str(tmp_path), "leafhouse extract", f"process {process.pid}", socket.gethostname(), "UTC"):
            assert part in str(caught.value)
        process.communicate("\n")
    with DataLock(tmp_path, "load"):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    with script(HOLDER, tmp_path) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGKILL)

    with DataLock(tmp_path, "load"):
        pass


def test_the_same_process_cannot_hold_a_folder_twice(tmp_path: Path) -> None:
    with DataLock(tmp_path, "run"), pytest.raises(LockedError, match=str(os.getpid())), DataLock(tmp_path, "load"):
        pass


def test_two_folders_do_not_hinder_each_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    with DataLock(tmp_path / "one", "run"), DataLock(tmp_path / "two", "run"):
        pass


def test_a_lock_whose_holder_has_not_said_who_it_is_is_still_a_lock(tmp_path: Path) -> None:
    with DataLock(tmp_path, "run"):
        (tmp_path / "lock").write_text("")

        with pytest.raises(LockedError, match="another run"), DataLock(tmp_path, "load"):
            pass


def test_only_the_owner_can_read_the_lock_and_nobody_is_named_once_it_is_free(tmp_path: Path) -> None:
    with DataLock(tmp_path, "run"):
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600

    assert (tmp_path / "lock").read_text() == ""


def test_a_folder_that_cannot_hold_a_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="lock"), DataLock(tmp_path / "missing", "run"):
        pass
