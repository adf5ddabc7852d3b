"""What there is of each batch of a product at each facility: GET /inventory/items/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Boolean, Exact, IdOrObject, Record, RequiredInteger


class InventoryItem(Record):
    """What there is of a batch of a product at a facility."""

    id: RequiredInteger = Field(description="Key of the item.")
    facility: IdOrObject = Field(None, description="Id of the facility.")
    inventory: IdOrObject = Field(None, description="Id of the inventory that the item is counted in.")
    product: IdOrObject = Field(None, description="Id of the product.")
    quantity: Exact = Field(None, description="How much there is.")
    quantity_in_product_uom: Exact = Field(None, description="How much there is, in the product's unit of measure.")
    reserved_qty: Exact = Field(None, description="How much of it is reserved.")
    reserved_qty_in_product_uom: Exact = Field(
        None, description="How much of it is reserved, in the product's unit of measure."
    )
    batch: IdOrObject = Field(None, description="Id of the batch.")
    is_archived: Boolean = Field(None, description="Whether the item is archived: no longer in use.")


INVENTORY_ITEMS = Resource(
    path="inventory/items/",
    record=InventoryItem,
    key="id",
    refresh=Full(),
    params={"include_archived": "true"},  # without it, archived items would look deleted
    filters=frozenset({"include_archived", "product"}),
)
