"""The README's first screen prints what it says, and its other lines call commands that there are."""

import re
from pathlib import Path

import pytest

from tests.deploy.commands import assert_calls

from ..forked import CHECKOUT
from .operations import Machine, succeeded

BLOCKS = re.findall(r"^```[a-z]*\n(.*?)^```$", (CHECKOUT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
# Numbers, ids, names of invented customers: they differ from day to day.
_VOLATILE = re.compile(r"[0-9]+Z-[0-9a-f]{4}|[0-9][0-9,.:-]*|[+-](?=\d)")


def commands(block: str) -> list[str]:
    """Return the commands of a block; one goes on in the next line as long as its quotes are open."""
    found: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(line[2:])
        elif found and found[-1].count('"') % 2:
            found[-1] += f"\n{line}"
    return found


def form(line: str) -> str:
    return " ".join(_VOLATILE.sub("0", line).split())


def test_every_line_calls_a_command_with_options_that_it_has() -> None:
    lines = [line.partition("#")[0].strip().removeprefix("$ ") for block in BLOCKS for line in block.splitlines()]
    calls = [line for line in lines if line.startswith("leafhouse ")]

    assert len(calls) > 5
    for line in calls:
        assert_calls(line)


@pytest.mark.long
def test_the_first_screen_prints_what_it_says(tmp_path: Path) -> None:
    machine = Machine.set_up(tmp_path / "root")
    machine.install_command("make", 'for job in "$@"; do leafhouse "$job" --log-format text 2>&1 || exit $?; done')
    printed = ""
    for command in commands(BLOCKS[0]):
        done = succeeded(machine.run(command.replace(".venv/bin/", ""), LEAFHOUSE_SANDBOX="1"))
        printed += done.stdout + done.stderr
    there = {form(re.sub(r"^\S+Z (INFO|WARNING) +", "", line)) for line in printed.splitlines()}

    shown = [line for line in BLOCKS[0].splitlines() if line and not line.startswith(("$", "│", " " * 20))]
    assert [line for line in shown if form(line) not in there and not line.startswith(("┌", "├", "└"))] == []
    assert (machine.data / "report.html").exists()
