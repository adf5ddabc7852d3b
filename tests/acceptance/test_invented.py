"""Invented data come when they are asked for: never to a job that lost its key, its settings or its folder."""

import os
import subprocess

import pytest

from tests.forked import CHECKOUT

from .commands import KEY, House

NOTHING = {"LEAFLINK_API_KEY": None, "LEAFLINK_BASE_URL": None, "LEAFLINK_RATE_PER_MINUTE": None}


@pytest.mark.parametrize("command", ["extract", "run", "plan", "doctor"])
def test_without_a_terminal_and_a_key_they_must_be_asked_for(empty: House, command: str) -> None:
    says = ("LEAFLINK_API_KEY is not set", str(empty.folder / ".env"), "--sandbox or LEAFHOUSE_SANDBOX=1")
    empty.refuses(command, code=3, says=says, **NOTHING)
    assert not empty.data.exists()


def test_a_folder_that_has_them_needs_no_more_asking(empty: House) -> None:
    for command, settings in (("extract", {"LEAFHOUSE_SANDBOX": "1"}), ("extract", {}), ("load", {})):
        done = empty.run(command, **NOTHING, **settings)
        assert done.code == 0, done
        assert "INVENTED" in done.stdout


def test_a_load_invents_nothing(empty: House) -> None:
    empty.refuses("load", code=2, says=("nothing has landed yet",), **NOTHING)


def test_they_are_not_asked_for_beside_a_key(empty: House) -> None:
    empty.refuses("extract", code=3, says=("LEAFHOUSE_SANDBOX", "LEAFLINK_API_KEY is set"), LEAFHOUSE_SANDBOX="1")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LEAFLINK_APIKEY", KEY, ("LEAFLINK_APIKEY: no such setting", "LEAFLINK_API_KEY")),
        ("LEAFHOUSE_TIMEZONES", "UTC", ("LEAFHOUSE_TIMEZONES: no such setting", "LEAFHOUSE_TIMEZONE")),
        ("LEAFLINK_API_KEY", "", ("LEAFLINK_API_KEY: empty", "unset it")),
        ("LEAFHOUSE_DATA_DIR", "", ("LEAFHOUSE_DATA_DIR: empty",)),
    ],
)
@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_name_that_is_no_setting_and_an_empty_one_are_refused(
    empty: House, where: str, name: str, value: str, says: tuple[str, ...]
) -> None:
    settings = dict(NOTHING)
    if where == "file":
        env_file = empty.folder / ".env"
        env_file.write_text(f"{name}={value}\n")
        env_file.chmod(0o600)
    else:
        settings[name] = value
    for command in ("run", "status"):
        empty.refuses(command, code=3, says=says, **settings)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"LEAFHOUSE_PII=drop\nLEAFLINK_API_KEY '{KEY}'\n", 2),
        (f"LEAFLINK_API_KEY\n# {KEY}\n", 1),
        (f'\nLEAFLINK_API_KEY="{KEY}\n', 2),
    ],
)
def test_a_line_of_the_file_that_cannot_be_read_is_named_and_not_shown(empty: House, content: str, line: int) -> None:
    env_file = empty.folder / ".env"
    env_file.write_text(content)
    env_file.chmod(0o600)

    empty.refuses("run", code=3, says=(f".env, line {line}: cannot be read", "NAME=value"), **NOTHING)


def test_a_byte_order_mark_before_the_first_line_is_passed_over(empty: House) -> None:
    (empty.folder / ".env").write_text("\ufeffLEAFHOUSE_TIMEZONE=Mars/Olympus\n", encoding="utf-8")

    empty.refuses("status", code=3, says=("LEAFHOUSE_TIMEZONE: ",))


def test_a_variable_that_the_companies_name_for_a_key_is_no_unknown_setting(empty: House) -> None:
    (empty.folder / "leafhouse.toml").write_text('[companies.acme]\nkey = "LEAFLINK_KEY_OF_ACME"\n')

    empty.refuses("plan", code=3, says=("companies.acme: LEAFLINK_KEY_OF_ACME is not set",), **NOTHING)
    planned = empty.run("plan", LEAFLINK_KEY_OF_ACME=KEY, LEAFLINK_API_KEY=None)
    assert planned.code == 0, planned


@pytest.mark.parametrize(
    ("settings", "asks"), [({}, True), ({"LEAFLINK_API_KEY": KEY}, False), ({"LEAFLINK_APIKEY": KEY}, False)]
)
def test_make_asks_for_them_where_no_account_is_configured(settings: dict[str, str], asks: bool) -> None:
    done = subprocess.run(
        ["make", "-n", "-o", ".venv/.installed", "extract"], cwd=CHECKOUT, capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"]} | settings,
    )  # fmt: skip

    assert ("LEAFHOUSE_SANDBOX=1 .venv/bin/leafhouse extract" in done.stdout) == asks
