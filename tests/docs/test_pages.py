"""docs/querying.md and docs/metrics.md say what the warehouse says, and every question has an answer."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

import pipeline
from pipeline.mcp.values import plain

from ..acceptance.assistants import Assistant, assistant
from ..acceptance.commands import House
from ..conftest import own_environment
from . import metrics, querying
from .warehouse import open_documented
from .write import DOCS

pytestmark = pytest.mark.long  # `make test-docs` runs it

QUESTIONS = list(querying.questions((DOCS / "querying.md").read_text()))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.place))
def test_a_question_takes_twelve_lines_and_no_other_schema(question: querying.Question) -> None:
    assert len(question.query.strip().splitlines()) <= 12
    assert not any(f"{schema}." in question.query for schema in ("raw", "staging", "intermediate", "marts", "history"))


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the warehouse that the pages show, built once."""
    folder = tmp_path_factory.mktemp("documented")

    async def build() -> None:
        async with open_documented(folder):
            pass

    with pytest.MonkeyPatch.context() as patched:
        own_environment(patched, folder)
        asyncio.run(build())
    return folder


@pytest.fixture
def con(documented: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(pipeline.connect(documented / "data" / "warehouse.duckdb")) as con:
        yield con


def test_both_pages_say_what_the_warehouse_says(con: duckdb.DuckDBPyConnection) -> None:
    asked, tables = ((DOCS / name).read_text() for name in ("querying.md", "metrics.md"))

    assert querying.answered(asked, con) == asked, "run `make docs`"
    assert metrics.page(tables, con, DOCS / "querying.md") == tables, "run `make docs`"


@pytest.fixture(scope="module")
def session(documented: Path) -> Iterator[Assistant]:
    with assistant(documented, House(documented, "").environment()) as session:
        yield session


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.place))
def test_an_assistant_gets_the_same_answer(
    con: duckdb.DuckDBPyConnection, session: Assistant, question: querying.Question
) -> None:
    expected = con.execute(question.query)

    answer = session.call("query", sql=question.query)

    assert [column["name"] for column in answer["columns"]] == [name for name, *_ in expected.description or ()]
    assert answer["rows"] == plain(expected.fetchmany(len(answer["rows"])))
    assert answer["is_cut"] == (expected.fetchone() is not None)


def test_an_assistant_finds_every_mart_and_every_definition(con: duckdb.DuckDBPyConnection, session: Assistant) -> None:
    names = [mart["name"] for mart in session.call("list_marts")["marts"]]
    described = session.call("describe_marts", names=names)["marts"]

    assert names == [
        name
        for (name,) in con.execute(
            "select view_name from duckdb_views() "
            "where database_name = 'warehouse' and schema_name = 'main' order by all"
        ).fetchall()
    ]
    assert all(mart["definition"] for mart in described)
    assert all(column["definition"] for mart in described for column in mart["columns"])
