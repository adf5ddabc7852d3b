"""Running `leafhouse` at a terminal, where somebody types answers."""

import os
import pty
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from pipeline import cli
from tests.forked import run_forked

from .commands import House


def at_terminal(
    house: House, *arguments: str, answers: Iterable[tuple[str, str]] = (), **settings: str | None
) -> tuple[int, str]:
    """Run a command to its end, and return its code and all that the terminal showed.

    Of `answers`, each is typed once its prompt is shown after the one before.
    """
    master, slave = pty.openpty()
    environment = {"TERM": "xterm", "COLUMNS": "200", **house.environment(**settings)}
    with ThreadPoolExecutor(1) as typist:
        screen = typist.submit(_type, master, list(answers))
        try:
            code, _, _ = run_forked(
                _run, os.ttyname(slave), *arguments, folder=house.folder, environment=environment
            )  # fmt: skip
        finally:
            os.close(slave)  # then nobody has it open, and the typist comes to the end
    shown = screen.result()
    os.close(master)
    return code, shown.replace("\r\n", "\n")


def _run(name: str, *arguments: str) -> None:
    os.setsid()
    os.login_tty(os.open(name, os.O_RDWR))
    sys.stdin = os.fdopen(0, closefd=False)
    sys.argv = ["leafhouse", *arguments]
    cli.main()


def _type(master: int, answers: list[tuple[str, str]]) -> str:
    shown, waiting = "", ""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the other end is closed
            return shown
        if not piece:
            return shown
        text = piece.decode(errors="replace")
        shown, waiting = shown + text, waiting + text
        if answers and answers[0][0] in waiting:
            os.write(master, f"{answers.pop(0)[1]}\n".encode())
            waiting = ""
