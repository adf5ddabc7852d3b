"""Hooks: somebody is told how a job ended, in counts and ids, and nothing that a hook does changes how it did."""

import asyncio
import json
import signal
import socket
import ssl
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from pipeline.datafolder.lock import DataLock
from pipeline.jobs.hooks import HookError, call_hook
from pipeline.settings.hooks import Hook
from tests.forked import run_forked

from ..marks import long_from
from .commands import KEY, House, finish
from .listener import TOKEN, listener
from .relays import relay
from .test_exit_codes import plant_short_read
from .test_unforeseen import fail

NOBODY = "http://127.0.0.1:1/"
REPORT = {"command": "run", "exit_code": 0}
LEAFHOUSE = f"{sys.executable} -m pipeline.cli"
FIELDS = {
    "command", "exit_code", "error", "started_at", "ended_at", "seconds", "run_ids", "load_id", "resources", "rows",
    "new", "changed", "deleted", "audits_warned", "audits_failed",
}  # fmt: skip


def hook(value: str) -> Hook:
    return Hook("LEAFHOUSE_ON_SUCCESS", SecretStr(value))


def only_report(got: list[Any]) -> dict[str, Any]:
    """Return the one document that came; all of its values are counts, ids, times and names of ours."""
    (report,) = got
    assert report.keys() == FIELDS
    assert datetime.fromisoformat(report["started_at"]) <= datetime.fromisoformat(report["ended_at"])
    return dict(report)


def test_a_command_gets_the_counts_and_no_key_once_the_folder_is_free(house: House) -> None:
    (house.folder / ".env").write_text("LEAFHOUSE_ON_FAILURE='echo other > failed'\n")
    command = f"cat > report; env > environment; {LEAFHOUSE} status > status; {LEAFHOUSE} load; echo done > last"
    hidden = {"LEAFLINK_PROXY": f"http://user:{TOKEN}@127.0.0.1:1", "MY_COPY": f"App {KEY}"}

    loaded = house.run("load", "--json", LEAFHOUSE_ON_SUCCESS=command, **hidden)

    assert loaded.code == 0
    document, said = json.loads(loaded.stdout), only_report([json.loads((house.folder / "report").read_text())])
    assert (said["command"], said["exit_code"], said["error"]) == ("load", 0, None)
    assert (said["load_id"], said["run_ids"]) == (document["load_id"], document["runs"])
    manifest = json.loads(house.manifests[-1].read_text())
    assert said["resources"] == len([read for read in manifest["resources"] if not read["not_offered"]])
    assert said["rows"] == sum(read["distinct"] for read in manifest["resources"])
    for name, field in (("new", "inserted"), ("changed", "changed"), ("deleted", "deleted")):
        assert said[name] == sum(each[field] for each in document["raw"])
    assert said["audits_failed"] == 0
    environment = (house.folder / "environment").read_text()
    assert "LEAFHOUSE_EXIT_CODE=0\n" in environment
    assert not any(text in environment for text in (KEY, TOKEN, "LEAFHOUSE_ON_"))
    # It was no longer in anybody's hands, and what the hook started called no hook in its turn.
    assert "at work" not in (house.folder / "status").read_text()
    assert (house.folder / "last").exists()
    assert not (house.folder / "failed").exists()


async def test_an_address_is_told_of_success_with_refusals_too_and_of_an_extract(house: House) -> None:
    async with relay(house.base_url, refuses="/products/") as source:
        with listener() as heard:
            extracted = await asyncio.to_thread(
                house.run, "extract", LEAFLINK_BASE_URL=source.base_url, LEAFHOUSE_ON_SUCCESS=heard.url,
                LEAFLINK_PROXY=None, HTTP_PROXY="http://127.0.0.1:1",
            )  # fmt: skip

    said = only_report(heard.got)
    assert extracted.code == said["exit_code"] == 5
    assert said["run_ids"] == [house.manifests[-1].stem]
    assert (said["command"], said["load_id"], said["new"]) == ("extract", None, None)
    assert said["rows"] > 0


