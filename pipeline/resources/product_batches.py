"""Which products come from which batch: GET /product-batches/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import IdOrObject, Record, RequiredInteger


class ProductBatch(Record):
    """A batch's assignment to a product."""

    id: RequiredInteger = Field(description="Key of the assignment.")
    product: IdOrObject = Field(None, description="Id of the product.")
    batch: IdOrObject = Field(None, description="Id of the batch.")


PRODUCT_BATCHES = Resource(path="product-batches/", record=ProductBatch, key="id", refresh=Full())
