"""The types of licences that states give: GET /license-types/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Boolean, Instant, LooseInteger, LooseText, Record, RequiredInteger, Text


class LicenseType(Record):
    """A type of licence."""

    id: RequiredInteger = Field(description="Key of the type.")
    type: LooseText = Field(None, description="Name of the type.")
    display_type: Text = Field(None, description="Type as displayed.")
    classification: Text = Field(None, description="Class of the type.")
    state: LooseInteger = Field(None, description="Id of the state.")
    state_abbr: Text = Field(None, description="Abbreviation of the state.")
    require_ein: Boolean = Field(None, description="Whether it asks for a federal employer number.")
    has_medical_line_items: Boolean = Field(None, description="Whether medical lines can be sold under it.")
    active_for_registration: Boolean = Field(None, description="Whether companies can register under it today.")
    description: Text = Field(None, description="More about the type.")
    pre_2018_CA: Boolean = Field(None, description="Whether it is Californian and older than 2018.")
    post_2018_CA: Boolean = Field(None, description="Whether it is Californian and not older than 2018.")
    created_on: Instant = Field(None, description="When the type was created.")
    modified: Instant = Field(None, description="When the type was last changed.")


LICENSE_TYPES = Resource(path="license-types/", record=LicenseType, key="id", refresh=Full())
