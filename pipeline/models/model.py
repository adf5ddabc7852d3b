"""One SQL file: its inputs, its header, the comments beside its columns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from pipeline.errors import ModelError
from pipeline.models.settings import VARIABLES

# A line of the header that says something to the runner, and not to a reader of the table.
_SETTING = re.compile(r"^-- (key|needs|kind): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Model:
    """A SELECT in a file. `name` is schema and table; `inputs` are the tables that it reads, `comments` by column.

    `columns` are those that it casts in its last SELECT, with their types. `is_by_company` when it selects `_company`,
    by name or with all columns of an input: its rows say whose they are. `needs` are the resources that its header
    names as needed (`-- needs: orders_received, line_items`); None when all that it reads is. `is_view` when its header
    says `-- kind: view`: its rows are those of its inputs, and nothing is stored. `key` are the columns that no two
    rows share (`-- key: _company, order_number`). `variables` are those that it reads with getvariable, by name.
    """

    name: str
    path: Path
    text: str
    header: str = ""
    inputs: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    is_by_company: bool = False
    needs: frozenset[str] | None = None
    is_view: bool = False
    key: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    def error(self, message: str, line: int = 1) -> ModelError:
        """Return the error that says `message` about a line of the file."""
        return ModelError(f"{_display(self.path)}:{line}: {message}.")

    def error_from(self, error: duckdb.Error) -> ModelError:
        """Return what DuckDB had to say about the file's text (given to it with its lines unmoved)."""
        message, _, context = str(error).partition("\n")
        line = re.search(r"LINE (\d+):", context)
        return self.error(message.rstrip("."), int(line[1]) if line else 1)

    def line_of(self, text: str) -> int:
        """Return the first line that mentions `text`, comments aside."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.search(rf"{re.escape(text)}(?!\w)", line.partition("--")[0]):
                return number
        return 1


def read_model(path: Path, name: str) -> Model:
    """Return the model in the file at `path`, or raise ModelError when it is not one SELECT."""
    return parse_model(path, name, path.read_text(encoding="utf-8").rstrip().removesuffix(";"))


@cache  # a load asks for the models more than once, and to parse them takes as long as to run them on a few rows
def parse_model(path: Path, name: str, text: str) -> Model:
    """Return the model whose text is `text`, or raise ModelError when it is not one SELECT."""
    model = Model(name, path, text)
    try:
        statements = sqlglot.parse(text, read="duckdb")
    except SqlglotError as error:
        raise _syntax_error(model, error) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise model.error("a file holds one SELECT and nothing else")
    query = statements[0]
    variables = _variables(model, query)
    settings = dict(_SETTING.findall(text))
    return replace(
        model,
        header=_header(text),
        inputs=tuple(sorted(set(_inputs(query)))),
        columns={column.alias: column.this.to.sql("duckdb") for column in query.selects if _is_cast(column)},
        comments=_comments(query),
        is_by_company=bool({"_company", "*"} & set(query.named_selects)),
        needs=frozenset(re.findall(r"\w+", settings["needs"])) if "needs" in settings else None,
        is_view=settings.get("kind") == "view",
        key=tuple(re.findall(r"\w+", settings.get("key", ""))),
        variables=tuple(sorted(variables)),
    )


def _is_cast(column: exp.Expr) -> bool:
    return isinstance(column, exp.Alias) and isinstance(column.this, exp.Cast)


def _display(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _header(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        if not _SETTING.match(line):
            lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


def _syntax_error(model: Model, error: SqlglotError) -> ModelError:
    details = getattr(error, "errors", None)
    if details:
        return model.error(f"syntax error: {details[0]['description']}".rstrip("."), details[0]["line"])
    return model.error(f"syntax error: {str(error).splitlines()[0]}".rstrip("."))


def _variables(model: Model, query: exp.Query) -> set[str]:
    found = set()
    for call in query.find_all(exp.Anonymous):
        if call.name.lower() != "getvariable":
            continue
        name = call.expressions[0].name if call.expressions else ""
        if name not in VARIABLES:
            known = ", ".join(VARIABLES)
            raise model.error(f"unknown variable {name!r} (known: {known})", model.line_of(f"getvariable('{name}')"))
        found.add(name)
    return found


def _inputs(query: exp.Query) -> Iterator[str]:
    # Names without a schema are the query's own CTEs, or functions of DuckDB.
    for table in query.find_all(exp.Table):
        if table.db:
            yield f"{table.db}.{table.name}"


def _comments(query: exp.Query) -> dict[str, str]:
    return {
        column.alias_or_name: " ".join(comment.strip() for comment in column.comments)
        for column in query.selects
        if column.comments and column.alias_or_name != "*"
    }
