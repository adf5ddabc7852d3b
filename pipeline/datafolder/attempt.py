"""The last attempt: which command worked on the data folder last, and how it ended."""

import contextlib
from datetime import datetime
from pathlib import Path

import msgspec

from pipeline import clock
from pipeline.datafolder.paths import attempt_file
from pipeline.errors import LeafhouseError
from pipeline.landing.files import write_aside


class Attempt(msgspec.Struct, frozen=True):
    """A command that held the data folder, from when to when (UTC; null while it runs, or where it was killed).

    `failure` says why it failed, null where it did not.
    """

    command: str
    began_at: datetime
    ended_at: datetime | None = None
    failure: str | None = None


def begin_attempt(data_dir: Path, command: str) -> Attempt:
    """Note that a command begins, and return what was noted. Hold the lock meanwhile."""
    attempt = Attempt(command, clock.now())
    _write(data_dir, attempt)
    return attempt


def end_attempt(data_dir: Path, attempt: Attempt, error: BaseException | None) -> None:
    """Note how a command ended: an error of another kind than ours may quote data, and is not shown."""
    failure = None
    if isinstance(error, LeafhouseError):
        failure = str(error).encode(errors="replace").decode()  # it may quote what is no Unicode
    elif error is not None and not isinstance(error, SystemExit):
        failure = "It was stopped." if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}."
    _write(data_dir, msgspec.structs.replace(attempt, ended_at=clock.now(), failure=failure))


def read_attempt(data_dir: Path) -> Attempt | None:
    """Return the last attempt; None where nothing readable tells of one."""
    try:
        return msgspec.json.decode(attempt_file(data_dir).read_bytes(), type=Attempt)
    except (OSError, msgspec.DecodeError):
        return None


def _write(data_dir: Path, attempt: Attempt) -> None:
    # A note is no reason to fail; on a full disk the command itself says what is wrong.
    with contextlib.suppress(OSError):
        write_aside(attempt_file(data_dir), lambda aside: aside.write_bytes(msgspec.json.encode(attempt)))
