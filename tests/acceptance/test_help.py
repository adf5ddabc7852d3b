"""What a newcomer tries first: the version, the help, and names that are not there."""

import importlib.metadata

import pytest

from pipeline.terminal.commands import all_commands

from .commands import House


def test_the_version_is_that_of_the_package(empty: House) -> None:
    shown = empty.run("--version")

    assert (shown.code, shown.stdout) == (0, f"leafhouse {importlib.metadata.version('leafhouse')}\n")


@pytest.mark.parametrize("command", [[], *([each.name] for each in all_commands())], ids=str)
def test_both_options_for_help_say_the_same(empty: House, command: list[str]) -> None:
    short, long = (empty.run(*command, option, COLUMNS="120") for option in ("-h", "--help"))

    assert short == long
    assert short.code == 0
    assert "Usage: " in short.stdout
    assert not empty.data.exists()


def test_the_shell_can_complete_names(empty: House) -> None:
    shown = empty.run("--show-completion", "bash")

    assert shown.code == 0
    assert "_LEAFHOUSE_COMPLETE" in shown.stdout
