"""LeafLink's subcategories of products: GET /product-subcategories/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import IdOrObject, Record, RequiredInteger, Text


class ProductSubcategory(Record):
    """A part of a category of products."""

    id: RequiredInteger = Field(description="Key of the subcategory.")
    name: Text = Field(None, description="Name of the subcategory.")
    slug: Text = Field(None, description="The name as it stands in addresses.")
    description: Text = Field(None, description="What belongs into the subcategory.")
    category: IdOrObject = Field(None, description="Id of the category that it is a part of.")


PRODUCT_SUBCATEGORIES = Resource(path="product-subcategories/", record=ProductSubcategory, key="id", refresh=Full())
