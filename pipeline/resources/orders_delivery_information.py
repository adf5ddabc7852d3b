"""How received orders are delivered: GET /orders/{order_number}/delivery-information/, an object for each order."""

from pydantic import Field

from pipeline.resources.resource import PerParent, Resource
from pipeline.resources.types import Json, Record, RequiredText, personal


class OrderDeliveryInformation(Record):
    """What LeafLink says of the delivery of an order. Nothing is documented of what is in it."""

    order: RequiredText = Field(description="Key: the number of the order, which is asked for by it.")
    information: Json = personal("All that the answer says, free-form.")


ORDERS_DELIVERY_INFORMATION = Resource(
    path="orders/{order_number}/delivery-information/",
    record=OrderDeliveryInformation,
    key="order",
    refresh=PerParent(parent="orders_received", parent_key="order", whole_as="information"),
)
