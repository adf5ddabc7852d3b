"""What `pip install` brings: the same program and the same SQL as the checkout has."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import pytest

from tests.forked import CHECKOUT, run_command

IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the checkout, since building leaves files behind."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pipeline", "sql"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=IGNORED)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(CHECKOUT / name, folder)
    pip = [sys.executable, "-m", "pip", "wheel", "-qq", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--no-index", "-w", folder, folder], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_program_and_of_its_sql(wheel: Path) -> None:
    there = {path for path in zipfile.ZipFile(wheel).namelist() if path.startswith(("pipeline/", "sql/"))}

    expected = {
        path.relative_to(CHECKOUT).as_posix()
        for folder in ("pipeline", "sql")
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"
    }
    assert there == expected


def test_a_program_without_its_sql_says_so_and_publishes_nothing(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "pipeline", tmp_path / "pipeline", ignore=IGNORED)
    source = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "LEAFHOUSE_DATA_DIR": str(tmp_path / "data")}

    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "run", "--sandbox", "--only", "brands"],
        cwd=tmp_path, env=source, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 8
    assert f"{tmp_path / 'sql'}: no models or no audits are there" in done.stderr
    assert not (tmp_path / "data" / "warehouse.duckdb").exists()


@pytest.mark.long
def test_the_wheel_in_an_environment_of_its_own_makes_the_same_marts(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python"), "install", "-qq", "--no-deps"]
    subprocess.run([*pip, "--no-index", wheel], check=True)
    (packages,) = home.glob("lib/*/site-packages")
    ours = Path(duckdb.__file__).parents[1]  # what the wheel depends on, after what is installed there
    (packages / "dependencies.pth").write_text(f"{ours}\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()

    subprocess.run([home / "bin" / "leafhouse", "run", "--sandbox"], cwd=elsewhere, env=environment, check=True)
    shutil.copytree(elsewhere, here, ignore=shutil.ignore_patterns("kept", "warehouse.duckdb"))
    code, _, errors = run_command("load", folder=here, environment=environment)

    assert code == 0, errors
    assert marts(elsewhere) == marts(here)


def marts(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of every mart, without the columns that name the load."""
    with duckdb.connect(folder / "data" / "warehouse.duckdb", read_only=True) as con:
        names = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY 1").fetchall()
        chosen = "columns(lambda c: NOT c LIKE '%run_id')"
        return {name: con.execute(f"SELECT {chosen} FROM marts.{name} ORDER BY ALL").fetchall() for (name,) in names}
