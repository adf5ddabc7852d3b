"""`leafhouse init`: at a terminal it asks, elsewhere it is told, and it writes nothing that was not tried."""

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from pipeline import cli
from tests.forked import run_forked

from ..marks import long_from
from .commands import KEY, House, Outcome
from .relays import relay
from .terminals import at_terminal

HERE = {"LEAFLINK_API_KEY": None, "LEAFLINK_RATE_PER_MINUTE": None, "TZ": "America/Denver"}
BEFORE = "# mine\nLEAFHOUSE_PII=drop\nLEAFLINK_API_KEY=old\n"
ASKED = ("LeafLink key", "App (the key", "Time zone", "Folder")


def typed(key: str = KEY, scheme: str = "", zone: str = "", folder: str = "") -> list[tuple[str, str]]:
    return list(zip(ASKED, (key, scheme, zone, folder), strict=True))


def env_file(house: House) -> Path:
    return house.folder / ".env"


def piped(house: House, key: str, *options: str) -> Outcome:
    """Run it with the key on its standard input, which is no terminal."""
    environment = house.environment(**HERE)
    return Outcome(*run_forked(init_reading, key, *options, folder=house.folder, environment=environment))


def init_reading(key: str, *options: str) -> None:
    reader, writer = os.pipe()
    os.write(writer, key.encode())
    os.close(writer)
    os.dup2(reader, 0)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.argv = ["leafhouse", "init", *options]
    cli.main()


def test_it_asks_tries_and_writes_what_the_next_command_reads(empty: House) -> None:
    code, shown = at_terminal(empty, "init", answers=typed(), **HERE)

    assert code == 0, shown
    assert env_file(empty).read_text() == (
        f"LEAFLINK_API_KEY={KEY}\nLEAFLINK_AUTH_SCHEME=App\nLEAFHOUSE_TIMEZONE=America/Denver\n"
    )
    assert stat.S_IMODE(env_file(empty).stat().st_mode) == 0o600
    assert "[America/Denver]" in shown
    assert "orders_received" in shown
    assert "`leafhouse run` reads it" in shown
    assert KEY not in shown
    assert not empty.data.exists()
    assert empty.run("extract", "--only", "brands", **HERE).code == 0


def test_it_asks_again_for_what_cannot_be_and_keeps_what_else_is_there(empty: House) -> None:
    env_file(empty).write_text(BEFORE)
    env_file(empty).chmod(0o600)
    answers = [
        ("is there", "yes"), (ASKED[0], ""), (ASKED[0], KEY), (ASKED[1], "Bearer"), (ASKED[1], "app"),
        (ASKED[2], "America/Denvr"), (ASKED[2], "America/Denver"), (ASKED[3], "mine"),
    ]  # fmt: skip
    code, shown = at_terminal(empty, "init", answers=answers, **HERE)

    assert code == 0, shown
    for said in ("a key is needed", "write App or Token", "write for example America/Denver"):
        assert said in shown
    assert KEY not in shown
    assert env_file(empty).read_text() == (
        f"# mine\nLEAFHOUSE_PII=drop\nLEAFLINK_API_KEY={KEY}\nLEAFLINK_AUTH_SCHEME=App\n"
        "LEAFHOUSE_TIMEZONE=America/Denver\nLEAFHOUSE_DATA_DIR=mine\n"
    )


def test_what_is_there_is_not_written_over_unasked(empty: House) -> None:
    env_file(empty).write_text(BEFORE)
    env_file(empty).chmod(0o600)

    code, shown = at_terminal(empty, "init", answers=[("is there", "")], **HERE)
    unasked = piped(empty, KEY, "--key-stdin", "--scheme", "App", "--timezone", "UTC")

    assert (code, unasked.code) == (0, 2)
    assert "Nothing was changed." in shown
    assert "not written over unasked" in unasked.stderr
    assert env_file(empty).read_text() == BEFORE


@pytest.mark.parametrize(
    ("key", "says"), [("wr0ng-k3y", "does not know the key"), ("App wr0ng-k3y", "LEAFLINK_AUTH_SCHEME")]
)
def test_a_wrong_key_is_3_and_nothing_is_written(empty: House, key: str, says: str) -> None:
    code, shown = at_terminal(empty, "init", answers=typed(key), **HERE)
    told = piped(empty, key, "--key-stdin", "--scheme", "App", "--timezone", "UTC")

    assert code == told.code == 3
    for text in (shown, told.stderr):
        assert says in text
        assert text.count("Nothing was changed") == 1
        assert "wr0ng-k3y" not in text
    assert list(empty.folder.iterdir()) == []


