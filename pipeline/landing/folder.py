"""The landing in a folder on a disk of this machine: each file written aside, synced and renamed into place."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipeline.landing.files import sync, write_aside
from pipeline.landing.storage import Item, Result, Stored


class Folder:
    """A folder at `root`, created, readable by its owner only, when first written to. Its user holds a lock."""

    is_shared = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def place_of(self, file: str) -> str:
        """Return the path of a file."""
        return str(self.root / file)

    def files(self, folder: str = "") -> list[Stored]:
        """Return the files below a folder; those that are being written aside are among them."""
        found = []
        for path in (self.root / folder).rglob("*"):
            if path.is_file():
                stat = path.stat()
                file = path.relative_to(self.root).as_posix()
                found.append(Stored(file, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC)))
        return found

    def size(self, file: str) -> int | None:
        """Return the bytes of a file."""
        path = self.root / file
        return path.stat().st_size if path.exists() else None

    def read(self, file: str) -> bytes:
        """Return the content of a file. Raises OSError."""
        return (self.root / file).read_bytes()

    def put(self, file: str, content: bytes) -> None:
        """Write a file."""
        write_aside(self.root / file, lambda aside: aside.write_bytes(content))

    def put_if_absent(self, file: str, content: bytes) -> bool:
        """Write a file: who holds the lock is the only one who writes."""
        self.put(file, content)
        return True

    def tells_writers_apart(self, file: str) -> bool:
        """Return True: there is one writer, who holds the lock."""
        return True

    def put_file(self, file: str, write: Callable[[Path], object]) -> None:
        """Write a file as `write` fills it."""
        write_aside(self.root / file, write)

    @contextmanager
    def on_disk(self, files: Sequence[str]) -> Iterator[list[Path]]:
        """Yield where the files lie."""
        yield [self.root / file for file in files]

    def move(self, source: str, target: str) -> None:
        """Rename a file, into a folder that is there."""
        before, after = self.root / source, self.root / target
        before.replace(after)
        sync(after.parent)
        sync(before.parent)

    def delete(self, files: Iterable[str]) -> None:
        """Remove files."""
        for file in files:
            (self.root / file).unlink(missing_ok=True)

    def each(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return what `work` makes of each item."""
        return [work(item) for item in items]

    def begin_journal(self, file: str, line: bytes) -> None:
        """Begin a journal anew."""
        self.put(file, line + b"\n")

    def append_journal(self, file: str, line: bytes) -> None:
        """Append a line to the file of a journal."""
        with (self.root / file).open("ab") as journal:
            journal.write(line + b"\n")
            journal.flush()
            os.fsync(journal.fileno())

    def read_journal(self, file: str) -> list[bytes]:
        """Return the lines of a journal.

        A line that a crash cut off is removed, so that the next one stands on its own.
        """
        path = self.root / file
        try:
            content = path.read_bytes()
        except OSError:
            return []
        whole, _, rest = content.rpartition(b"\n")
        if rest:
            os.truncate(path, len(content) - len(rest))
        return whole.split(b"\n") if whole else []

    def forget_journal(self, file: str) -> None:
        """Remove a journal."""
        self.delete([file])
