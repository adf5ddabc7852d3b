"""The images of products, up to five each: GET /product-images/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import IdOrObject, LooseInteger, Record, RequiredInteger, Text


class ProductImage(Record):
    """An image of a product."""

    id: RequiredInteger = Field(description="Key of the image.")
    image: Text = Field(None, description="Address that the image can be fetched from.")
    product: IdOrObject = Field(None, description="Id of the product.")
    position: LooseInteger = Field(None, description="Place of the image among those of its product, from 1 to 5.")


PRODUCT_IMAGES = Resource(
    path="product-images/",
    record=ProductImage,
    key="id",
    refresh=Full(),
    filters=frozenset({"product", "id", "company_slug"}),
)
