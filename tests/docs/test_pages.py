"""docs/querying.md and docs/metrics.md say what the warehouse says, and every question has an answer."""

from pathlib import Path

import pytest

from . import metrics, querying
from .warehouse import open_documented
from .write import DOCS

QUESTIONS = list(querying.questions((DOCS / "querying.md").read_text()))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.place))
def test_a_question_takes_twelve_lines_and_no_other_schema(question: querying.Question) -> None:
    assert len(question.query.strip().splitlines()) <= 12
    assert not any(f"{schema}." in question.query for schema in ("raw", "staging", "intermediate", "marts", "history"))


async def test_both_pages_say_what_the_warehouse_says(tmp_path: Path) -> None:
    asked, tables = ((DOCS / name).read_text() for name in ("querying.md", "metrics.md"))

    async with open_documented(tmp_path) as con:
        assert querying.answered(asked, con) == asked, "run `make docs`"
        assert metrics.page(tables, con, DOCS / "querying.md") == tables, "run `make docs`"