async def test_a_source_that_cannot_be_reached_is_4_and_what_is_refused_is_said(empty: House) -> None:
    options = ("--key-stdin", "--scheme", "App", "--timezone", "UTC")
    async with relay(empty.base_url, refuses="/products/") as source:
        refused = await asyncio.to_thread(piped, House(empty.folder, source.base_url), KEY, *options)
    env_file(empty).unlink()
    settings = {"LEAFLINK_GIVE_UP_SECONDS": "0.3"}
    gone = await asyncio.to_thread(piped, House(empty.folder, source.base_url, settings), KEY, *options)

    assert (refused.code, gone.code) == (0, 4)
    assert "Fix: default: products: give the key the permission" in refused.stdout
    assert list(empty.folder.iterdir()) == []


def test_without_a_terminal_it_takes_options_and_the_key_from_stdin(empty: House) -> None:
    told = piped(empty, f"{KEY}\n", "--key-stdin", "--scheme", "app", "--timezone", "UTC", "--data-dir", "my data")

    assert told.code == 0, told.stderr
    assert env_file(empty).read_text() == (
        f"LEAFLINK_API_KEY={KEY}\nLEAFLINK_AUTH_SCHEME=App\nLEAFHOUSE_TIMEZONE=UTC\nLEAFHOUSE_DATA_DIR='my data'\n"
    )


@pytest.mark.parametrize(
    ("options", "says"),
    long_from(
        2,
        [
            ([], "give --key-stdin"),
            (["--key-stdin", "--scheme", "App", "--timezone", "Mars"], "--timezone Mars: not a time zone"),
            (["--key-stdin", "--scheme", "App"], "give --key-stdin"),
            (["--scheme", "App", "--timezone", "UTC"], "give --key-stdin"),
            (["--key-stdin", "--scheme", "Bearer", "--timezone", "UTC"], "--scheme Bearer: write App or Token"),
            (["--key", KEY], "No such option"),
        ],
    ),
)
def test_what_is_missing_without_a_terminal_is_a_usage_error(empty: House, options: list[str], says: str) -> None:
    refused = piped(empty, KEY, *options)

    assert refused.code == 2
    assert says in refused.stderr
    assert list(empty.folder.iterdir()) == []


def test_a_folder_with_invented_data_is_not_offered_and_refused(empty: House) -> None:
    made = empty.run("extract", "--sandbox", "--only", "brands", LEAFLINK_API_KEY=None, LEAFLINK_BASE_URL=None)
    code, shown = at_terminal(empty, "init", answers=typed(folder="data"), **HERE)
    offered, _ = at_terminal(empty, "init", answers=typed(), **HERE)

    assert (made.code, code, offered) == (0, 3, 0)
    assert "[data-live]" in shown
    assert "belongs to the embedded sandbox" in shown
    assert "LEAFHOUSE_DATA_DIR=data-live\n" in env_file(empty).read_text()


def test_a_key_beside_a_request_for_invented_data_is_refused(empty: House) -> None:
    code, shown = at_terminal(empty, "init", answers=typed(), **(HERE | {"LEAFHOUSE_SANDBOX": "1"}))

    assert code == 3
    assert "LEAFHOUSE_SANDBOX asks for invented data" in shown
    assert list(empty.folder.iterdir()) == []


def test_a_key_in_the_environment_is_said_to_count_more(empty: House) -> None:
    code, shown = at_terminal(empty, "init", answers=typed(), **(HERE | {"LEAFLINK_API_KEY": "another"}))

    assert code == 0
    assert "LEAFLINK_API_KEY is set in the environment, too" in shown


def test_ctrl_c_and_the_end_of_input_change_nothing(empty: House) -> None:
    stopped, _ = at_terminal(empty, "init", answers=[(ASKED[0], "\x03")], **HERE)
    ended, shown = at_terminal(empty, "init", answers=[(ASKED[0], KEY), (ASKED[1], "\x04")], **HERE)

    assert stopped == 128 + signal.SIGINT
    assert ended == 2, shown
    assert "Nothing was typed" in shown
    assert list(empty.folder.iterdir()) == []
