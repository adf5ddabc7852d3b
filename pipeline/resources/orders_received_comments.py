"""What was written under received orders: GET /orders-received/{number}/comments/, a list for each order."""

from pydantic import Field

from pipeline.resources.resource import PerParent, Resource
from pipeline.resources.types import Instant, LooseInteger, Record, RequiredInteger, RequiredText, Text, personal


class OrderComment(Record):
    """A comment on an order."""

    id: RequiredInteger = Field(description="Key of the comment.")
    order: RequiredText = Field(description="Number of the order.")
    author: LooseInteger = Field(None, description="Id of who wrote it.")
    author_name: Text = personal("Name of who wrote it.")
    message: Text = personal("What was written.")
    created_on: Instant = Field(None, description="When it was written.")
    modified: Instant = Field(None, description="When it was last changed.")


ORDERS_RECEIVED_COMMENTS = Resource(
    path="orders-received/{number}/comments/",
    record=OrderComment,
    key="id",
    refresh=PerParent(parent="orders_received", parent_key="order"),
)
