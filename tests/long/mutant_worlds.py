"""Warehouses in which a mutant of a model runs: what tests compare there must differ then, or an audit must fail."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.models import ModelSettings, Project, run_models
from pipeline.models.model import Model, parse_model
from pipeline.models.settings import bound_settings
from pipeline.sql import identifier
from tests.models import (
    ledger,
    test_bounds,
    test_carried,
    test_cases,
    test_ledger,
    test_line_readings,
    test_sales,
    test_semantics,
)
from tests.models.bench import PROJECT, SETTINGS, Part, empty_warehouse, rows_of, settings_of
from tests.models.comparison import differences
from tests.models.ledger import dimensions

Row = dict[str, Any]
COMPARED_WITH = {name for model in PROJECT.models for name in model.inputs if name.startswith("previous.")}


@dataclass
class World:
    """A warehouse whose models have run, and the columns that tests compare, by table (none are all columns).

    The tables are as the tests expect them: a test finds a mutant if they are others now.
    """

    kind: str
    con: duckdb.DuckDBPyConnection
    settings: ModelSettings
    models: Sequence[Model]
    compared: Mapping[str, Sequence[str]]
    audits: Sequence[Model] = ()
    open: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.open.enter_context(bound_settings(self.con, self.settings))
        for model in self.models:
            if model.is_view:  # what a view showed must stay to be compared when its inputs change
                self.con.execute(f"CREATE TEMP TABLE shown AS FROM {model.name}; DROP VIEW {model.name}")
                self.con.execute(f"CREATE TABLE {model.name} AS FROM shown; DROP TABLE shown")
        self.audits = [audit for audit in self.audits if not fails(self.con, audit.text)]

    def finds(self, name: str, text: str) -> str | None:
        """Run a model with another text, and return the kind of test that finds it. Raises duckdb.Error."""
        changed = set[str]()
        with rolled_back(self.con):
            for model in self.models:
                if model.name != name and changed.isdisjoint(model.inputs):
                    continue
                self.con.execute(
                    f"CREATE OR REPLACE TEMP TABLE arriving AS {text if model.name == name else model.text}"
                )
                if self._differs(model.name):
                    if self._is_seen(model):
                        return self.kind
                    self.con.execute(f"CREATE OR REPLACE TABLE {model.name} AS FROM arriving")
                    changed.add(model.name)
            asked = [audit for audit in self.audits if not changed.isdisjoint(audit.inputs)]
            return "audit" if any(fails(self.con, audit.text) for audit in asked) else None

    def _is_seen(self, model: Model) -> bool:
        return model.name in self.compared and self._differs(model.name, self.compared[model.name])

    def _differs(self, table: str, columns: Sequence[str] = ()) -> bool:
        """Say whether the rows of `arriving` are others than those of the table."""
        names = ", ".join(map(identifier, columns)) or "*"
        counts = self.con.execute(f"SELECT count(*) FROM {table} UNION SELECT count(*) FROM arriving").fetchall()
        return len(counts) > 1 or bool(
            self.con.execute(f"SELECT {names} FROM arriving EXCEPT ALL SELECT {names} FROM {table} LIMIT 1").fetchall()
        )


@contextmanager
def rolled_back(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Undo what happens inside."""
    con.begin()
    try:
        yield
    finally:
        con.rollback()


def fails(con: duckdb.DuckDBPyConnection, audit: str) -> bool:
    """Say whether an audit finds a row."""
    return bool(con.execute(f"SELECT 1 FROM ({audit}) LIMIT 1").fetchall())


