"""Brands: GET /brands/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import LooseInteger, Record, RequiredInteger, Text


class Brand(Record):
    """A brand of a company."""

    id: RequiredInteger = Field(description="Key of the brand.")
    name: Text = Field(None, description="Name of the brand.")
    company: LooseInteger = Field(None, description="Id of the company that owns it.")
    description: Text = Field(None, description="The brand about itself.")
    image: Text = Field(None, description="Where its logo is.")
    banner: Text = Field(None, description="Where its banner is.")


BRANDS = Resource(
    path="brands/",
    record=Brand,
    key="id",
    refresh=Full(),
    filters=frozenset({"company", "company__in", "company_slug"}),
)
