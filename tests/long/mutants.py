"""Mutants of sql/, and whether a test or an audit finds them: `python -m tests.long.mutants --sample 200`.

A mutant of a model runs, with the models above it, in the warehouses of the tests that compare with what plain Python
calculates: 15 companies of which the receivables are looked at and ten of which the sales are, five each with some
hundred orders, and eleven at their second load; 500 small ones whose orders contradict each other, one with amounts at
their bounds, and one whose lines are awkward to compute. If no table differs there and no audit fails, it runs on the
cases under tests/sql, on the planted defects of the audits that read the model, and through the tests of what is
carried from load to load. A mutant of an audit runs on the clean data and the planted defects of
tests/models/plants.py. A mutant that does not run is left out: it would stop every load.

Those that cannot change a result are listed in equivalent_mutants.txt, each with the reason; they are counted apart.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from random import Random

import duckdb

from pipeline.models.model import Model
from tests.long.mutant_audits import AuditedWorld
from tests.long.mutant_worlds import (
    Carried,
    Case,
    World,
    bounds_world,
    ledger_world,
    lines_world,
    sales_world,
    second_load_world,
    semantics_world,
)
from tests.models import test_ledger, test_sales
from tests.models.bench import PROJECT
from tests.models.mutation import Mutant, mutants_of
from tests.models.test_cases import CASES

Key = tuple[str, str, str]
LARGE = (100, 200, 300)
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")


class Finders:
    """All that may find a mutant, made when it is first asked."""

    def __init__(self) -> None:
        self._worlds: list[World] = []
        self._cases = [Case(folder) for folder in CASES]
        self._audited: AuditedWorld | None = None

    def find(self, model: Model, mutants: Iterable[Mutant]) -> Iterator[str | None]:
        """Yield for each mutant of a model or an audit the kind of test that finds it, if one does, or "broken"."""
        texts = [mutant.text for mutant in mutants]
        self._audited = self._audited or AuditedWorld()
        if model.name.startswith("audit."):
            yield from self._audited.find(model, texts)
            return
        self._worlds = self._worlds or [
            ledger_world(0, test_ledger.DAYS[0]),
            ledger_world(10, test_ledger.DAYS[1]),
            sales_world(0, test_sales.DAYS[0]),
            second_load_world(8),
            bounds_world(),
            lines_world(),
            semantics_world(),
            # Some mutants need orders that meet in a group: of the same seller, currency, age and so on.
            ledger_world(5, test_ledger.DAYS[2], sizes=LARGE),
            sales_world(5, test_sales.DAYS[1], sizes=LARGE),
            second_load_world(3, sizes=LARGE),
        ]
        finders = (*self._worlds, *self._cases, self._audited, Carried())
        for text in texts:
            try:
                asked = (each.finds(model.name, text) for each in finders)
                yield next(filter(None, asked), None)
            except duckdb.Error:
                yield "broken"


def equivalent_mutants() -> dict[Key, str]:
    """Return the reason of each listed mutant, by its model, the text of its line and its change.

    In the file a reason, which is indented, follows the mutants that it holds for: `model | change | line`.
    """
    listed, waiting = {}, list[Key]()
    for text in EQUIVALENT.read_text().splitlines():
        if text.startswith(" "):
            listed |= dict.fromkeys(waiting, text.strip())
            waiting = []
        elif text and not text.startswith("#"):
            model, change, line = (part.strip() for part in text.split("|", 2))
            waiting.append((model, line, change))
    return listed


def keyed_mutants_of(model: Model) -> Iterator[tuple[Key, Mutant]]:
    """Yield the mutants of a model, each with its name, the text of the line and the change.

    A change that a line has already is numbered: `0 -> 1 (2)`. With `union all` alone on a line goes the one below it.
    """
    lines, seen = model.text.splitlines(), Counter[tuple[int, str]]()
    for mutant in mutants_of(model.text):
        place = mutant.line, " ".join(mutant.change.split())
        seen[place] += 1
        number = f" ({seen[place]})" if seen[place] > 1 else ""
        line = lines[mutant.line - 1].strip()
        text = f"{line} {lines[mutant.line].strip()}" if line == "union all" else line
        yield (model.name, text, place[1] + number), mutant


def main() -> None:
    """Try mutants until they or the sample are at an end, and print those that nothing finds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, help="so many, picked by chance; all without it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a part of the names of the models and audits")
    options = parser.parse_args()
    models = [model for model in (*PROJECT.models, *PROJECT.audits) if options.only in model.name]
    sample = [(model, key, mutant) for model in models for key, mutant in keyed_mutants_of(model)]
    if options.sample and options.sample < len(sample):
        places = sorted(Random(options.seed).sample(range(len(sample)), options.sample))
        sample = [sample[place] for place in places]
    there = {key for _, key, _ in sample}
    started, finders, listed, counts = time.monotonic(), Finders(), equivalent_mutants(), Counter[str]()
    if not options.sample:
        for model, line, change in listed.keys() - there:
            if options.only in model:
                print(f"{model} | {change} | {line}: listed, and no mutant any more", flush=True)
    for model, group in groupby(sample, key=lambda each: each[0]):
        tried = [(key, mutant) for _, key, mutant in group]
        finds = finders.find(model, (mutant for _, mutant in tried))
        for ((_, line, change), mutant), finder in zip(tried, finds, strict=True):
            reason = listed.get((model.name, line, change))
            counts[finder or ("equivalent" if reason else "survivor")] += 1
            if finder is None:
                print(
                    f"{model.name}:{mutant.line} | {change} | {line}" + (f" | {reason}" if reason else ""), flush=True
                )
            elif reason and finder != "broken":
                print(f"{model.name}:{mutant.line} | {change}: listed as equivalent, and found", flush=True)
                counts["wrongly listed"] += 1
    broken, survivors, equivalent = (counts.pop(name, 0) for name in ("broken", "survivor", "equivalent"))
    wrong = counts.pop("wrongly listed", 0)
    found = counts.total()
    by = ", ".join(f"{count:,} by {kind}" for kind, count in counts.most_common())
    print(
        f"{found + survivors + equivalent:,} mutants in {time.monotonic() - started:,.0f} s ({broken:,} more do not "
        f"run): {found:,} found ({by}), {survivors:,} not, {equivalent:,} equivalent. Found: "
        f"{_percent(found, found + survivors + equivalent)} of all, {_percent(found, found + survivors)} of those that "
        "are not equivalent."
    )
    sys.exit(1 if wrong else 0)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} %"


if __name__ == "__main__":
    main()
