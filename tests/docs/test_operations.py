"""docs/operations.md: each of its blocks does what the page says, run as it stands there."""

import asyncio
import grp
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest

from pipeline import clock
from pipeline.errors import LeafhouseError
from pipeline.resources import all_resources
from pipeline.sandbox import Sandbox, SandboxConfig
from pipeline.sandbox.world.tables import TABLES
from pipeline.terminal.unforeseen import UnforeseenError
from tests.deploy.commands import assert_calls
from tests.few_marts import few_marts
from tests.forked import CHECKOUT, run_command

from ..acceptance.test_personal_data import holds_secret, plant, planted_row
from .operations import BLOCKS, PAGE, Machine, Outcome, needs, served, succeeded

NEW_KEY = "the-new-key"
TESTS = [path for folder in ("docs", "deploy") for path in (CHECKOUT / "tests" / folder).glob("*.py")]


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Return a machine whose home has a small embedded LeafLink, read eight hours ago."""
    machine, then = Machine.set_up(tmp_path_factory.mktemp("machine") / "root"), clock.now() - timedelta(hours=8)
    machine.write_settings(LEAFHOUSE_SANDBOX="1")
    machine.data.mkdir(mode=0o700)
    Sandbox.open(machine.data / "sandbox", SandboxConfig(orders=40), then).close()
    with pytest.MonkeyPatch.context() as patched, few_marts():
        patched.setattr(clock, "now", lambda: then)
        code, _, errors = run_command("run", folder=machine.home, environment={"PATH": os.environ["PATH"]})
    assert code == 0, errors
    return machine


@pytest.fixture
def machine(first_night: Machine, tmp_path: Path) -> Machine:
    return first_night.copy(tmp_path / "root")


def status(machine: Machine) -> dict[str, object]:
    """Return what `leafhouse status` says of a warehouse, but for how long ago things were."""
    found: dict[str, object] = json.loads(machine.run("leafhouse status --json").stdout)
    found["published_at"] = str(found["published_at"])[:19]  # an archive has whole seconds
    return {name: value for name, value in found.items() if name not in ("age_seconds", "attempt", "holder")}


def test_every_block_of_the_page_is_run_by_a_test() -> None:
    run = {name for path in TESTS for name in re.findall(r'BLOCKS\["([a-z-]+)"\]', path.read_text())}

    assert set(BLOCKS) == run
    assert len(re.findall("^ *```", PAGE.read_text(), re.M)) == 2 * len(BLOCKS)


def test_the_page_says_what_each_exit_code_asks_for() -> None:
    classes = [LeafhouseError]
    for each in classes:
        classes += each.__subclasses__()
    codes = {0, UnforeseenError.exit_code, *(each.exit_code for each in classes)}

    assert {int(code) for code in re.findall(r"^\| (\d) \|", PAGE.read_text().partition("## cron")[0], re.M)} == codes


def test_a_back_up_brings_the_same_load_back(machine: Machine) -> None:
    needs("flock", "tar", "gzip")
    (machine.data / "building").mkdir()
    before = status(machine)

    succeeded(machine.run(BLOCKS["back-up"]))
    (machine.home / "data").rename(machine.home / "lost")
    restored = succeeded(machine.run(BLOCKS["restore"]))

    assert status(machine) == before
    assert "Nothing to fix." in restored.stdout
    assert not (machine.data / "building").exists()
    archive = machine.root / "var" / "backups" / "leafhouse" / "data.tar.gz"
    assert archive.stat().st_mode & 0o777 == 0o600
    assert machine.data.stat().st_mode & 0o777 == 0o700


def test_a_back_up_and_a_run_do_not_meet(machine: Machine) -> None:
    refused = machine.run("flock data/lock leafhouse load")

    assert refused.code == 6
    assert "in use by another run" in refused.stderr


@pytest.mark.long
def test_old_files_go_and_the_landing_alone_gives_the_same_warehouse(machine: Machine) -> None:
    kept = {"LEAFHOUSE_KEEP_WAREHOUSES": "0", "LEAFHOUSE_KEEP_LANDING_DAYS": "0"}
    succeeded(machine.run("leafhouse run"))
    before = status(machine)["resources"]

    pruned = succeeded(machine.run(BLOCKS["prune"], **kept))
    rebuilt = succeeded(machine.run(BLOCKS["rebuild"]))

    would, done = (line for line in pruned.stdout.splitlines() if "ree" in line)
    assert would == done.replace("Freed", "Would free")
    assert "Loaded no new run" in rebuilt.stdout
    assert status(machine)["resources"] == before


@pytest.mark.long
def test_a_group_is_let_in(machine: Machine) -> None:
    own = grp.getgrgid(os.getgid()).gr_name

    succeeded(machine.run(BLOCKS["readers"].replace("analysts", own)))

    published = (machine.data / "warehouse.duckdb").stat()
    assert (published.st_mode & 0o777, published.st_gid) == (0o640, os.getgid())
    assert machine.data.stat().st_mode & 0o777 == 0o710


def test_a_monitor_is_told_how_old_the_data_are(machine: Machine) -> None:
    fresh = machine.run(BLOCKS["age"])
    stale = machine.run(BLOCKS["age"].replace("26h", "7h"))

    assert (fresh.code, stale.code) == (0, 9)
    assert "The data are 8 hours old: more than 7h." in stale.stdout


@pytest.mark.long
def test_a_collector_is_told_how_old_the_data_are_and_how_the_last_command_ended(machine: Machine) -> None:
    needs("jq")

    succeeded(machine.run(BLOCKS["metric"]))

    assert re.fullmatch(r"leafhouse_data_age_seconds 288\d\d\n", (machine.home / "leafhouse.prom").read_text())
    succeeded(machine.run(BLOCKS["attempt"]))
    (machine.data / "attempt.json").write_text(json.dumps({"ended_at": None, "failure": None}))
    assert machine.run(BLOCKS["attempt"]).code == 1


def test_the_units_are_installed_and_the_timer_is_enabled(machine: Machine) -> None:
    units = machine.root / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    machine.install_command("sudo", 'exec "$@"')
    real = shutil.which("systemctl")
    # What needs a running manager is left out; where the tool is not installed, the link is made as it would.
    enable = f'{real} --root={machine.root} enable "$3"'
    if real is None:
        enable = f'mkdir {units}/timers.target.wants && ln -s "../$3" {units}/timers.target.wants/'
    machine.install_command("systemctl", f'[ "$1" = daemon-reload ] || {enable}')

    succeeded(machine.run(BLOCKS["systemd"]))

    assert (units / "timers.target.wants" / "leafhouse.timer").is_symlink()
    for name in ("leafhouse.service", "leafhouse.timer"):
        assert (units / name).read_text() == (CHECKOUT / "deploy" / "systemd" / name).read_text()


def test_the_workflow_is_copied_under_the_name_that_it_looks_for_its_runs_by(tmp_path: Path) -> None:
    (tmp_path / "deploy").symlink_to(CHECKOUT / "deploy")

    succeeded(Machine(tmp_path).run(BLOCKS["github"], folder=tmp_path))

    (copied,) = (tmp_path / ".github" / "workflows").iterdir()
    assert f"--workflow {copied.name} " in copied.read_text()


def test_the_image_is_built_from_the_checkout_and_run_on_its_volume() -> None:
    build, *started = (shlex.split(line) for line in BLOCKS["container"].splitlines())
    dockerfile = (CHECKOUT / "deploy" / "Dockerfile").read_text()

    assert build == ["docker", "build", "-t", "leafhouse", "-f", "deploy/Dockerfile", "."]
    for line in started:
        options, command = line[: line.index("leafhouse")], line[line.index("leafhouse") :]
        assert options == ["docker", "run", "--rm", "--env-file", ".env", "-v", "leafhouse:/var/lib/leafhouse"]
        assert_calls(shlex.join(command))
    assert "\nVOLUME /var/lib/leafhouse\n" in dockerfile
    assert '\nENTRYPOINT ["leafhouse"]\n' in dockerfile


@pytest.mark.long
def test_the_lines_of_the_home_find_the_program(machine: Machine) -> None:
    found = succeeded(machine.run(BLOCKS["home"], PATH=os.environ["PATH"]))

    assert "Nothing to fix." in found.stdout


@pytest.mark.long
def test_the_crontab_runs_tries_again_and_raises_the_alarm(machine: Machine) -> None:
    mailto, *lines = BLOCKS["crontab"].splitlines()
    assert mailto == "MAILTO=ops@example.com"
    commands = []
    for line in lines:
        found = re.fullmatch(r"(\d+) (\d+) \* \* \* (?P<command>[^%]+)", line)  # cron would make a new line of a %
        assert found, line
        commands.append(found["command"])
    night, second_try, alarm = commands

    assert as_cron(machine, alarm) == ""
    assert "8 hours old" in as_cron(machine, alarm.replace("26h", "7h"))
    as_cron(machine, second_try)
    assert status(machine)["loaded_runs"] == 2
    assert as_cron(machine, second_try) == ""
    assert status(machine)["loaded_runs"] == 2
    as_cron(machine, night)
    assert status(machine)["loaded_runs"] == 3


def as_cron(machine: Machine, command: str) -> str:
    """Run a command as cron does, in its few variables, and return what it would mail."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(machine.home), "SHELL": "/bin/sh", "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        ["/bin/sh", "-c", machine.here(command)], cwd=machine.home, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return done.stdout


