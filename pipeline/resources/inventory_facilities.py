"""Places that hold inventory: GET /inventory/facilities/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Record, RequiredInteger, Text, personal


class Facility(Record):
    """A place that holds inventory."""

    id: RequiredInteger = Field(description="Key of the facility.")
    name: Text = Field(None, description="Name of the facility.")
    description: Text = personal("More about the facility.")


INVENTORY_FACILITIES = Resource(path="inventory/facilities/", record=Facility, key="id", refresh=Full())
