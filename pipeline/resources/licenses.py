"""Licences: GET /licenses/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import LooseText, Record, RequiredInteger, Text


class License(Record):
    """A licence that a state gave to a company."""

    id: RequiredInteger = Field(description="Key of the licence.")
    number: LooseText = Field(None, description="Licence number.")
    type: LooseText = Field(None, description="Type of the licence.")
    display_type: Text = Field(None, description="Type as displayed.")
    classification: Text = Field(None, description="Class of the licence.")


LICENSES = Resource(
    path="licenses/",
    record=License,
    key="id",
    refresh=Full(),
    filters=frozenset({"number", "number__in", "company_slug", "id"}),
)
