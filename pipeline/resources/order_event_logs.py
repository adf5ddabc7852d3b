"""What happened to received orders, and who did it: GET /order-event-logs/."""

from pydantic import Field

from pipeline.resources.resource import Appended, Resource
from pipeline.resources.types import Instant, Json, Record, RequiredInteger, Text, one_of, personal

_EVENTS = one_of(
    "accepted", "backordered", "cancelled", "completed", "created", "edited", "fulfilled", "rejected", "combined",
    "rep_edited", "shipped", "shipping_edited", "submitted", "unaccepted",
)  # fmt: skip


class OrderEventLog(Record):
    """Something that happened to an order."""

    id: RequiredInteger = Field(description="Key of the entry.")
    order: Text = Field(None, description="Number of the order.")
    author_name: Text = personal("Name of who did it.")
    by: Text = personal("Username of who did it.")
    event_type: Text = Field(
        None,
        description="What kind of thing happened: a status that the order got, or an edit.",
        json_schema_extra=_EVENTS,
    )
    description: Text = personal("What happened, in words.")
    created_on: Instant = Field(None, description="When the entry was made.")
    modified: Instant = Field(None, description="When the entry was last changed.")
    timestamp: Instant = Field(None, description="When it happened.")
    changed_fields: Json = personal("The order's fields that changed, as a rule with what was there and what is now.")
    source: Text = Field(
        None, description="Where the order was changed.", json_schema_extra=one_of("app", "api", "other")
    )
    source_detail: Text = personal("More on where the order was changed.")


ORDER_EVENT_LOGS = Resource(
    path="order-event-logs/",
    record=OrderEventLog,
    key="id",
    refresh=Appended(parent="orders_received", parent_key="order", is_final=True),
    filters=frozenset({"id", "by", "order"}),
)
