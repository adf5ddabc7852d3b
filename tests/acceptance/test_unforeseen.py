"""An error that nobody foresaw: one sentence, a code of its own, and a trace that gives nothing away."""

import json
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from pipeline import cli
from tests.forked import run_forked

from .commands import KEY, House, Outcome, assert_private

PERSON = "Ada Lovelace"


def fail(*arguments: str, where: str = "pipeline.warehouse.status.read_status", text: str = KEY) -> None:
    sys.argv = ["leafhouse", *arguments]
    error = ExceptionGroup("side by side", [ValueError(f"{PERSON} with {text}"), KeyError("other")])
    with patch(where, side_effect=error):
        cli.main()


def failed(house: House, *arguments: str, **settings: str) -> Outcome:
    environment = house.environment(**settings)
    return Outcome(*run_forked(fail, *arguments, folder=house.folder, environment=environment))


def traces(folder: Path) -> list[Path]:
    return sorted(folder.glob("trace-*.txt"))


def test_it_is_told_in_a_sentence_and_its_trace_is_kept_without_the_key(house: House) -> None:
    before = house.committed()

    outcome = failed(house, "status", "--json")

    (trace,) = traces(house.data / "logs")
    said = json.loads(outcome.stdout)
    assert (outcome.code, said["exit_code"]) == (7, 7)
    assert outcome.stderr == said["error"] + "\n"
    assert str(trace.relative_to(house.folder)) in said["error"]
    text = trace.read_text()
    assert "read_status" in text
    assert f"ValueError: {PERSON} with [hidden]" in text
    assert "KeyError: 'other'" in text
    assert KEY not in outcome.stdout + outcome.stderr + text
    assert house.committed() == before
    assert_private(house.data / "logs")


@pytest.mark.parametrize("treatment", ["hash", "drop"])
def test_where_personal_data_are_treated_no_text_of_it_is_kept(house: House, treatment: str) -> None:
    outcome = failed(house, "status", LEAFHOUSE_PII=treatment)

    (trace,) = traces(house.data / "logs")
    assert outcome.code == 7
    assert PERSON not in outcome.stdout + outcome.stderr + trace.read_text()
    assert "ValueError" in trace.read_text()


def test_without_a_data_folder_the_trace_goes_to_the_temporary_one(empty: House) -> None:
    outcome = failed(empty, "status", TMPDIR=str(empty.folder))

    (trace,) = traces(empty.folder)
    assert outcome.code == 7
    assert str(trace) in outcome.stderr
    assert not empty.data.exists()
