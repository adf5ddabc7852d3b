"""`leafhouse contracts`: what it prints, and how it ends."""

import json
import os
from pathlib import Path
from typing import Any

from tests.acceptance.commands import CHECKOUT, Outcome
from tests.forked import run_command


def run(folder: Path, fields: dict[str, Any], *arguments: str) -> Outcome:
    """Hold the contracts against a document that names payments with these fields."""
    rows = {"type": "array", "items": {"type": "object", "properties": fields}}
    schema = {"type": "object", "properties": {"results": rows}}
    listing = {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}
    file = folder / "vendor.json"
    # With a byte order mark, as some editors write it.
    file.write_text(json.dumps({"paths": {"/order-payments/": listing}}), encoding="utf-8-sig")
    return contracts("--against", str(file), *arguments)


def contracts(*arguments: str) -> Outcome:
    return Outcome(*run_command("contracts", *arguments, folder=CHECKOUT, environment=os.environ))


def test_a_document_that_is_covered_ends_with_0(tmp_path: Path) -> None:
    done = run(tmp_path, {"id": {"type": "integer"}})

    assert done.code == 0
    assert done.stdout.splitlines()[-1] == "Covered: 1 paths, 1 fields. All else has a reason."
    assert "  order-payments/reason" in done.stdout


def test_a_field_that_nothing_covers_or_explains_ends_with_1(tmp_path: Path) -> None:
    done = run(tmp_path, {"id": {"type": "integer"}, "colour": {"type": "string"}})

    assert done.code == 1
    assert done.stdout.startswith("only there (1):\n  order-payments/colour  string  NO REASON\n")
    assert "Neither covered nor explained: 1." in done.stdout


def test_machines_get_one_document(tmp_path: Path) -> None:
    done = run(tmp_path, {"id": {"type": "string"}}, "--json")
    document = json.loads(done.stdout)

    assert done.code == 1
    assert (document["paths"], document["fields"], document["open"]) == (1, 0, 1)
    assert document["findings"][0] == {
        "path": "order-payments/", "field": "id", "where": "typed differently", "detail": "string there, integer here",
        "reason": None, "is_open": True,
    }  # fmt: skip


def test_without_a_document_it_is_a_slip_of_the_pen(tmp_path: Path) -> None:
    done = contracts("--against", str(tmp_path / "none.json"))

    assert done.code == 2
    assert done.stderr == f"{tmp_path / 'none.json'}: cannot be read (No such file or directory).\n"
