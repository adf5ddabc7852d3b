"""Who looks after which received order: GET /order-sales-reps/."""

from pydantic import Field

from pipeline.resources.resource import Appended, Resource
from pipeline.resources.types import IdOrObject, Instant, Record, RequiredInteger, Text


class OrderSalesRep(Record):
    """A sales rep's assignment to an order."""

    id: RequiredInteger = Field(description="Key of the assignment.")
    order: Text = Field(None, description="Number of the order.")
    rep: IdOrObject = Field(None, description="Id of the staff member.")
    created_on: Instant = Field(None, description="When the rep was assigned.")


# Assignments can be made and deleted, but not changed.
ORDER_SALES_REPS = Resource(
    path="order-sales-reps/",
    record=OrderSalesRep,
    key="id",
    refresh=Appended(parent="orders_received", parent_key="order", is_final=True),
)
