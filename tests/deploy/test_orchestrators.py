"""deploy/airflow and deploy/dagster under the real packages, each in a new environment of its own.

What a command ends with is real, too: a night, a source that is not there, a setting that is wrong, a folder in use.
"""

import asyncio
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.datafolder.lock import DataLock
from pipeline.sandbox import Sandbox
from tests.docs.operations import Machine, served
from tests.forked import CHECKOUT

from .test_installed import new_environment

pytestmark = pytest.mark.registry
AIRFLOW, DAGSTER = "apache-airflow==3.3.2", "dagster==1.13.28"
NOBODY_THERE = {"LEAFLINK_BASE_URL": "http://127.0.0.1:9/api/v2/", "LEAFLINK_GIVE_UP_SECONDS": "1"}
MISTYPED = {"LEAFHOUSE_TIMEZONE": "Nowhere"}
_PATIENCE_SECONDS = 900


def installed(folder: Path, package: str) -> Path:
    """Return the Python of a new environment that has `package`. Fails where it cannot be installed."""
    python = new_environment(folder) / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", package]
    done = subprocess.run(pip, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
    assert done.returncode == 0, f"{package} cannot be installed here: {done.stderr[-2000:]}"
    return python


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("airflow") / "environment", AIRFLOW)


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(tmp_path_factory.mktemp("dagster") / "environment", DAGSTER)


class Orchestrator:
    """A machine with an orchestrator of its own, and the file for it with its paths on this machine."""

    def __init__(self, root: Path, python: Path, file: str) -> None:
        self.machine, self.python = Machine.set_up(root), python
        # The orchestrator's own Python must not find what Leafhouse needs.
        self.machine.install_command("leafhouse", f'PYTHONPATH={CHECKOUT} exec {sys.executable} -m pipeline.cli "$@"')
        self.folder = root / "orchestrator"
        self.folder.mkdir()
        (self.folder / Path(file).name).write_text(self.machine.here((CHECKOUT / "deploy" / file).read_text()))

    def run(self, script: str, *arguments: str, **environment: str) -> dict[str, Any]:
        """Run a script of tests/deploy under the orchestrator, and return what it answers."""
        answer = self.folder / "answer.json"
        path = CHECKOUT / "tests" / "deploy" / script
        self.call(self.python, path, self.folder, *arguments, answer, **environment)
        found: dict[str, Any] = json.loads(answer.read_text())
        return found

    def call(self, *command: str | Path, **environment: str) -> None:
        """Run a program in the environment of the orchestrator."""
        given = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.folder), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        done = subprocess.run(
            command, env=given | environment, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


async def test_the_dag_runs_both_tasks(tmp_path: Path, airflow: Path, leaflink: Sandbox) -> None:
    orchestrator = Orchestrator(tmp_path / "root", airflow, "airflow/leafhouse_dag.py")
    await asyncio.to_thread(orchestrator.call, airflow.parent / "airflow", "db", "migrate")
    async with served(orchestrator.machine, leaflink):
        done = await asyncio.to_thread(orchestrator.run, "airflow_run.py", "dag")

    assert done == {"state": "success", "tasks": {"run": "success", "fresh": "success"}}


async def test_airflow_tries_again_what_passes_by_itself_only(tmp_path: Path, airflow: Path, leaflink: Sandbox) -> None:
    orchestrator = Orchestrator(tmp_path / "root", airflow, "airflow/leafhouse_dag.py")
    ends = {}
    async with served(orchestrator.machine, leaflink, forbidden=frozenset({"promocodes"})):
        run = partial(asyncio.to_thread, orchestrator.run, "airflow_run.py", "task")
        refused = await run()
        ends["refused"] = refused["end"]
        ends["not there"] = (await run(**NOBODY_THERE))["end"]
        ends["mistyped"] = (await run(**MISTYPED))["end"]
        with DataLock(orchestrator.machine.data, "run"):
            ends["in use"] = (await run())["end"]

    assert (refused["retries"], refused["minutes"]) == (3, 30)
    assert ends == {
        "refused": "success", "not there": "AirflowException", "mistyped": "AirflowFailException",
        "in use": "AirflowSkipException",
    }  # fmt: skip


async def test_dagster_materializes_the_warehouse_and_warns_of_what_was_refused(
    tmp_path: Path, dagster: Path, leaflink: Sandbox
) -> None:
    orchestrator = Orchestrator(tmp_path / "root", dagster, "dagster/leafhouse_assets.py")
    run = partial(asyncio.to_thread, orchestrator.run, "dagster_run.py")
    async with served(orchestrator.machine, leaflink):
        good = await run()
    async with served(orchestrator.machine, leaflink, forbidden=frozenset({"promocodes"})):
        refused = await run()

    assert (good["success"], refused["success"]) == (True, True)
    assert (good["fresh"], refused["fresh"]) == ([True], [True])
    assert good["metadata"][0].keys() == {"exit_code", "load_id", "as_of", "file"}
    assert good["metadata"][0]["file"] == str(orchestrator.machine.data / "warehouse.duckdb")
    assert refused["metadata"][0]["exit_code"] == "5"
    assert "promocodes/: refused by" in refused["metadata"][0]["warning"]


async def test_dagster_tries_again_what_passes_by_itself_only(tmp_path: Path, dagster: Path, leaflink: Sandbox) -> None:
    orchestrator = Orchestrator(tmp_path / "root", dagster, "dagster/leafhouse_assets.py")
    file = orchestrator.folder / "leafhouse_assets.py"
    file.write_text(file.read_text().replace("delay=30 * 60", "delay=0"))
    run = partial(asyncio.to_thread, orchestrator.run, "dagster_run.py")
    async with served(orchestrator.machine, leaflink):
        not_there, mistyped = await run(**NOBODY_THERE), await run(**MISTYPED)

    assert (not_there["success"], not_there["retries"]) == (False, 3)
    assert (mistyped["success"], mistyped["retries"]) == (False, 0)
