"""Credits that the seller granted: GET /credits/. Older servers do not offer it, and not every key may see it."""

from typing import Annotated

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import (
    Boolean,
    IdOrObject,
    InstantOrDay,
    LooseInteger,
    LooseText,
    MoneyField,
    Record,
    Reference,
    RequiredInteger,
    Text,
    one_of,
    personal,
)

_REASONS = one_of(
    "leaflink_return", "promo_new_customer", "promo_existing_customer", "return_defective", "return_expired",
    "return_packaging", "return_order_issue", "return_other", "other",
)  # fmt: skip


class CreditCustomer(Record):
    """The customer that a credit is for."""

    id: RequiredInteger = Field(description="Id of the customer.")
    display_name: Text = Field(None, description="Nickname of the customer, else its name.")
    ext_acct_id: LooseText = Field(None, description="Id of the customer in other accounting software.")
    delinquent: Boolean = Field(None, description="Whether the customer is behind on payments.")


class Credit(Record):
    """A credit of a customer."""

    id: RequiredInteger = Field(description="Key of the credit.")
    company: LooseInteger = Field(None, description="Id of the selling company that granted it.")
    customer: Annotated[CreditCustomer | None, Reference] = Field(None, description="The customer it is for.")
    amount: MoneyField = Field(None, description="What it is worth.")
    credit_date: InstantOrDay = Field(None, description="When it was granted: a date, as 12:00 UTC.")
    status: Text = Field(
        None, description="active, used or cancelled.", json_schema_extra=one_of("active", "used", "cancelled")
    )
    status_display: Text = Field(None, description="The status as displayed.")
    reason: Text = Field(None, description="Why it was granted, such as return_defective.", json_schema_extra=_REASONS)
    reason_display: Text = Field(None, description="The reason as displayed.")
    brand: IdOrObject = Field(None, description="Id of the brand that it is limited to.")
    order: Text = Field(None, description="Number of the order that it was granted for.")
    order_display: LooseText = Field(None, description="The seller's number of that order.")
    notes: Text = personal("Notes on the credit.")
    applied_to: Text = Field(None, description="Number of the order that it was used for.")
    applied_to_display: LooseText = Field(None, description="The seller's number of that other order.")
    read_only: Boolean = Field(None, description="Whether it can no longer be changed.")
    archived: Boolean = Field(None, description="Whether it was deleted.")


CREDITS = Resource(
    path="credits/",
    record=Credit,
    key="id",
    refresh=Full(),
    filters=frozenset(
        {
            "status",
            "reason",
            "brand",
            "customer",
            "credit_date_after",
            "credit_date_before",
            "amount_min",
            "amount_max",
            "order",
            "company_slug",
            "archived",
        }
    ),
)
