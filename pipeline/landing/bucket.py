"""The landing in object storage: below a URL such as s3://bucket/prefix, through Arrow's file systems.

A put shows a whole object or nothing, so that nothing is written aside. Nothing can be appended to: each line of a
journal is an object. Several machines may write at the same time, and nobody holds a lock.
"""

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa

from pipeline import clock
from pipeline.errors import ConfigurationError
from pipeline.landing.conditional import ConditionalPuts, Unsupported
from pipeline.landing.storage import Item, Result, StorageError, Stored

# Each try is itself some thirty requests of Arrow's within six seconds.
_WAITS_SECONDS = (1.0, 3.0)
_THREADS = 4
# Nothing helps here but its owner.
_REFUSED = re.compile(
    r"\b(ACCESS_DENIED|NO_SUCH_BUCKET|INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|UNRECOGNIZED_CLIENT|"
    r"INVALID_CLIENT_TOKEN_ID|HTTP status 30[17]|HTTP status 40[13]|Bucket '[^']*' not found)\b"
)
_REQUEST_ID = re.compile(r" \(Request ID: [^)]*\)")
# What a killed command left on the disk is removed once no other can be reading it.
_LEFT_BEHIND = timedelta(days=1)
_HEADER = "00000000"


class Bucket:
    """Objects below `url`; what is to be read from a disk is fetched into folders of its own below `scratch`.

    Credentials are what Arrow finds: in the environment, a profile, or the role of the machine. They are asked for when
    first needed, and kept nowhere.
    """

    is_shared = True

    def __init__(self, url: str, scratch: Path) -> None:
        self.url = url.rstrip("/")
        self._scratch = scratch
        self._journals: dict[str, tuple[str, int]] = {}

    def __str__(self) -> str:
        return self.url

    def place_of(self, file: str) -> str:
        """Return the URL of an object."""
        return f"{self.url}/{file}".rstrip("/")

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        from pyarrow import fs  # a landing on a disk needs none of it

        options = {}
        if self.url.startswith("s3:"):
            # Small objects go in one request, and not in the three of an upload in parts.
            options["allow_delayed_open"] = "true"
            region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            if region:  # else Arrow asks the bucket
                options["region"] = region
        uri = f"{self.url}?{urlencode(options)}" if options else self.url
        try:
            filesystem, root = self._try("", "opened", lambda: fs.FileSystem.from_uri(uri))
        except pa.ArrowInvalid as error:
            raise ConfigurationError(f"LEAFHOUSE_LANDING: {self.url} cannot be used ({_reason(error)}).") from error
        return filesystem, root.rstrip("/")

    @cached_property
    def puts(self) -> ConditionalPuts | None:
        """What puts an object only where there is none; None where that is not installed."""
        filesystem, _ = self._opened
        return ConditionalPuts.open(self.url, getattr(filesystem, "region", None))

    def files(self, folder: str = "") -> list[Stored]:
        """Return the objects below a folder."""
        filesystem, root = self._opened
        from pyarrow import fs

        selector = fs.FileSelector(f"{root}/{folder}".rstrip("/"), recursive=True, allow_not_found=True)
        found = self._try(folder, "listed", lambda: filesystem.get_file_info(selector))
        return [
            Stored(each.path[len(root) + 1 :], each.size, each.mtime or datetime.now(UTC))
            for each in found
            if each.type == fs.FileType.File
        ]

    def size(self, file: str) -> int | None:
        """Return the bytes of an object."""
        filesystem, root = self._opened
        found = self._try(file, "looked at", lambda: filesystem.get_file_info(f"{root}/{file}"))
        return None if found.size is None else int(found.size)

    def read(self, file: str) -> bytes:
        """Return the content of an object."""
        filesystem, root = self._opened

        def read() -> bytes:
            with filesystem.open_input_stream(f"{root}/{file}", compression=None) as stream:
                return bytes(stream.read())

        return self._try(file, "read", read)

    def put(self, file: str, content: bytes) -> None:
        """Write an object."""
        filesystem, root = self._opened

        def put() -> None:
            # One write, so that what is closed is all of it: closing after an error of ours would publish a part.
            with filesystem.open_output_stream(f"{root}/{file}", compression=None) as stream:
                stream.write(content)

        self._try(file, "written", put)

    def put_if_absent(self, file: str, content: bytes) -> bool:
        """Write an object unless there is one; a put whose answer was lost finds its own content.

        Without a conditional put, or at a store that has none, two writers within the same moment are not told apart.
        """
        if self._content_of(file) is None:
            try:
                if self.puts is not None:
                    puts = self.puts
                    self._try(file, "written", lambda: puts.put(file, content))
                else:
                    self.put(file, content)
            except Unsupported:
                self.put(file, content)
        return self._content_of(file) == content

    def tells_writers_apart(self, file: str) -> bool:
        """Put another object of that name provided that there is none, and return whether it stays as it was."""
        puts, content = self.puts, self.read(file)
        if puts is None:
            return False
        try:
            self._try(file, "written", lambda: puts.put(file, content + b", overwritten"))
        except Unsupported:
            return False
        return self.read(file) == content

    def _content_of(self, file: str) -> bytes | None:
        try:
            return self.read(file)
        except FileNotFoundError:
            return None

    def put_file(self, file: str, write: Callable[[Path], object]) -> None:
        """Write an object as `write` fills a file."""
        filesystem, root = self._opened

        def upload() -> None:
            with pa.memory_map(str(path)) as source, filesystem.open_output_stream(f"{root}/{file}") as stream:
                stream.write(source.read_buffer())

        with self._folder() as folder:
            path = folder / "content"
            path.touch(mode=0o600)
            write(path)
            self._try(file, "written", upload)

    @contextmanager
    def on_disk(self, files: Sequence[str]) -> Iterator[list[Path]]:
        """Fetch objects, several at a time, and yield where they lie; they are removed when the block ends."""
        filesystem, root = self._opened
        with self._folder() as folder:
            paths = [folder / f"{number}-{Path(file).name}" for number, file in enumerate(files)]

            def fetch(number: int) -> None:
                with (
                    filesystem.open_input_stream(f"{root}/{files[number]}", compression=None) as stream,
                    paths[number].open("wb") as target,
                ):
                    shutil.copyfileobj(stream, target, 2**22)

            self.each(lambda number: self._try(files[number], "read", lambda: fetch(number)), range(len(files)))
            yield paths

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._clean()
        with TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def move(self, source: str, target: str) -> None:
        """Put an object under another name, then remove it under its own."""
        self.put(target, self.read(source))
        self.delete([source])

    def delete(self, files: Iterable[str]) -> None:
        """Remove objects."""
        filesystem, root = self._opened

        def delete(file: str) -> None:
            with suppress(FileNotFoundError):
                self._try(file, "removed", lambda: filesystem.delete_file(f"{root}/{file}"))

        self.each(delete, list(files))

    def each(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return what `work` makes of each item, several at a time."""
        if len(items) < 2:
            return [work(item) for item in items]
        with ThreadPoolExecutor(min(_THREADS, len(items))) as pool:
            return list(pool.map(work, items))

    def begin_journal(self, file: str, line: bytes) -> None:
        """Begin a journal anew: a folder for it, whose first object is the line, in place of those that were there."""
        earlier = [each.file for each in self.files(file)]
        folder = f"{file}/{time.time_ns():020}-{secrets.token_hex(4)}"
        self.put(f"{folder}/{_HEADER}", line)
        self._journals[file] = folder, 1
        self.delete(earlier)

    def append_journal(self, file: str, line: bytes) -> None:
        """Put a line beside the others, under a name that no other writer has."""
        folder, number = self._journals[file]
        self.put(f"{folder}/{number:08}-{secrets.token_hex(4)}", line)
        self._journals[file] = folder, number + 1

    def read_journal(self, file: str) -> list[bytes]:
        """Return the lines of the journal that was begun last; one that lost its first line is none."""
        lines = sorted(each.file for each in self.files(file))
        begun = [name.rpartition("/")[0] for name in lines if name.endswith(f"/{_HEADER}")]
        if not begun:
            return []
        own = [name for name in lines if name.startswith(f"{begun[-1]}/")]
        self._journals[file] = begun[-1], len(own)
        try:
            return self.each(self.read, own)
        except FileNotFoundError:  # its run was committed meanwhile
            return []

    def forget_journal(self, file: str) -> None:
        """Remove all lines of a journal, the first ones first: what is left after a crash is none."""
        lines = sorted((each.file for each in self.files(file)), key=lambda name: not name.endswith(f"/{_HEADER}"))
        headers = [name for name in lines if name.endswith(f"/{_HEADER}")]
        self.delete(headers)
        self.delete(lines[len(headers) :])

    def _clean(self) -> None:
        """Remove what killed commands fetched."""
        for folder in self._scratch.glob("*"):
            with suppress(FileNotFoundError):  # its command has just ended
                if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < clock.now() - _LEFT_BEHIND:
                    shutil.rmtree(folder, ignore_errors=True)

    def _try(self, file: str, done: str, work: Callable[[], Result]) -> Result:
        """Return what `work` returns, after some tries.

        Raises FileNotFoundError, StorageError naming the object when no try succeeds, and ConfigurationError where the
        store refuses.
        """
        for wait in (*_WAITS_SECONDS, None):
            try:
                return work()
            except OSError as error:
                if isinstance(error, FileNotFoundError) and done != "written":
                    raise
                if _REFUSED.search(str(error)):
                    raise ConfigurationError(
                        f"{self.place_of(file)}: cannot be {done} ({_reason(error)}). See that the bucket is there, "
                        "and that the credentials of this machine may list, read, write and remove objects in it."
                    ) from error
                if wait is None:
                    raise StorageError(
                        f"{self.place_of(file)}: cannot be {done} after {len(_WAITS_SECONDS) + 1} tries "
                        f"({_reason(error)}). See that the store answers this machine (AWS_REGION, AWS_ENDPOINT_URL)."
                    ) from error
                time.sleep(wait)
        raise AssertionError("the last try returns or raises")


def _reason(error: Exception) -> str:
    """Return what went wrong, in a line."""
    return _REQUEST_ID.sub("", str(error)).splitlines()[0].strip().rstrip(".")[:300]
