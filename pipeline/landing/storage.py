"""What a landing lies in: named files, on a disk of this machine or in object storage, each whole or not there."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.errors import IncompleteError

Item = TypeVar("Item")
Result = TypeVar("Result")


class StorageError(IncompleteError):
    """Object storage does not answer, or another writer was faster. What was committed stays; run again later."""

    ending = "What was committed stays as it was. Run again later, it is safe."


@dataclass(frozen=True)
class Stored:
    """A file: its name in the landing, with slashes, its bytes, and when it was written (UTC)."""

    file: str
    bytes: int
    written_at: datetime


class Storage(Protocol):
    """Files by their name in the landing, such as `orders_received/20261124T020000Z-4f9a-0001.parquet`.

    `is_shared` says that others, who hold no lock of ours, may read and write there at the same time. Object storage
    raises StorageError where it does not answer, and ConfigurationError where it lets nobody in.
    """

    is_shared: bool

    def __str__(self) -> str:
        """Return where the landing is, for people."""
        ...

    def place_of(self, file: str) -> str:
        """Return where a file is, for people."""
        ...

    def files(self, folder: str = "") -> list[Stored]:
        """Return the files below a folder, in no order; none where there is no such folder."""
        ...

    def size(self, file: str) -> int | None:
        """Return the bytes of a file; None where it is not there."""
        ...

    def read(self, file: str) -> bytes:
        """Return the content of a file. Raises OSError where it cannot be read, FileNotFoundError where it is gone."""
        ...

    def put(self, file: str, content: bytes) -> None:
        """Write a file, in place of the one that was there."""
        ...

    def put_if_absent(self, file: str, content: bytes) -> bool:
        """Write a file unless there is one, and return whether the one that is there now has this content."""
        ...

    def tells_writers_apart(self, file: str) -> bool:
        """Return whether the file, which is there, keeps its content when another writer puts one of that name."""
        ...

    def put_file(self, file: str, write: Callable[[Path], object]) -> None:
        """Write a file, in place of the one that was there, as `write` fills it: an empty one on this machine."""
        ...

    def on_disk(self, files: Sequence[str]) -> AbstractContextManager[list[Path]]:
        """Return where files lie on a disk of this machine, in their order, for as long as the block runs.

        Raises FileNotFoundError for one that is gone.
        """
        ...

    def move(self, source: str, target: str) -> None:
        """Give a file another name. After a crash it may have both."""
        ...

    def delete(self, files: Iterable[str]) -> None:
        """Remove files, those that are there, in this order."""
        ...

    def each(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return what `work` makes of each item, in their order; it reads files, side by side where that is faster."""
        ...

    def begin_journal(self, file: str, line: bytes) -> None:
        """Begin a journal anew, with one line."""
        ...

    def append_journal(self, file: str, line: bytes) -> None:
        """Append a line to a journal that was begun or read here; it is there once this returns."""
        ...

    def read_journal(self, file: str) -> list[bytes]:
        """Return the whole lines of a journal, the first one first; none where there is no journal."""
        ...

    def forget_journal(self, file: str) -> None:
        """Remove a journal."""
        ...
