"""Parts of the project in sql/: some tables, and what they are made of."""

from collections.abc import Iterable

from pipeline.models import Project
from pipeline.models.model import Model
from pipeline.resources import all_resources

RESOURCES = all_resources()
# Read once: parsing sql/ costs more than running it on a few rows.
PROJECT = Project(raw_keys={name: resource.key for name, resource in RESOURCES.items()})


def models_of(tables: Iterable[str]) -> list[Model]:
    """Return the models that make some tables and all that those read, also as the load before left it."""
    inputs, wanted, waiting = {model.name: model.inputs for model in PROJECT.models}, set[str](), [*tables]
    while waiting:
        schema, _, table = waiting.pop().partition(".")
        schemas = ("intermediate", "marts") if schema == "previous" else (schema,)
        new = {f"{each}.{table}" for each in schemas} & inputs.keys() - wanted
        wanted |= new
        waiting += [name for model in new for name in inputs[model]]
    return [model for model in PROJECT.models if model.name in wanted]
