"""LeafLink's categories of products: GET /product-categories/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Record, RequiredInteger, Text


class ProductCategory(Record):
    """A category of products, such as flower."""

    id: RequiredInteger = Field(description="Key of the category.")
    name: Text = Field(None, description="Name of the category.")
    slug: Text = Field(None, description="The name as it stands in addresses.")
    description: Text = Field(None, description="What belongs into the category.")


PRODUCT_CATEGORIES = Resource(path="product-categories/", record=ProductCategory, key="id", refresh=Full())
