"""Payments that sellers record against an order: GET /order-payments/."""

from pydantic import Field

from pipeline.resources.resource import Appended, Resource
from pipeline.resources.types import (
    Essential,
    Instant,
    InstantOrDay,
    Integer,
    MoneyField,
    Record,
    RequiredInteger,
    RequiredText,
    Text,
    one_of,
    personal,
)


class OrderPayment(Record):
    """A payment; negative for a refund, a bounced cheque or a credit."""

    id: RequiredInteger = Field(description="Key of the payment.")
    created_on: Instant = Field(None, description="When the payment was recorded.")
    modified: Instant = Field(None, description="When the payment was last changed.")
    order: RequiredText = Field(description="Number of the order that it pays.")
    recorded_by: Integer = Field(None, description="Id of the staff member who recorded it.")
    recorder_name: Text = personal("Name of the staff member who recorded it.")
    total: Essential[MoneyField] = Field(None, description="What was paid; negative when money went back.")
    payment_date: InstantOrDay = Field(None, description="When the payment was made.")
    reason: Text = personal("Free text on the payment.")
    payment_type: Text = Field(
        None,
        description="cash, check, credit, trade, ach, wire, cashier or other.",
        json_schema_extra=one_of("cash", "check", "credit", "trade", "ach", "wire", "cashier", "other"),
    )


ORDER_PAYMENTS = Resource(
    path="order-payments/",
    record=OrderPayment,
    key="id",
    refresh=Appended(parent="orders_received", parent_key="order"),
    keeps_history=True,
    is_vital=True,
)
