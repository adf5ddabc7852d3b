"""What retailers have on their shelves: GET /retailer-inventory/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Boolean, Exact, Instant, LooseInteger, LooseText, Record, RequiredInteger, Text


class RetailerProduct(Record):
    """A product as the retailer's own system knows it: its names and numbers need not be the seller's."""

    id: RequiredInteger = Field(description="Key of the row.")
    is_low: Boolean = Field(None, description="Whether little is left.")
    source: Text = Field(None, description="System that the row comes from.")
    name: Text = Field(None, description="Name of the product.")
    sku: LooseText = Field(None, description="Stock keeping unit.")
    brand: LooseText = Field(None, description="Name of the brand.")
    quantity: Exact = Field(None, description="How much is left, in unit_of_measure.")
    company: LooseInteger = Field(None, description="Id of the retailing company.")
    unit_of_measure: Text = Field(None, description="Unit of the quantity.")
    created_on: Instant = Field(None, description="When the row was created.")
    modified: Instant = Field(None, description="When the row was last changed.")


RETAILER_INVENTORY = Resource(
    path="retailer-inventory/",
    record=RetailerProduct,
    key="id",
    refresh=Full(),
    filters=frozenset({"company"}),
)
