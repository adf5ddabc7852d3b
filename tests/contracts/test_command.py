"""`leafhouse contracts`: what it prints, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]


def run(folder: Path, fields: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Hold the contracts against a document that names payments with these fields."""
    rows = {"type": "array", "items": {"type": "object", "properties": fields}}
    schema = {"type": "object", "properties": {"results": rows}}
    listing = {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}
    file = folder / "vendor.json"
    file.write_text(json.dumps({"paths": {"/order-payments/": listing}}))
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "contracts", "--against", str(file), *arguments],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_document_that_is_covered_ends_with_0(tmp_path: Path) -> None:
    done = run(tmp_path, {"id": {"type": "integer"}})

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "Covered: 1 paths, 1 fields. All else has a reason."
    assert "  order-payments/reason" in done.stdout


def test_a_field_that_nothing_covers_or_explains_ends_with_1(tmp_path: Path) -> None:
    done = run(tmp_path, {"id": {"type": "integer"}, "colour": {"type": "string"}})

    assert done.returncode == 1
    assert done.stdout.startswith("only there (1):\n  order-payments/colour  string  NO REASON\n")
    assert "Neither covered nor explained: 1." in done.stdout


def test_machines_get_one_document(tmp_path: Path) -> None:
    done = run(tmp_path, {"id": {"type": "string"}}, "--json")
    document = json.loads(done.stdout)

    assert done.returncode == 1
    assert (document["paths"], document["fields"], document["open"]) == (1, 0, 1)
    assert document["findings"][0] == {
        "path": "order-payments/", "field": "id", "where": "typed differently", "detail": "string there, integer here",
        "reason": None, "is_open": True,
    }  # fmt: skip


def test_without_a_document_it_is_a_slip_of_the_pen(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "contracts", "--against", str(tmp_path / "none.json")],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stderr == f"{tmp_path / 'none.json'}: cannot be read (No such file or directory).\n"
