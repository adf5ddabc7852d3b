"""What a terminal shows when the commands have run, at 80 and at 120 columns: docs/screens.md.

A command runs in a terminal of its own, with a clock that is set. An emulator says what stands on it at the end.
"""

import asyncio
import errno
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyte

from pipeline.sandbox import Sandbox, SandboxConfig, serve

from ..acceptance.commands import KEY, House
from ..acceptance.nights import NOW
from ..acceptance.test_exit_codes import plant_short_read

PAGE = Path(__file__).parents[2] / "docs" / "screens.md"
WIDTHS = (80, 120)
_LINES = 300
_RUN = """
import sys
from datetime import UTC, datetime, timedelta
from pipeline import cli, clock
ahead = timedelta(seconds=float(sys.argv[1]))
clock.now = lambda: datetime.now(UTC) + ahead
sys.argv = ["leafhouse", *sys.argv[2:]]
cli.main()
"""
_HEAD = """# Screens

What people see of the commands, on a terminal of 80 and of 120 columns: a night of an invented account, and one whose
load was refused by an audit. `make screens` writes this page anew; a test holds it against what the commands print.
"""
_SHOWN = re.compile(r"^## `([^`]+)` at (\d+) columns, exit code (\d+)\n\n```text\n(.*?)\n```$", re.S | re.M)
# What differs from run to run: the hash of an id, the port, seconds, bytes, the process.
_VOLATILE = re.compile(r"[0-9]+Z-[0-9a-f]{4}|[0-9][0-9,.:]*")


@dataclass(frozen=True)
class Screen:
    """What a terminal of `width` columns shows at the end of a command, and the command's exit code."""

    command: str
    width: int
    text: str
    code: int

    def __str__(self) -> str:
        return f"## `{self.command}` at {self.width} columns, exit code {self.code}\n\n```text\n{self.text}\n```\n"

    @property
    def form(self) -> list[str]:
        """Its lines without what differs from run to run."""
        lines = (_VOLATILE.sub("0", line) for line in self.text.splitlines())
        return [re.sub(r"0( 0)*", "0", " ".join(line.split())) for line in lines]


def show(house: House, width: int, *arguments: str) -> Screen:
    """Run a command in a terminal of `width` columns, and return what it shows."""
    ahead = (NOW - datetime.now(UTC)).total_seconds()
    terminal, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, width, 0, 0))
    environment = house.environment() | {"TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", _RUN, str(ahead), *arguments], cwd=house.folder, env=environment,
        stdin=child, stdout=child, stderr=child,
    ) as process:  # fmt: skip
        os.close(child)
        screen = pyte.Screen(width, _LINES)
        stream = pyte.ByteStream(screen)
        for content in _chunks(terminal):
            stream.feed(content)
    os.close(terminal)
    lines = [line.rstrip() for line in screen.display]
    return Screen(" ".join(("leafhouse", *arguments)), width, "\n".join(lines).rstrip(), process.returncode)


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            content = os.read(terminal, 65_536)
        except OSError as error:  # the last one that had it open has closed it
            if error.errno != errno.EIO:
                raise
            return
        if not content:
            return
        yield content


async def screens(folder: Path, width: int) -> list[Screen]:
    """Run the commands in new folders, one after the other, and return their screens."""
    sandbox = Sandbox.open(folder / "source", SandboxConfig(orders=100, seed=7), NOW)
    try:
        async with serve(sandbox, key=KEY, rate_per_minute=0, clock=lambda: sandbox.now) as base_url:
            return await asyncio.to_thread(_shown, House(folder, base_url), width)
    finally:
        sandbox.close()


def _shown(house: House, width: int) -> list[Screen]:
    found = [show(house, width, *command) for command in (("run",), ("status",), ("plan",), ("doctor",), ("extract",))]
    plant_short_read(house, "order_payments")
    return [*found[:4], show(house, width, "load"), show(house, width, "audits")]


def held() -> list[Screen]:
    """Return the screens that the page shows."""
    return [
        Screen(command, int(width), text, int(code)) for command, width, code, text in _SHOWN.findall(PAGE.read_text())
    ]


def write() -> None:
    """Write the page anew."""
    found: list[Screen] = []
    for width in WIDTHS:
        with TemporaryDirectory() as folder:
            found += asyncio.run(screens(Path(folder), width))
    PAGE.write_text("\n".join([_HEAD, *map(str, found)]))


if __name__ == "__main__":
    write()
