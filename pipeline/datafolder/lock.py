"""One run at a time in a data folder: a lock that names its holder, and that dies with the holder."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from pipeline import clock
from pipeline.datafolder.attempt import Attempt, begin_attempt, end_attempt
from pipeline.datafolder.paths import account_folder, account_folders, lock_file, shared_pacing_file
from pipeline.errors import ConfigurationError, LockedError


class Holder(msgspec.Struct, frozen=True):
    """Who holds a data folder."""

    command: str
    pid: int
    host: str
    since: datetime

    def __str__(self) -> str:
        return (
            f"`leafhouse {self.command}` (process {self.pid} on {self.host}, since {self.since:%Y-%m-%d %H:%M:%S} UTC)"
        )


class DataLock:
    """Holds a data folder for `command` for as long as the block runs, and notes how that ends (see `attempt`).

    A command that leaves the folder's warehouse as it is is not an attempt (`is_attempt`). Raises LockedError naming
    the holder.
    """

    def __init__(self, data_dir: Path, command: str, *, is_attempt: bool = True) -> None:
        self._is_attempt = is_attempt
        self._path = lock_file(data_dir)
        self._command = command
        self._data_dir = data_dir
        self._descriptor: int | None = None
        self._attempt: Attempt | None = None

    def __enter__(self) -> Self:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigurationError(f"{self._path}: cannot be written ({error.strerror}).") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read_holder(descriptor)
            os.close(descriptor)
            raise LockedError(f"{self._path.parent}: in use by {holder}. Wait until it ends, then run again.") from None
        except OSError as error:
            os.close(descriptor)
            raise ConfigurationError(
                f"{self._path.parent}: its file system cannot lock files ({error.strerror}): two runs would meet there "
                "unseen. Set LEAFHOUSE_DATA_DIR to a folder on a local disk."
            ) from error
        reader = _account_being_read(self._data_dir)
        if reader is not None:
            os.close(descriptor)
            raise LockedError(
                f"{self._path.parent}: a task of an engine still reads {reader}. Wait until it ends, then run again."
            )
        mine = Holder(self._command, os.getpid(), socket.gethostname(), clock.now())
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, msgspec.json.encode(mine), 0)
        self._descriptor = descriptor
        if self._is_attempt:
            self._attempt = begin_attempt(self._data_dir, self._command)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._attempt is not None:
            end_attempt(self._data_dir, self._attempt, error)
        # The file stays: removing it would let two runs lock two different files of the same name.
        if self._descriptor is not None:
            os.truncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def holder_of(data_dir: Path) -> str | None:
    """Return who holds the data folder, without taking it; None when nobody does."""
    try:
        descriptor = os.open(lock_file(data_dir), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # A holder writes its name, and takes it back at its end. Only a name that a killed one left has to be tried:
        # for that moment a run that starts would find the folder in use.
        if not os.pread(descriptor, 1, 0):
            return None
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        return _read_holder(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def account_lock(data_dir: Path, owner: str) -> Iterator[None]:
    """Hold the account of an owner of keys for as long as the block runs; wait until nobody else does.

    A task of an engine holds it in place of the data folder, which its driver holds. The first one takes over what the
    owner's budget of requests has left.
    """
    folder, budget = account_folder(data_dir, owner), shared_pacing_file(data_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not (folder / budget.name).exists():
            with suppress(FileNotFoundError):
                shutil.copyfile(budget, folder / budget.name)
                (folder / budget.name).chmod(0o600)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone_in(data_dir: Path) -> Iterator[None]:
    """Wait until no other task is in such a block, so that two may change one file; for a moment only."""
    descriptor = os.open(data_dir, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _account_being_read(data_dir: Path) -> str | None:
    """Return the name of an account's folder that a task of an engine holds, whose driver may be gone; else None."""
    for path in account_folders(data_dir).glob("*/lock"):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return path.parent.name
        finally:
            os.close(descriptor)
    return None


def _read_holder(descriptor: int) -> str:
    try:
        return str(msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Holder))
    except msgspec.DecodeError:
        return "another run"
