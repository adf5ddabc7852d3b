"""What staff noted about customers: GET /activity-entries/."""

from pydantic import Field

from pipeline.resources.resource import Changed, Resource
from pipeline.resources.types import (
    Boolean,
    Instant,
    InstantOrDay,
    LooseInteger,
    Record,
    RequiredInteger,
    Text,
    personal,
)


class ActivityEntry(Record):
    """A call, a visit or the like, with a message."""

    id: RequiredInteger = Field(description="Key of the entry.")
    type: Text = Field(None, description="Kind of activity.")
    created_on: Instant = Field(None, description="When the entry was created.")
    modified: Instant = Field(None, description="When the entry was last changed.")
    date: InstantOrDay = Field(None, description="When the activity took place, as entered.")
    entry: Text = personal("The message.")
    delete: Boolean = Field(None, description="Whether the entry is marked as deleted.")
    owner: LooseInteger = Field(None, description="Id of the company that the entry belongs to.")
    author: LooseInteger = Field(None, description="Id of the member of staff who wrote it.")
    company: LooseInteger = Field(None, description="Id of the buying company that it is about.")
    customer: LooseInteger = Field(None, description="Id of the customer that it is about.")
    staff: LooseInteger = Field(None, description="Id of the member of staff that it is about.")
    brand: LooseInteger = Field(None, description="Id of the brand that it is about.")
    contact: LooseInteger = Field(None, description="Id of the contact that it is about.")


_INSTANTS = ("date", "modified", "created_on")
_IDS = ("owner", "author", "company", "customer", "staff", "brand", "contact")

ACTIVITY_ENTRIES = Resource(
    path="activity-entries/",
    record=ActivityEntry,
    key="id",
    refresh=Changed(),
    filters=frozenset(
        {f"{name}__{suffix}" for name in _INSTANTS for suffix in ("lt", "lte", "gt", "gte")}
        | {f"{name}{suffix}" for name in _IDS for suffix in ("", "_id")}
        | {"id", "entry", "entry__in", "entry__startswith", "type", "company_slug", "delete", "is_deleted", "search"}
    ),
)
