"""The files for GitHub Actions, Airflow and Dagster, as far as they can be read without these."""

import ast
import re
import shlex
from typing import Any

import pytest
import yaml

from tests.forked import CHECKOUT

from .commands import assert_calls

DEPLOY = CHECKOUT / "deploy"
WORKFLOW: dict[Any, Any] = yaml.safe_load((DEPLOY / "github" / "nightly.yml").read_text())
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["night"]["steps"]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))


def test_the_workflow_starts_every_night_and_never_runs_twice_at_once() -> None:
    started = WORKFLOW[True]  # YAML 1.1 takes the word `on` for a truth value

    assert list(started) == ["schedule", "workflow_dispatch"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", started["schedule"][0]["cron"])
    assert WORKFLOW["concurrency"] == {"group": "leafhouse", "cancel-in-progress": False}
    assert WORKFLOW["permissions"] == {"actions": "read", "contents": "read"}


def test_the_workflow_restores_runs_encrypts_and_uploads_in_this_order() -> None:
    names = [step.get("name", step.get("uses", "").partition("@")[0]) for step in STEPS]

    assert names == [
        "actions/checkout", "actions/setup-python", "Install", "Restore the data of the last night", "Run",
        "Encrypt the data", "actions/upload-artifact",
    ]  # fmt: skip
    assert STEPS[-1]["with"]["path"] in STEPS[-2]["run"]
    assert not any("if" in step or "continue-on-error" in step for step in STEPS), "a night that failed uploads nothing"


def test_the_workflow_has_its_keys_from_secrets_and_only_where_they_are_needed() -> None:
    text = (DEPLOY / "github" / "nightly.yml").read_text()
    secrets = [re.findall(r"\$\{\{ secrets\.(\w+) \}\}", str(step.get("env"))) for step in STEPS]

    assert secrets == [[], [], [], ["ARCHIVE_PASSWORD"], ["LEAFLINK_API_KEY"], ["ARCHIVE_PASSWORD"], []]
    assert not any("${{" in step.get("run", "") for step in STEPS), "what GitHub puts into a script may end a quote"
    assert text.count("secrets.") == 3


def test_the_workflow_calls_commands_that_there_are() -> None:
    lines = [line.strip() for step in STEPS for line in step.get("run", "").splitlines()]
    calls = [found[0] for line in lines if (found := re.match(r"\S*bin/leafhouse [^|;&]*", line))]
    makes = [line.split()[1] for line in lines if line.startswith("make ")]

    assert calls == [".venv/bin/leafhouse run "]
    for call in calls:
        assert_calls(call)
    assert makes == ["install"]
    assert set(makes) <= TARGETS


def test_the_dag_calls_commands_that_there_are() -> None:
    tree = ast.parse((DEPLOY / "airflow" / "leafhouse_dag.py").read_text())
    calls = [
        keyword.value.value
        for node in ast.walk(tree) if isinstance(node, ast.Call)
        for keyword in node.keywords if keyword.arg == "command" and isinstance(keyword.value, ast.Constant)
    ]  # fmt: skip

    assert calls == ["run", "status --max-age 26h"]
    for call in calls:
        assert_calls(f"leafhouse {call}")


def test_the_assets_call_commands_that_there_are() -> None:
    tree = ast.parse((DEPLOY / "dagster" / "leafhouse_assets.py").read_text())
    calls = [
        [each.value for each in node.args[1:] if isinstance(each, ast.Constant)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "call"
    ]

    assert calls == [["run"], ["status", "--max-age", "26h"]]
    for call in calls:
        assert_calls(shlex.join(["leafhouse", *map(str, call), "--json"]))


@pytest.mark.parametrize("file", ["airflow/leafhouse_dag.py", "dagster/leafhouse_assets.py"])
def test_both_files_have_the_same_paths_as_the_page(file: str) -> None:
    text = (DEPLOY / file).read_text()

    assert 'LEAFHOUSE = "/opt/leafhouse/.venv/bin/leafhouse"\nHOME = "/var/lib/leafhouse"\n' in text
