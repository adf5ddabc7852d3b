"""deploy/Dockerfile, as far as it can be known without Docker."""

import json
import shlex

import pytest

from tests.forked import CHECKOUT

from .commands import assert_calls
from .dockerfile import reaches_the_builder, read_instructions

INSTRUCTIONS = read_instructions()


def of(kind: str) -> list[str]:
    return [arguments for name, arguments in INSTRUCTIONS if name == kind]


def test_what_the_image_copies_is_there_and_reaches_the_builder() -> None:
    sources = [source for line in of("COPY") for source in line.split()[:-1]]

    assert sources == ["requirements.lock", "pyproject.toml", "README.md", "pipeline", "sql"]
    for source in sources:
        path = CHECKOUT / source
        files = (
            [each for suffix in ("py", "sql", "csv") for each in path.rglob(f"*.{suffix}")] if path.is_dir() else [path]
        )
        assert files
        assert all(reaches_the_builder(each.relative_to(CHECKOUT).as_posix()) for each in files)


@pytest.mark.parametrize(
    "path",
    [".env", ".git/config", "data/warehouse.duckdb", "data.pii-key", "leafhouse.toml", ".venv/bin/python",
     "tests/conftest.py", "pipeline/__pycache__/cli.cpython-311.pyc", "pipeline/jobs/__pycache__/run.cpython-311.pyc"],
)  # fmt: skip
def test_what_is_yours_does_not_reach_the_builder(path: str) -> None:
    assert not reaches_the_builder(path)


def test_the_image_runs_as_a_user_without_rights_in_a_home_of_its_own() -> None:
    made = [shlex.split(line) for line in of("RUN") if not line.startswith("pip ")]
    useradd, install = made
    (user,), (volume,) = of("USER"), of("VOLUME")
    names = [name for name, _ in INSTRUCTIONS]

    assert useradd[0] == "useradd"
    assert useradd[useradd.index("--uid") + 1] == user != "0"
    assert install == ["install", "-d", "-m", "0700", "-o", useradd[-1], "-g", useradd[-1], volume]
    assert of("WORKDIR")[-1] == volume
    assert names.index("USER") > max(index for index, name in enumerate(names) if name in ("RUN", "COPY"))
    assert_calls(shlex.join(json.loads(of("ENTRYPOINT")[0]) + json.loads(of("CMD")[0])))


def test_the_requirements_are_installed_by_their_hashes_and_nothing_else_is_fetched() -> None:
    locked, project = [line for line in of("RUN") if line.startswith("pip ")]

    assert locked == "pip install --require-hashes -r requirements.lock"
    assert project == "pip install --no-deps --no-build-isolation --no-index ."
    assert of("FROM") == ["python:3.11-slim"]
