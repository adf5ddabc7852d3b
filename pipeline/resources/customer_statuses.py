"""Where customers stand on the way to a sale: GET /customer-statuses/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Boolean, LooseInteger, Record, RequiredInteger, Text


class CustomerStatus(Record):
    """A status that customers can have."""

    id: RequiredInteger = Field(description="Key of the status.")
    state: Text = Field(None, description="The status in words.")
    order: LooseInteger = Field(None, description="Place among the statuses; the lowest comes first.")
    description: Text = Field(None, description="More about the status.")
    owner: LooseInteger = Field(None, description="Id of the company that made the status.")
    is_stock: Boolean = Field(None, description="Whether it is one of LeafLink's own.")
    hex_color: Text = Field(None, description="Colour that it is shown in.")


CUSTOMER_STATUSES = Resource(
    path="customer-statuses/",
    record=CustomerStatus,
    key="id",
    refresh=Full(),
    filters=frozenset(
        {"id", "state", "order", "description", "owner", "is_stock", "hex_color", "company_slug", "search"}
    ),
)
