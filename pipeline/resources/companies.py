"""The companies that the key sees: GET /companies/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Boolean, LooseText, Record, RequiredInteger, Text, personal


class Company(Record):
    """A company of the key's user."""

    id: RequiredInteger = Field(description="Key of the company.")
    name: Text = Field(None, description="Name of the company.")
    slug: Text = Field(None, description="The name as filters and addresses want it.")
    dba: Text = Field(None, description="Name that the company does business as.")
    business_license_name: Text = Field(None, description="Name on the business licence.")
    business_identifier: LooseText = personal("Identifier of the business, in Washington.")
    description: Text = Field(None, description="The company about itself.")
    announcement: Text = Field(None, description="Announcement to its buyers.")
    address: Text = personal("Street and number.")
    city: Text = personal("City.")
    state: Text = Field(None, description="Abbreviation of the state.")
    zipcode: LooseText = personal("Postal code.")
    image: Text = Field(None, description="Where its picture is.")
    buyer: Boolean = Field(None, description="Whether it buys on LeafLink.")
    seller: Boolean = Field(None, description="Whether it sells on LeafLink.")
    apply_ancillary_tax: Boolean = Field(None, description="Whether the tax on ancillary goods applies.")
    apply_arms_length_tax: Boolean = Field(None, description="Whether the arm's length tax applies.")
    batch_enabled: Boolean = Field(None, description="Whether it uses batches.")
    has_accting: Boolean = Field(None, description="Whether it is joined to QuickBooks Online.")
    hide_attached_packages: Boolean = Field(None, description="Whether packages of Metrc are hidden.")
    sts_enabled: Boolean = Field(None, description="Whether it is joined to Metrc.")


COMPANIES = Resource(path="companies/", record=Company, key="id", refresh=Full())
