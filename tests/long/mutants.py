"""Mutants of sql/, and whether the oracles or the audits find them: `python -m tests.long.mutants --sample 200`.

A mutant that no longer runs is left out: it would stop every load. Each of the others is run on random companies: five
of which the receivables are looked at, two of which the sales are, and one at its second load. What it makes is
compared with what plain Python calculates. What that does not find the audits may. Mutants of audits are not tried.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any

import duckdb

from pipeline.errors import ModelError
from pipeline.models import Kept, ModelSettings, Project, run_audits, run_models
from pipeline.models.model import Model, parse_model
from tests.models import ledger, sales, test_ledger, test_sales
from tests.models.bench import COMPANY, PROJECT, SETTINGS, empty_warehouse, rows_of
from tests.models.comparison import differences
from tests.models.ledger.companies import random_source
from tests.models.mutation import mutants_of
from tests.models.sales.random_companies import random_company

Row = dict[str, Any]


@dataclass(frozen=True)
class Mutated(Project):
    """The project with another text of one model."""

    name: str = ""
    text: str = ""

    @cached_property
    def models(self) -> list[Model]:
        return [
            parse_model(model.path, model.name, self.text) if model.name == self.name else model
            for model in PROJECT.models
        ]


@dataclass
class World:
    """A warehouse with random companies, and the rows that each of its marts should have."""

    con: duckdb.DuckDBPyConnection
    settings: ModelSettings
    companies: list[str]
    expected: Mapping[str, tuple[str, list[Row]]]
    failing: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.failing = self._failing()

    def finds(self, project: Mutated) -> str | None:
        """Run the mutated model and what is above it, and return what finds the mutant. Raises ModelError."""
        changed = above(project.name) | CARRIED
        self._forget()
        others = {model.name: dict.fromkeys(self.companies, "as before") for model in PROJECT.models}
        kept = Kept(self.companies, {name: why for name, why in others.items() if name not in changed})
        run_models(self.con, self.settings, project, kept=kept)
        for mart, (key, rows) in self.expected.items():
            if f"marts.{mart}" in changed and differences(mart, key.split(), self._rows(mart), rows):
                return mart
        return next(iter(sorted(self._failing() - self.failing)), None)

    def restore(self) -> None:
        """Run all models as they are."""
        self._forget()
        run_models(self.con, self.settings, PROJECT)

    def _forget(self) -> None:
        for name in PREVIOUS:
            self.con.execute(f"DELETE FROM {name}; INSERT INTO {name} FROM {_copy_of(name)}")

    def _rows(self, mart: str) -> list[Row]:
        return rows_of(self.con, f"marts.{mart}")

    def _failing(self) -> set[str]:
        results = run_audits(self.con, replace(self.settings, accept_shrink=True), PROJECT)
        return {each.audit_id for each in results if each.failures}


def above(name: str) -> set[str]:
    """Return a model and all models that read it, near or far."""
    found = {name}
    for model in PROJECT.models:
        if not found.isdisjoint(model.inputs):
            found.add(model.name)
    return found


def _previous() -> set[str]:
    names = {
        name.partition(".")[2] for model in PROJECT.models for name in model.inputs if name.startswith("previous.")
    }
    return {model.name for model in PROJECT.models if model.name.partition(".")[2] in names}


PREVIOUS = _previous()
CARRIED = set[str]().union(*(above(name) for name in PREVIOUS))


def _copy_of(name: str) -> str:
    return f"before.{name.partition('.')[2]}"


def keep_previous(con: duckdb.DuckDBPyConnection) -> None:
    """Copy what the next load compares itself with, so that it can be run again and again."""
    con.execute("CREATE SCHEMA before")
    for name in PREVIOUS:
        con.execute(f"CREATE TABLE {_copy_of(name)} AS FROM {name}")


def first_load() -> duckdb.DuckDBPyConnection:
    """Return a warehouse before its first load: the tables are there."""
    con = empty_warehouse()
    run_models(con, SETTINGS, PROJECT)
    keep_previous(con)
    return con


def ledger_world() -> World:
    """Return a warehouse of five companies: what they are owed."""
    names = [f"company {seed}" for seed in range(5)]
    sources = [
        replace(random_source(seed, SETTINGS.as_of, name), run_id=SETTINGS.run_id) for seed, name in enumerate(names)
    ]
    con = first_load()
    test_ledger.load(con, sources)
    expected = {
        mart: (f"_company {key}", [row for source in sources for row in calculate(source)])
        for mart, (key, calculate) in ledger.MARTS.items()
    }
    return World(con, replace(SETTINGS, last_day=sources[0].last_day), names, expected)


def sales_world(seed: int) -> World:
    """Return a warehouse of one company: what it sells."""
    company = random_company(seed, SETTINGS.as_of)
    con, settings = first_load(), replace(SETTINGS, timezone=company.timezone)
    test_sales.load(con, company)
    run_models(con, settings, PROJECT)
    expected = {
        mart: (f"_company {sales.KEYS[mart]}", calculate())
        for mart, calculate in sales.expectation(company, settings.as_of, settings.sell_through_days).items()
    }
    return World(con, settings, [COMPANY], expected)


def second_load_world() -> World:
    """Return a warehouse at the second load of one company: what that changed."""
    then = replace(random_source(1, SETTINGS.as_of), run_id=test_ledger.FIRST)
    now, con = test_ledger.later(then, 1), empty_warehouse()
    test_ledger.load(con, [then], then.run_id)
    test_ledger.note_load(con, then)
    keep_previous(con)
    test_ledger.load(con, [now], now.run_id)
    expected = {mart: (f"_company {key}", calculate(then, now)) for mart, (key, calculate) in test_ledger.LOADS.items()}
    settings = replace(SETTINGS, as_of=now.as_of, run_id=now.run_id, last_day=now.last_day)
    return World(con, settings, [COMPANY], expected)


def main() -> None:
    """Try mutants of models until they or the sample are at an end, and print those that nothing finds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="so many, picked by chance; all without it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a part of the names of the models")
    options = parser.parse_args()
    everything = [
        (model, mutant)
        for model in PROJECT.models
        if options.only in model.name
        for mutant in mutants_of(model.path.read_text().rstrip())
    ]
    sample = everything
    if options.sample and options.sample < len(everything):
        places = sorted(Random(options.seed).sample(range(len(everything)), options.sample))
        sample = [everything[place] for place in places]
    started, worlds = time.monotonic(), [ledger_world(), sales_world(1), sales_world(2), second_load_world()]
    found = broken = 0
    survivors, last = [], ""
    for model, mutant in sample:
        if last and last != model.name:
            for world in worlds:
                world.restore()
        last = model.name
        try:
            project = Mutated(name=model.name, text=mutant.text)
            finder = next(filter(None, (world.finds(project) for world in worlds)), None)
        except ModelError:
            broken += 1
            continue
        if finder:
            found += 1
        else:
            survivors.append(f"{model.name}:{mutant.line}: {mutant.change}")
            print(survivors[-1], flush=True)
    tried = found + len(survivors)
    print(f"{tried:,} mutants in {time.monotonic() - started:,.0f} s ({broken:,} more do not run): "
          f"{found:,} found, {len(survivors):,} not: {100 * found / max(tried, 1):.1f} %")  # fmt: skip


if __name__ == "__main__":
    main()
