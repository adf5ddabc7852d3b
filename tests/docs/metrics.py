"""docs/metrics.md: the rules in words, then every table of `marts` as its model declares it."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipeline.models import Project
from pipeline.models.model import Model

from .querying import cell_of, questions

MARKER = "<!-- The rest is written by `make docs`. -->\n"


def page(written: str, con: duckdb.DuckDBPyConnection, querying: Path) -> str:
    """Return the page: its own words up to the marker, and the tables as they are now."""
    words, _, _ = written.partition(MARKER)
    asked = list(questions(querying.read_text()))
    titles = re.findall(r"^## (\d+)\. (.*)$", querying.read_text(), re.MULTILINE)
    marts = {model.name.partition(".")[2]: model for model in Project().models if model.name.startswith("marts.")}
    parts = [words, MARKER, "\n## Tables\n"]
    for name, model in sorted(marts.items()):
        used = [
            f"[{number}. {title}](querying.md#{_anchor(number, title)})"
            for question, (number, title) in zip(asked, titles, strict=True)
            if re.search(rf"\b(from|join)\s+{name}\b", question.query)
        ]
        parts += ["\n", "\n".join(_table(name, model, con, used)), "\n"]
    return "".join(parts)


def _anchor(number: str, title: str) -> str:
    return re.sub(r"[^a-z0-9_ -]", "", f"{number} {title}".lower()).replace(" ", "-")


def _table(name: str, model: Model, con: duckdb.DuckDBPyConnection, used: list[str]) -> Iterator[str]:
    described = con.execute(
        "SELECT column_name, data_type, coalesce(comment, '') FROM duckdb_columns() "
        "WHERE schema_name = 'marts' AND table_name = ? ORDER BY column_index",
        [name],
    ).fetchall()
    example = con.execute(f"SELECT * FROM marts.{name} ORDER BY ALL LIMIT 1").fetchone() or [None] * len(described)
    yield f"### {name}"
    yield ""
    yield model.header
    if model.needs:
        yield ""
        yield f"Needs {', '.join(sorted(model.needs))}."
    if used:
        yield ""
        yield f"Questions: {', '.join(used)}."
    yield ""
    yield "| column | type | meaning | example |"
    yield "|---|---|---|---|"
    for (column, kind, meaning), value in zip(described, example, strict=True):
        cells = [f"`{column}`", kind.lower(), *(text.replace("|", "\\|") for text in (meaning, cell_of(value)))]
        yield f"| {' | '.join(cells)} |"
