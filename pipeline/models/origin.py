"""What the rows of a table come from, as one hash: a table whose origin is that of the last load is not made anew.

The rows of an input count, and not the runs that brought them: a row that was deleted and is back comes with a later
run, and so does one whose treatment of personal data changed, though it may be as it was. To hash all of raw takes 0.6
CPU seconds at 1,000,000 lines, where the models take 25.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipeline.models.carryover import Carryover
from pipeline.models.catalog import Relation
from pipeline.models.model import Model

# Columns that tell of the run and not of the row. Nothing that shows them is compared.
_OF_RUNS = ("_run_id", "_extracted_at")
_NAMES_RUNS = re.compile(rf"(?<!\w)({'|'.join(_OF_RUNS)})\b")


class Origin(NamedTuple):
    """What a table comes from: `form` covers its columns with their comments, `rows` these and its rows.

    `rows` is None for a table that must be made anew in any case.
    """

    form: str
    rows: str | None


def read_origins(con: duckdb.DuckDBPyConnection, before: Mapping[str, Relation]) -> dict[str, Origin]:
    """Return the origins that the last load recorded, by table, of the tables that are there still."""
    if "meta.models" not in before or "form" not in before["meta.models"].columns:
        return {}
    rows = con.execute("SELECT DISTINCT model, form, origin FROM meta.models WHERE form IS NOT NULL").fetchall()
    return {name: Origin(form, origin) for name, form, origin in rows if name in before}


@dataclass
class Origins:
    """Tells the origin of each model, asked in the order in which they run.

    The form covers the text of the model, and the columns of what it reads; the rows cover that too, the values of the
    variables that it names, and all rows that it reads, near and far. Those of a view are its form. A table must be
    made anew in any case where it reads `previous`, shows which run a row came with, or has rows of an earlier load
    (`kept`).
    """

    con: duckdb.DuckDBPyConnection
    before: Mapping[str, Relation]
    seeds: Mapping[str, Path]
    kept: Carryover
    _forms: dict[str, str] = field(default_factory=dict)
    _rows: dict[str, str | None] = field(default_factory=dict)

    def of(self, model: Model) -> Origin:
        """Return the origin of a model whose inputs were asked for before."""
        for name in model.inputs:
            if name not in self._rows:
                self._forms[name], self._rows[name] = self._of_input(name)
        rows = [self._rows[name] for name in model.inputs]
        form = self._forms[model.name] = _hash(
            duckdb.__version__, model.text, *(self._forms[name] for name in model.inputs)
        )
        whole = None if None in rows or self._is_passing(model) else _hash(form, *self._values(model), *map(str, rows))
        self._rows[model.name] = whole
        return Origin(form, form if model.is_view else whole)

    def _is_passing(self, model: Model) -> bool:
        """Say whether a model must be made anew whatever it reads."""
        known = self.before.get(model.name)
        columns: Collection[str] = () if known is None else known.columns
        return bool(self.kept.of(model.name) or _NAMES_RUNS.search(" ".join((model.text, *columns))))

    def _values(self, model: Model) -> list[str]:
        return [str(self.con.execute("SELECT getvariable(?)", [name]).fetchall()) for name in model.variables]

    def _of_input(self, name: str) -> tuple[str, str | None]:
        """Return the hash of the columns and the hash of the rows of what no model makes."""
        if name in self.seeds:
            seed = _hash(self.seeds[name].read_text(encoding="utf-8"))
            return seed, seed
        if name not in self.before:  # a table of `previous`, which says what was so before this load
            return _hash(name, str(self.con.execute(f"DESCRIBE {name}").fetchall())), None
        relation = self.before[name]
        left_out = ", ".join(column for column in _OF_RUNS if column in relation.columns)
        columns = f"* EXCLUDE ({left_out})" if left_out else "*"
        rows = self.con.execute(
            f"SELECT count(*), sum(hash(whole_row)) FROM (SELECT {columns} FROM {name}) AS whole_row"  # noqa: S608
        ).fetchall()
        form = _hash(str(list(relation.columns.items())))
        return form, _hash(form, str(rows))


def _hash(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:32]
