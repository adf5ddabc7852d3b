"""What a session is told of the warehouse that it opens: a kernel by its cells, a prompt on stderr, others nothing."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from .running import environment

OPEN = "import pipeline; con = pipeline.connect('warehouse.duckdb')"
FIRST = "Load 20261124T020000Z-aaaa: as of 2026-11-23, known at 2026-11-24 01:59 UTC."
SECOND = "Load 20261125T020000Z-bbbb: as of 2026-11-24, known at 2026-11-25 01:59 UTC."
PUBLISH = "import os; os.replace('second.duckdb', 'warehouse.duckdb')"


def make_warehouse(file: Path, load_id: str, day: int, source: str = "live") -> None:
    """Make a file that knows of one load."""
    with duckdb.connect(file) as con:
        con.execute("CREATE SCHEMA meta; SET TimeZone = 'UTC'")
        con.execute("CREATE TABLE meta.warehouse AS SELECT ? AS source", [source])
        con.execute(
            "CREATE TABLE meta.loads AS SELECT ? AS load_id, now() AS started_at, CAST(? AS DATE) AS as_of, "
            "CAST(? AS TIMESTAMPTZ) AS known_at",
            [load_id, f"2026-11-{day - 1}", f"2026-11-{day} 01:59:00+00"],
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_warehouse(tmp_path / "warehouse.duckdb", "20261124T020000Z-aaaa", 24)
    make_warehouse(tmp_path / "second.duckdb", "20261125T020000Z-bbbb", 25)
    return tmp_path


def run_cells(folder: Path, *cells: str) -> list[list[str]]:
    """Run cells in a kernel, and return the texts that each displays."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment(folder))
    return [[output.data["text/plain"] for output in cell.outputs] for cell in notebook.cells]


def test_a_kernel_says_which_load_it_reads_and_once_that_another_was_published(folder: Path) -> None:
    shown = run_cells(folder, OPEN, "pass", PUBLISH, "pass", OPEN, "con.sql('from meta.loads').fetchall()[0][0]")

    newer = f"{SECOND} This was published since: pipeline.connect() reads it."
    assert shown == [[FIRST], [], [newer], [], [SECOND], ["'20261125T020000Z-bbbb'"]]


def test_a_prompt_is_told_on_stderr_and_a_script_not_at_all(folder: Path) -> None:
    (folder / "warehouse.duckdb").unlink()
    make_warehouse(folder / "warehouse.duckdb", "20261124T020000Z-aaaa", 24, source="sandbox")
    said = f"{FIRST} All of it is INVENTED."

    prompt = python(folder, "-i", "-q", typed=OPEN + "\nprint(1)\n")
    script = python(folder, "-c", OPEN)

    assert (prompt.stdout, said in prompt.stderr) == ("1\n", True)
    assert (script.stdout, script.stderr) == ("", "")


def python(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment(folder), input=typed, capture_output=True, text=True
    )