class _Called(BaseHTTPRequestHandler):
    """Notes which paths are asked for."""

    paths: list[str]

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def called() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a service that expects a call every night, and the paths that it was called by."""
    handler = type("Called", (_Called,), {"paths": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/ping", handler.paths
        server.shutdown()
        thread.join()


@pytest.mark.long
def test_the_switch_is_told_of_good_and_of_bad_nights(machine: Machine, called: tuple[str, list[str]]) -> None:
    needs("curl")
    url, paths = called

    good = machine.run(BLOCKS["switch"], PING_URL=url)
    bad = machine.run(BLOCKS["switch"], PING_URL=url, LEAFHOUSE_TIMEZONE="Nowhere")

    assert (good.code, bad.code) == (0, 3)
    assert paths == ["/ping", "/ping/fail?code=3"]


@pytest.mark.long
def test_collectors_get_an_object_for_each_line_and_one_for_each_run(machine: Machine) -> None:
    needs("jq")

    good = succeeded(machine.run(BLOCKS["logs"]))
    (machine.data / "source").write_text("live\n")
    bad = machine.run(BLOCKS["logs"].replace("leafhouse run --log-format json >> run.jsonl", ""))

    assert json.loads(good.stdout)["load_id"]
    assert "holds data of a live LeafLink account" in json.loads(bad.stdout)
    lines = [json.loads(line) for line in (machine.home / "run.jsonl").read_text().splitlines()]
    assert len(lines) > 5
    assert all(line.keys() == {"time", "level", "message"} for line in lines)


@pytest.mark.long
async def test_a_new_key_of_the_same_account_goes_on(tmp_path: Path, leaflink: Sandbox) -> None:
    machine, small_pages = Machine.set_up(tmp_path / "root"), {"LEAFLINK_PAGE_SIZE": "10"}
    async with served(machine, leaflink) as port:
        succeeded(await asyncio.to_thread(machine.run, "leafhouse run", **small_pages))

    async with served(machine, leaflink, key=NEW_KEY, port=port):
        gone_on = succeeded(await asyncio.to_thread(machine.run, BLOCKS["key"], **small_pages))

    assert "Nothing to fix." in gone_on.stdout
    assert "Incremental: what changed since" in gone_on.stdout
    assert (await asyncio.to_thread(status, machine))["loaded_runs"] == 2


Rows = dict[str, list[dict[str, Any]]]


def rows_of(sandbox: Sandbox) -> Rows:
    return {name: list(sandbox.rows(name)) for name in all_resources().keys() & TABLES.keys()}


def rename_everybody(sandbox: Sandbox, rows: Rows, name: str) -> None:
    """Put rows back as they were, but with `name` in every personal field."""
    with sandbox.transaction():
        for resource, of_resource in rows.items():
            record = all_resources()[resource].record
            sandbox.store.put(resource, [planted_row(row, record, name) for row in of_resource])


@pytest.mark.long
@pytest.mark.parametrize("treatment", ["keep", "hash"])
async def test_a_person_is_nowhere_after_the_steps_and_the_past_is_still_there(
    treatment: str, tmp_path: Path, leaflink: Sandbox
) -> None:
    machine, rows = Machine.set_up(tmp_path / "root"), rows_of(leaflink)
    async with served(machine, leaflink, LEAFHOUSE_PII=treatment):
        for secret in ("Quirkenbos", "Quirkenbos the second"):
            plant(leaflink, secret)
            succeeded(await asyncio.to_thread(machine.run, "leafhouse run --full"))
        ((email,),) = ask(machine, "select any_value(email) from raw.customers")
        wanted = "Quirkenbos" if treatment == "keep" else email
        proof = BLOCKS["erase-proof"].replace("Jane Quirk", wanted)
        found = await asyncio.to_thread(machine.run, proof)
        rename_everybody(leaflink, rows, "Nobody")
        deleted = next(row["number"] for row in rows["orders_received"] if row["status"] == "Complete")
        leaflink.delete_order(deleted)
        for step in (BLOCKS["erase-drop"], BLOCKS["erase-files"], BLOCKS["erase-back"]):
            succeeded(await asyncio.to_thread(machine.run, step))
        gone = await asyncio.to_thread(machine.run, proof)

    assert found.code == 1
    places = ["raw.customers", "marts.collections", "parquet rows"]
    if treatment == "keep":  # the two names have two hashes, of which one is looked for
        places += ["past.customers", "meta.quarantine"]
    assert all(f"{place}: " in found.stdout for place in places), found.stdout
    assert gone == Outcome(0, "", "")
    assert not any(holds_secret(path.read_bytes()) for path in machine.data.rglob("*") if path.is_file())
    assert ask(machine, "select count(*) > 10 from past.orders_received") == [(True,)]
    assert ask(machine, "select number from raw.orders_received where _deleted_at is not null") == [(deleted,)]
    assert ask(machine, "select bool_and(email is not null) from raw.customers") == [(True,)]


def ask(machine: Machine, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(machine.data / "warehouse.duckdb", read_only=True) as con:
        return con.execute(query).fetchall()


@pytest.mark.long
def test_a_new_folder_holds_the_present_only(machine: Machine) -> None:
    before = succeeded(machine.run("leafhouse query 'select min(_run_id) as run from raw.brands' --csv")).stdout

    # The embedded LeafLink lies in the folder; a real one does not.
    source = "mkdir -m 0700 data; cp -a data.old/sandbox data/"
    succeeded(machine.run(BLOCKS["erase-all"].replace("leafhouse run", f"{source}; leafhouse run")))

    assert status(machine)["loaded_runs"] == 1
    assert succeeded(machine.run("leafhouse query 'select min(_run_id) as run from raw.brands' --csv")).stdout != before
    assert not (machine.home / "data.old").exists()
