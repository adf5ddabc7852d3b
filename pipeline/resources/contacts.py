"""The people whom the seller knows at its customers: GET /contacts/.

Which customers a contact belongs to is in the customers' `contacts`.
"""

from pydantic import Field

from pipeline.resources.resource import Changed, Resource
from pipeline.resources.types import (
    Boolean,
    Instant,
    LooseInteger,
    LooseText,
    Record,
    RequiredInteger,
    Text,
    personal,
)


class Contact(Record):
    """A person at a customer."""

    id: RequiredInteger = Field(description="Key of the contact.")
    created_on: Instant = Field(None, description="When the contact was created.")
    modified: Instant = Field(None, description="When the contact was last changed.")
    owner: LooseInteger = Field(None, description="Id of the company that keeps the contact.")
    first_name: Text = personal("First name.")
    last_name: Text = personal("Last name.")
    email: Text = personal("E-mail address.")
    secondary_email: Text = personal("Another e-mail address.")
    role: Text = Field(None, description="What the contact does at the customer.")
    description: Text = personal("More about the contact.")
    phone: LooseText = personal("Telephone.")
    phone_extension: LooseText = personal("Extension.")
    secondary_phone: LooseText = personal("Another telephone.")
    secondary_phone_extension: LooseText = personal("Extension of the other telephone.")
    delete: Boolean = Field(None, description="Whether the contact is marked as deleted.")


_NAMES = ("first_name", "last_name")
_INSTANTS = ("modified", "created_on")

CONTACTS = Resource(
    path="contacts/",
    record=Contact,
    key="id",
    refresh=Changed(),
    filters=frozenset(
        {f"{name}{suffix}" for name in _NAMES for suffix in ("", "__in", "__startswith")}
        | {f"{name}__{suffix}" for name in _INSTANTS for suffix in ("lt", "lte", "gt", "gte")}
        | {"id", "company_slug", "owner", "delete"}
    ),
)