@pytest.mark.parametrize(
    ("code", "error", "command", "settings"),
    long_from(
        2,
        [
            (3, "ConfigurationError", "run", {"LEAFHOUSE_TIMEZONE": "Mars/Olympus"}),
            (6, "LockedError", "extract", {}),
            (1, "AuditError", "load", {}),
            (3, "ConfigurationError", "extract", {"LEAFLINK_API_KEY": "other-k3y"}),
            (4, "IncompleteError", "run", {"LEAFLINK_BASE_URL": NOBODY, "LEAFLINK_GIVE_UP_SECONDS": "0.1"}),
            (2, "UsageError", "load", {"LEAFHOUSE_DATA_DIR": "elsewhere"}),
        ],
    ),
)  # fmt: skip
def test_every_other_end_is_a_failure_and_told_by_its_class(
    house: House, code: int, error: str, command: str, settings: dict[str, str]
) -> None:
    if code == 1:
        plant_short_read(house, "order_payments")
    with listener() as heard:
        hooks = {"LEAFHOUSE_ON_FAILURE": heard.url, "LEAFHOUSE_ON_SUCCESS": "touch succeeded"}
        if code == 6:
            with DataLock(house.data, "extract"):
                failed = house.run(command, **hooks)
        else:
            failed = house.run(command, **settings, **hooks)

    said = only_report(heard.got)
    assert (failed.code, said["exit_code"], said["error"], said["command"]) == (code, code, error, command)
    assert said["audits_failed"] == (1 if code == 1 else None)
    assert not (house.folder / "succeeded").exists()
    assert TOKEN not in failed.stdout + failed.stderr


async def test_being_told_to_stop_is_a_failure(house: House) -> None:
    async with relay(house.base_url, keeps_waiting=True) as source:
        with listener() as heard:
            process = house.start("run", LEAFLINK_BASE_URL=source.base_url, LEAFHOUSE_ON_FAILURE=heard.url)
            await asyncio.wait_for(source.asked.wait(), 30)
            process.send_signal(signal.SIGTERM)
            stopped = await asyncio.to_thread(finish, process)

    said = only_report(heard.got)
    assert stopped.code == said["exit_code"] == 128 + signal.SIGTERM
    assert (said["error"], said["run_ids"]) == ("KeyboardInterrupt", [])


def test_what_nobody_foresaw_is_a_failure_and_its_trace_does_not_show_the_hook(house: House) -> None:
    with listener() as heard:
        environment = house.environment(LEAFHOUSE_ON_FAILURE=heard.url)
        code, _, stderr = run_forked(fail_to_load, heard.url, folder=house.folder, environment=environment)

    said = only_report(heard.got)
    assert (code, said["exit_code"], said["error"]) == (7, 7, "ExceptionGroup")
    (trace,) = (house.data / "logs").glob("trace-*.txt")
    assert TOKEN not in stderr + trace.read_text()
    assert "[hidden]" in trace.read_text()


def fail_to_load(url: str) -> None:
    fail("load", where="pipeline.jobs.load.load", text=url)


def test_a_hook_that_fails_changes_nothing_and_is_told_in_a_line(house: House) -> None:
    with listener(500, 500) as heard:
        told = house.run("load", "--json", LEAFHOUSE_ON_SUCCESS=heard.url)
    command = house.run("extract", "--only", "brands", LEAFHOUSE_ON_SUCCESS=f"echo {TOKEN} | grep -q x")
    failed = house.run("load", "--json", LEAFHOUSE_ON_FAILURE="exit 9", LEAFLINK_API_KEY=None)

    line = f"LEAFHOUSE_ON_SUCCESS ({heard.host}): it answered 500, 2 times. What the job did, and its exit code, stay"
    assert (told.code, command.code, failed.code) == (0, 0, 3)
    assert len(heard.got) == 2
    assert line in told.stderr
    (note,) = json.loads(told.stdout)["notes"]
    assert note.startswith(line)
    assert "LEAFHOUSE_ON_SUCCESS (a command): it ended with 1. What the job did" in command.stdout
    document = json.loads(failed.stdout)
    assert document["exit_code"] == 3
    assert document["notes"][0].startswith("LEAFHOUSE_ON_FAILURE (a command): it ended with 9.")
    assert not any(TOKEN in each.stdout + each.stderr for each in (told, command))


