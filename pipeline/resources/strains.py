"""Strains of the plant, LeafLink's own and those of companies: GET /strains/."""

from pydantic import Field

from pipeline.resources.common import STRAIN_CLASSES
from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import IdOrObject, Record, RequiredInteger, Text


class Strain(Record):
    """A strain, with those that it was bred from."""

    id: RequiredInteger = Field(description="Key of the strain.")
    name: Text = Field(None, description="Name of the strain.")
    parents: list[int] | None = Field(None, description="Ids of the strains that it was bred from.")
    company: IdOrObject = Field(None, description="Id of the company that added it; null for LeafLink's own.")
    strain_classification: Text = Field(
        None,
        description="Class of the strain; na if it has none.",
        json_schema_extra=STRAIN_CLASSES,
    )


STRAINS = Resource(
    path="strains/",
    record=Strain,
    key="id",
    refresh=Full(),
    filters=frozenset({"id", "name", "company", "company_slug", "company__isnull", "parents", "strain_classification"}),
)
