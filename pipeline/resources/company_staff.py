"""Who works at the companies that the key sees: GET /company-staff/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Boolean, LooseInteger, LooseText, Record, RequiredInteger, Text, personal


class StaffMember(Record):
    """A member of staff; sales reps are told by this id."""

    id: RequiredInteger = Field(description="Key of the member of staff.")
    user: LooseInteger = Field(None, description="Id of the user account.")
    company: LooseInteger = Field(None, description="Id of the company.")
    is_admin: Boolean = Field(None, description="Whether they administer the company.")
    is_active: Boolean = Field(None, description="Whether the account is active.")
    is_poc: Boolean = Field(None, description="Whether they are whom to contact at the company.")
    email: Text = personal("E-mail address.")
    phone: LooseText = personal("Telephone.")
    identification_number: LooseText = personal("Number of an identity document.")
    display_name: Text = personal("First and last name.")
    username: Text = personal("Name of the user account.")


COMPANY_STAFF = Resource(
    path="company-staff/",
    record=StaffMember,
    key="id",
    refresh=Full(),
    filters=frozenset({"company", "is_admin", "is_active", "company_slug"}),
)