@pytest.mark.long
def test_what_is_no_job_on_the_data_calls_no_hook(house: House) -> None:
    hooks = dict.fromkeys(("LEAFHOUSE_ON_SUCCESS", "LEAFHOUSE_ON_FAILURE"), "touch called")

    for arguments in (["load", "--as-of", "never"], ["load", "--no-such"], ["status"], ["load", "--into", "a.duckdb"]):
        house.run(*arguments, **hooks)

    assert not (house.folder / "called").exists()
    assert (house.folder / "a.duckdb").exists()


@pytest.mark.parametrize("value", [f"ftp://hooks.example/{TOKEN}", f"https:///{TOKEN}", f"http://a:b/{TOKEN}"])
def test_an_address_that_cannot_be_posted_to_is_refused_without_being_shown(empty: House, value: str) -> None:
    refused = empty.run("status", LEAFHOUSE_ON_FAILURE=value)

    assert refused.code == 3
    assert "LEAFHOUSE_ON_FAILURE: no address of a server" in refused.stderr
    assert TOKEN not in refused.stderr


def test_the_doctor_names_the_host_alone(empty: House) -> None:
    settings = {"LEAFHOUSE_ON_FAILURE": f"https://me:{TOKEN}@hooks.example/{TOKEN}", "LEAFHOUSE_ON_SUCCESS": "true"}
    shown, document = empty.run("doctor", **settings), empty.run("doctor", "--json", **settings)

    assert "  on success  set (a command)\n  on failure  set (hooks.example)\n" in shown.stdout
    assert json.loads(document.stdout)["on_failure"] == "hooks.example"
    assert TOKEN not in shown.stdout + shown.stderr + document.stdout


@pytest.mark.parametrize(
    ("statuses", "asked", "says"),
    [
        ((204,), 1, None),
        ((500, 200), 2, None),
        ((404, 404), 2, "answered 404"),
        ((307, 302), 2, "answered 302"),
        ((0, 0), 2, "did not answer in time"),
    ],
)
def test_an_address_is_asked_at_most_twice(statuses: tuple[int, ...], asked: int, says: str | None) -> None:
    with listener(*statuses) as heard:
        if says is None:
            call_hook(hook(heard.url), REPORT)
        else:
            with pytest.raises(HookError, match=says):
                call_hook(hook(heard.url), REPORT, seconds=1.0 if 0 in statuses else None)

    assert heard.got == [REPORT] * asked


def test_an_address_where_nobody_listens_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(HookError, match="cannot be reached"):
            call_hook(hook(f"http://127.0.0.1:{taken.getsockname()[1]}/{TOKEN}"), REPORT)


@pytest.mark.long
def test_a_certificate_that_is_not_trusted_is_no_address_to_tell() -> None:
    async def tell() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        async with relay("http://127.0.0.1:1/api/", tls=context) as server:
            with pytest.raises(HookError, match="certificate is not trusted"):
                await asyncio.to_thread(call_hook, hook(server.base_url), REPORT)

    asyncio.run(tell())


def test_a_command_that_does_not_end_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    with pytest.raises(HookError, match="did not end within"):
        call_hook(hook("sleep 300 & echo $! > child; wait"), REPORT, seconds=0.5)

    child = (tmp_path / "child").read_text().strip()
    end = time.monotonic() + 30
    while is_at_work(child):
        assert time.monotonic() < end, "what the command started goes on"
        time.sleep(0.05)


def is_at_work(pid: str) -> bool:
    try:
        return Path("/proc", pid, "stat").read_text().split()[2] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(
    ("command", "says"), [("kill -9 $$", "ended by SIGKILL"), ("no-such-command", "ended with 127")]
)
def test_a_command_that_fails_is_said(command: str, says: str) -> None:
    with pytest.raises(HookError, match=says):
        call_hook(hook(command), REPORT)


def test_a_command_need_not_read_what_it_gets() -> None:
    call_hook(hook("exit 0"), REPORT | {"run_ids": ["x" * 200_000]})
