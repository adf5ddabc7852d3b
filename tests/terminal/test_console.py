"""Where lines go, and what is before them."""

import json
import re

import pytest

from pipeline.terminal.console import LogFormat, Output

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def speak(output: Output) -> None:
    output.detail("  a detail")
    output.say("a line\x1b[31m")
    output.warn("a warning [bold]")
    output.log("progress")


@pytest.mark.parametrize(
    ("verbosity", "lines"),
    [(1, ["  a detail", "a line[31m", "a warning [bold]"]), (0, ["a line[31m", "a warning [bold]"]),
     (-1, ["a warning [bold]"])],
)  # fmt: skip
def test_a_command_prints_lines_as_they_are(
    capsys: pytest.CaptureFixture[str], verbosity: int, lines: list[str]
) -> None:
    speak(Output(as_json=False, verbosity=verbosity))

    printed = capsys.readouterr()
    assert printed.out.splitlines() == lines
    assert printed.err.splitlines() == (["progress"] if verbosity >= 0 else [])


def test_a_job_without_a_terminal_writes_time_and_level_before_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    speak(Output(as_json=False, log_format=LogFormat.TEXT, verbosity=1))

    printed = capsys.readouterr()
    levels = ["DEBUG     a detail", "INFO    a line.*", "WARNING a warning .bold."]
    for line, level in zip(printed.out.splitlines(), levels, strict=True):
        assert re.fullmatch(f"{TIME} {level}", line)
    assert re.fullmatch(f"{TIME} INFO    progress\n", printed.err)


def test_machines_read_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    speak(Output(as_json=True, log_format=LogFormat.JSON, verbosity=1))

    printed = capsys.readouterr()
    objects = [json.loads(line) for line in printed.err.splitlines()]
    assert printed.out == ""
    assert [(each["level"], each["message"]) for each in objects] == [
        ("debug", "a detail"), ("info", "a line[31m"), ("warning", "a warning [bold]"), ("info", "progress"),
    ]  # fmt: skip
    assert all(re.fullmatch(TIME, each["time"]) for each in objects)
