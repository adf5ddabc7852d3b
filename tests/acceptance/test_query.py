"""`leafhouse query`: a question to the published warehouse, for people and for programs."""

import csv
import io
import json
import subprocess
import sys

import pytest

from .commands import House

ASKED = "select order_number, open_balance, due_date from ar_aging order by 1 limit 2"


def test_the_three_forms_say_the_same(house: House) -> None:
    table, as_csv, as_json = (house.run("query", ASKED, *form) for form in ([], ["--csv"], ["--json"]))

    document = json.loads(as_json.stdout)
    rows = list(csv.reader(io.StringIO(as_csv.stdout)))
    assert (table.code, as_csv.code, as_json.code) == (0, 0, 0)
    assert document["columns"] == rows[0] == ["order_number", "open_balance", "due_date"]
    assert [[value or "" for value in row] for row in document["rows"]] == rows[1:]
    assert len(rows) == 3
    assert all(value in table.stdout for row in rows for value in row)


def test_a_question_may_come_through_a_pipe(house: House) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "query", "-", "--csv"], input="select 1 as one", capture_output=True,
        text=True, cwd=house.folder, env=house.environment(), timeout=60, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "one\n1\n", "")


@pytest.mark.parametrize(
    ("sql", "says"),
    [("select nope", "nope"), ("select (", "failed"), ("drop table raw.brands", "read-only"), ("\x00", "failed")],
)
def test_what_cannot_be_asked_is_2_and_changes_nothing(house: House, sql: str, says: str) -> None:
    before = house.committed()

    failed = house.run("query", sql, "--json")

    assert failed.code == 2, failed
    assert says in json.loads(failed.stdout)["error"]
    assert house.committed() == before


def test_one_form_at_a_time(house: House) -> None:
    house.refuses("query", ASKED, "--csv", "--json", code=2, says=("leave out one",))