def compare_with_nothing(con: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> None:
    """Let the models that ran read what a first load compares itself with, as long as the connection is open."""
    con.execute("ATTACH ':memory:' AS previous")
    names = {model.name for model in models}
    for name in COMPARED_WITH:
        if (table := _made_by(name)) in names:
            con.execute(f"CREATE TABLE {name} AS FROM {table} LIMIT 0")


@contextmanager
def compare_with_last_load(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep what the load inside compares itself with, and let models read it as long as the connection is open."""
    con.execute("CREATE SCHEMA held")
    for name in COMPARED_WITH:
        con.execute(f"CREATE TABLE held.{_table(name)} AS FROM {_made_by(name)}")
    yield
    con.execute("ATTACH ':memory:' AS previous")
    for name in COMPARED_WITH:
        con.execute(f"CREATE TABLE {name} AS FROM held.{_table(name)}")
    con.execute("DROP SCHEMA held CASCADE")


def _table(name: str) -> str:
    return name.partition(".")[2]


def _made_by(name: str) -> str:
    names = {f"{layer}.{_table(name)}" for layer in ("intermediate", "marts")}
    return next(model.name for model in PROJECT.models if model.name in names)


def ledger_world(first: int, as_of: date, **sizes: Any) -> World:
    """Return a warehouse of five companies, of these sizes or the usual ones: what they are owed."""
    con = empty_warehouse()
    sources = test_ledger.some(first, as_of, **sizes)
    test_ledger.load(con, sources)
    compare_with_nothing(con, PROJECT.models)
    expected = {mart: (f"_company {key}", [row for source in sources for row in calculate(source)])
                for mart, (key, calculate) in ledger.MARTS.items()}  # fmt: skip
    expected["dim_date"] = ("date", dimensions.dim_date(as_of))
    return checked(con, replace(SETTINGS, as_of=as_of, last_day=sources[0].last_day), expected)


def sales_world(first: int, as_of: date, **sizes: Any) -> World:
    """Return a warehouse of five companies, of these sizes or the usual ones: what they sell."""
    con, settings = empty_warehouse(), replace(SETTINGS, as_of=as_of)
    companies = test_sales.some(first, as_of, **sizes)
    test_sales.load(con, companies)
    run_models(con, settings, PROJECT)
    compare_with_nothing(con, PROJECT.models)
    expected = test_sales.expected(companies, as_of, SETTINGS.sell_through_days)
    world = checked(con, settings, expected)
    world.compared = {**world.compared, **{f"marts.{view}": () for view in test_sales.VIEWS}}
    return world


def second_load_world(count: int, **sizes: Any) -> World:
    """Return a warehouse at the second load of some companies, of these sizes or the usual ones: what that changed."""
    con = empty_warehouse()
    thens, nows = test_ledger.two_nights(range(1, 1 + count), SETTINGS.as_of, **sizes)
    test_ledger.load(con, thens, test_ledger.FIRST)
    for run_id in (test_ledger.OLDER, test_ledger.FIRST):
        test_ledger.note_load(con, replace(thens[0], run_id=run_id))
    with compare_with_last_load(con):
        test_ledger.load(con, nows, test_ledger.SECOND)
    expected, now = test_ledger.changed(thens, nows), nows[0]
    return checked(con, replace(SETTINGS, as_of=now.as_of, run_id=now.run_id, last_day=now.last_day), expected)


def lines_world() -> World:
    """Return a warehouse of lines whose numbers are awkward to compute with."""
    con = empty_warehouse()
    return _made(con, test_line_readings.PART, "line_id", test_line_readings.load(con))


def semantics_world() -> World:
    """Return a warehouse of small companies whose orders contradict each other."""
    con = empty_warehouse()
    return _made(con, test_semantics.PART, "_company", test_semantics.load(con, 0, 500))


def _made(con: duckdb.DuckDBPyConnection, part: Part, key: str, expected: list[Row]) -> World:
    """Return a world of the models that make the one table of a part, which is as expected."""
    (table,) = part.tables
    run_models(con, SETTINGS, part)
    assert (text := differences(table, [key], rows_of(con, table), expected)) == "", text
    return World("oracle", con, SETTINGS, part.models, {table: ()})


def checked(
    con: duckdb.DuckDBPyConnection, settings: ModelSettings, expected: Mapping[str, tuple[str, list[Row]]]
) -> World:
    """Return a world whose tables are as expected."""
    for mart, (key, rows) in expected.items():
        assert (text := differences(mart, key.split(), rows_of(con, f"marts.{mart}"), rows)) == "", text
    compared = {f"marts.{mart}": () for mart in expected}
    return World("oracle", con, settings, PROJECT.models, compared, PROJECT.audits)


class BoundsWorld(World):
    """A warehouse of two companies, of whom tests compare one with the other."""

    def _is_seen(self, model: Model) -> bool:
        return test_bounds.differ(self.con, model, "arriving")


def bounds_world() -> World:
    """Return a warehouse of a company with amounts at their bounds, and of the same without them."""
    con = empty_warehouse()
    test_sales.load(con, test_bounds.two_companies())
    run_models(con, SETTINGS, PROJECT)
    compare_with_nothing(con, PROJECT.models)
    return BoundsWorld("bound", con, SETTINGS, PROJECT.models, {})


@dataclass(frozen=True)
class Mutated(Project):
    """The project with another text of one model."""

    name: str = ""
    text: str = ""

    @cached_property
    def models(self) -> list[Model]:
        """The models, one of them changed."""
        return [
            parse_model(model.path, model.name, self.text) if model.name == self.name else model
            for model in PROJECT.models
        ]


class Carried:
    """The tests of what is carried from load to load, which run several loads each."""

    def finds(self, name: str, text: str) -> str | None:
        """Run the tests with a model that carries rows and has another text."""
        if not any(model.name == name and not COMPARED_WITH.isdisjoint(model.inputs) for model in PROJECT.models):
            return None
        tests = [test for test in vars(test_carried).values() if getattr(test, "__name__", "").startswith("test_")]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(test_carried, "PROJECT", Mutated(name=name, text=text))
            for test in tests:
                if not hasattr(test, "pytestmark"):  # those with parameters are about shares
                    with closing(empty_warehouse()) as con:
                        try:
                            test(con)
                        except AssertionError:
                            return "carried"
        return None


@dataclass
class Case:
    """A folder of CSV files under tests/sql: a small world, made when a mutant is first asked there."""

    folder: Path

    @cached_property
    def table(self) -> str:
        """The model whose rows are compared."""
        return test_cases.SCHEMAS[self.folder.parent.name]

    @cached_property
    def part(self) -> Part:
        """The models that make the table."""
        return Part(tables=(self.table,))

    @cached_property
    def world(self) -> World:
        """The warehouse."""
        con, settings = empty_warehouse(), settings_of(self.folder)
        test_cases.fill(con, self.folder)
        run_models(con, settings, self.part)
        compare_with_nothing(con, self.part.models)
        with (self.folder / "expected.csv").open(newline="") as file:
            columns = next(csv.reader(file))
        return World("case", con, settings, self.part.models, {self.table: columns})

    def finds(self, name: str, text: str) -> str | None:
        """As a world does, of the models that make the table."""
        return self.world.finds(name, text) if name in {model.name for model in self.part.models} else None
