"""The warehouse of the tests of audits, in which mutants of audits run on clean data and on each planted defect."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from pipeline.models import run_models
from pipeline.models.model import Model
from pipeline.models.settings import bound_settings
from tests.long.mutant_worlds import compare_with_last_load, rolled_back
from tests.models.audited import publish
from tests.models.bench import PROJECT, SETTINGS, empty_warehouse
from tests.models.plants import HARMLESS, PLANTS, Plant
from tests.models.reported import kept, report_of
from tests.models.test_audits import models_before

CLEAN = Plant("", "SELECT 1", None)
NO_MUTANT: Mapping[str, str] = {}


class AuditedWorld:
    """A warehouse that is clean."""

    def __init__(self) -> None:
        self.con, self._reports = empty_warehouse(), kept()
        publish(self.con)
        with compare_with_last_load(self.con):
            run_models(self.con, SETTINGS, PROJECT)

    def finds(self, name: str, text: str) -> str | None:
        """Run a model with another text on the plants of the audits that read it. Raises duckdb.Error."""
        for audit in PROJECT.audits:
            if name in audit.inputs:
                for plant in plants_of(audit):
                    if plant.before:
                        with self.planted(plant, {name: text}):
                            if self._notices(plant, audit.text):
                                return "plant"
        return None

    def find(self, audit: Model, texts: Sequence[str]) -> list[str | None]:
        """Return for each text of an audit the kind of test that finds it; one that does not run is "broken"."""
        found: list[str | None] = [None if self._binds(text) else "broken" for text in texts]
        for plant in (CLEAN, *plants_of(audit)):
            kind = "plant" if plant.severity else "clean"
            waiting = [index for index, finder in enumerate(found) if finder is None]
            while waiting:
                # An error ends the transaction, and with it the plant.
                with self.planted(plant):
                    assert not self._notices(plant, audit.text), str(plant)
                    while waiting:
                        index = waiting.pop()
                        try:
                            if self._notices(plant, texts[index]):
                                found[index] = kind
                        except duckdb.Error:
                            found[index] = "broken"
                            break
        return found

    def _notices(self, plant: Plant, text: str) -> bool:
        """Say whether the test of a plant notices that an audit has this text."""
        return report_of(self.con, text) != (self._reports[str(plant)] if plant.severity else "")

    def _binds(self, text: str) -> bool:
        try:
            with bound_settings(self.con, SETTINGS):
                self.con.execute(f"EXPLAIN SELECT 1 FROM ({text})")
        except duckdb.Error:
            return False
        return True

    @contextmanager
    def planted(self, plant: Plant, texts: Mapping[str, str] = NO_MUTANT) -> Iterator[None]:
        """Plant a defect, run the models that its audit reads, some with another text, and undo it in the end."""
        with bound_settings(self.con, plant.settings), rolled_back(self.con):
            self.con.execute(plant.statement)
            if plant.before and plant is not CLEAN:
                for model in models_before(plant.audit).models:
                    if not model.is_view:
                        self.con.execute(f"CREATE OR REPLACE TABLE {model.name} AS {texts.get(model.name, model.text)}")
            yield


def plants_of(audit: Model) -> list[Plant]:
    """Return the defects of an audit, and what looks like one."""
    return [plant for plant in (*PLANTS, *HARMLESS) if plant.audit == audit.path.stem]
