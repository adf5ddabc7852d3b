"""The standard streams: what is printed, or cannot be, changes neither what a command does nor its exit code."""

import io
import os
import select
import sys
from typing import TextIO

_STANDARD = (0, 1, 2)


class _Forgiving(io.FileIO):
    """A file that loses what it cannot take: the disk is full, or nobody reads on (`leafhouse run | head`)."""

    def write(self, data: object) -> int:
        """Write `data`, and say that all of it was written where none can be; wait where a reader is slow."""
        try:
            while (written := super().write(data)) is None:  # type: ignore[arg-type]
                select.select((), (self,), ())
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]
        return written


def open_streams() -> None:
    """Make the standard streams forgiving, and open those that are closed on nothing.

    A closed one must not stay free: the next file that is opened would take its number, and get what is printed. Call
    it before any file is opened.
    """
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    sys.stdout, sys.stderr = (_reopened(number, stream) for number, stream in ((1, sys.stdout), (2, sys.stderr)))


def _reopened(number: int, stream: TextIO | None) -> TextIO:
    raw = _Forgiving(number, "w", closefd=False)
    encoding = "utf-8" if stream is None else stream.encoding
    # What the encoding of a terminal does not have is shown as a question mark.
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "replace", line_buffering=number == 2 or raw.isatty())
