"""docs/comparison.md: a cell of ours names the test that proves it, one of another tool the page that says it."""

import ast
import re
from collections.abc import Iterator

import pytest

from .write import DOCS

TOOLS = ["Leafhouse", "dlt", "Airbyte", "Meltano", "Fivetran", "dbt", "SQLMesh"]
PROOF = re.compile(r'\]\((?P<file>\.\./tests/[\w/]+\.py) "(?P<function>test_\w+)"\)')
OURS = re.compile(r"\[(yes|partly|no)" + PROOF.pattern)
THEIRS = re.compile(r"not found$|\[(yes|partly|no)\]\(https://[^\s)]+\)(: \S.*)?$")


def tables() -> Iterator[list[list[str]]]:
    """Yield each table of the page as rows of cells, its header first."""
    text = (DOCS / "comparison.md").read_text()
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        header, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
        yield [header, *rows]


ROWS = [row for _, *rows in tables() for row in rows]


def test_every_table_has_the_same_tools_and_every_expectation_once() -> None:
    assert {tuple(header) for header, *_ in tables()} == {("expected", *TOOLS)}
    assert len({row[0] for row in ROWS}) == len(ROWS) == 21


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_cell_of_ours_has_its_test_and_every_cell_of_theirs_its_page(row: list[str]) -> None:
    _, ours, *theirs = row

    assert len(theirs) == len(TOOLS) - 1
    assert OURS.match(ours), ours
    assert [cell for cell in theirs if not THEIRS.match(cell)] == []
    assert ours.count("](") == len(PROOF.findall(ours))
    for file, function in PROOF.findall(ours):
        tree = ast.parse((DOCS / file).read_text())
        defined = {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert function in defined, file
