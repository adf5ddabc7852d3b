"""The folder sql/: its models in the order in which they can run, its seeds, its audits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.models.model import Model, read_model

__all__ = ["LAYERS", "SQL", "Model", "ModelError", "Project", "lineage", "resources_of_marts"]

SQL = Path(__file__).parents[2] / "sql"
LAYERS = ("staging", "intermediate", "marts")


@dataclass(frozen=True)
class Project:
    """The SQL under `root`, read when it is first asked for; `raw_keys` are the keys of the tables of raw, by name."""

    root: Path = SQL
    raw_keys: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def models(self) -> list[Model]:
        """Every model, each after those it reads. Raises ModelError for a file that cannot be used, or a cycle."""
        found = {
            f"{layer}.{path.stem}": read_model(path, f"{layer}.{path.stem}")
            for layer in LAYERS
            for path in sorted((self.root / layer).glob("*.sql"))
        }
        sorter = TopologicalSorter({name: [i for i in model.inputs if i in found] for name, model in found.items()})
        try:
            return [found[name] for name in sorter.static_order()]
        except CycleError as error:
            ring: list[str] = error.args[1]
            model = found[ring[1]]
            raise model.error(f"these read each other: {' <- '.join(ring)}", model.line_of(ring[0])) from error

    @cached_property
    def audits(self) -> list[Model]:
        """Every audit, by name."""
        return [read_model(path, f"audit.{path.stem}") for path in sorted((self.root / "audits").glob("*.sql"))]

    @cached_property
    def seeds(self) -> dict[str, Path]:
        """The seed files, by table."""
        return {f"seeds.{path.stem}": path for path in sorted((self.root / "seeds").glob("*.csv"))}


def check_inputs(models: Iterable[Model], tables: set[str]) -> None:
    """Raise ModelError when a model reads a table that is not in `tables`."""
    for model in models:
        for name in model.inputs:
            if name not in tables and not name.startswith("previous."):
                raise model.error(f"there is no table {name}, and no model makes it", model.line_of(name))


def resources_of_marts(project: Project | None = None) -> frozenset[str]:
    """Return the resources that some mart reads, near or far."""
    inputs, found = lineage(project), set[str]()
    waiting = [name for name in inputs if name.startswith("marts.")]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += inputs.get(name, ())
    return frozenset(name.removeprefix("raw.") for name in found if name.startswith("raw."))


def lineage(project: Project | None = None) -> dict[str, tuple[str, ...]]:
    """Return the inputs of every model, in the order in which the models run."""
    return {model.name: model.inputs for model in (project or Project()).models}
