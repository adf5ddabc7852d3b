"""The product lines of brands: GET /product-lines/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import IdOrObject, LooseInteger, Record, RequiredInteger, Text


class ProductLine(Record):
    """A line of products within a brand."""

    id: RequiredInteger = Field(description="Key of the product line.")
    name: Text = Field(None, description="Name of the product line.")
    brand: IdOrObject = Field(None, description="Id of the brand.")
    menu_position: LooseInteger = Field(None, description="Place of the line on the seller's menu.")


PRODUCT_LINES = Resource(
    path="product-lines/",
    record=ProductLine,
    key="id",
    refresh=Full(),
    filters=frozenset({"brand", "id", "company", "company_slug"}),
)
