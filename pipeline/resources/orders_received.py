"""Orders that the company received as a seller: GET /orders-received/."""

from typing import Annotated

from pydantic import Field

from pipeline.resources.common import ORDER_STATUSES, Address, PaymentOption
from pipeline.resources.resource import Changed, Resource
from pipeline.resources.types import (
    Boolean,
    Day,
    Essential,
    Exact,
    Instant,
    InstantOrDay,
    Integer,
    Json,
    LooseBoolean,
    LooseInteger,
    LooseText,
    MoneyField,
    Record,
    Reference,
    RequiredInstant,
    RequiredInteger,
    RequiredText,
    Text,
    Texts,
    one_of,
    personal,
)


class OrderCustomer(Record):
    """The seller's customer record, in short."""

    id: RequiredInteger = Field(description="Id of the customer.")
    display_name: Text = Field(None, description="The customer's nickname, else its name.")
    ext_acct_id: LooseText = Field(None, description="Id of the customer in the accounting software.")
    delinquent: Boolean = Field(None, description="Whether the account is marked delinquent.")


class SalesRep(Record):
    """A staff member who looks after the order."""

    id: Integer = Field(None, description="Id of the staff member.")
    user: Text = personal("First and last name.")


class OrderTax(Record):
    """A tax applied to the order."""

    id: Integer = Field(None, description="Id of the applied tax.")
    order: LooseText = Field(None, description="The order that it applies to.")
    tax: Integer = Field(None, description="Id of the tax.")
    name: Text = Field(None, description="Name of the tax.")
    rate: LooseText = Field(None, description="Rate as LeafLink writes it.")
    state: Text = Field(None, description="State that levies it.")
    auto_apply: LooseBoolean = Field(None, description="Whether it is applied by itself.")


class DeliveryInfo(Record):
    """What the delivery provider needs to know."""

    acquire_date: Instant = Field(None, description="When the provider picks the order up or receives it.")
    acquire_type: Integer = Field(
        None, description="1 drop off, 2 pick up, 3 in storage, 4 will call.", json_schema_extra=one_of(1, 2, 3, 4)
    )
    get_acquire_type_display: Text = Field(None, description="The acquire type in words.")
    manifest_number: Text = Field(None, description="Identifier of the order's manifest.")


_UNITS = one_of("%", "$")


class OrderReceived(Record):
    """An order, in any status."""

    number: RequiredText = Field(description="Key of the order: the number that LeafLink generated.")
    short_id: Text = Field(None, description="Order number as displayed; it can change.")
    external_id_seller: LooseText = Field(None, description="Number that the seller gave the order.")
    external_id_buyer: LooseText = Field(None, description="Number that the buyer gave the order.")
    ext_acct_id: LooseText = Field(None, description="Id of the order in the accounting software.")
    created_on: RequiredInstant = Field(description="When the order was created.")
    user: Text = personal("Username of who last edited the order.")
    buyer: Integer = Field(None, description="Id of the buying company.")
    seller: Integer = Field(None, description="Id of the selling company.")
    customer: Essential[Annotated[OrderCustomer | None, Reference]] = Field(
        None, description="The seller's customer record for the buying company."
    )
    brand: Integer = Field(None, description="Id of the brand, for sellers who separate orders by brand.")
    status: RequiredText = Field(description="Status of the order.", json_schema_extra=ORDER_STATUSES)
    manual: Boolean = Field(None, description="Whether the seller entered the order by hand.")
    discount: Essential[Exact] = Field(None, description="Discount on the order, in the unit of discount_type.")
    discount_type: Essential[Text] = Field(
        None, description="% for a percentage, $ for an amount.", json_schema_extra=_UNITS
    )
    tax_amount: Exact = Field(None, description="Tax on the order, in the unit of tax_type.")
    tax_type: Text = Field(None, description="% for a percentage, $ for an amount.", json_schema_extra=_UNITS)
    final_tax: Exact = Field(None, description="Tax on the order as an amount.")
    shipping_charge: MoneyField = Field(None, description="Charge for shipping.")
    total: Essential[MoneyField] = Field(None, description="Total of the order, after discount, tax and shipping.")
    payment_term: Text = Field(None, description="Payment term in words; LeafLink prefers the payment option.")
    payment_methods: Texts = Field(None, description="Payment methods in words; LeafLink prefers the payment option.")
    available_payment_options: list[PaymentOption] | None = Field(None, description="Options the buyer can choose.")
    selected_payment_option: PaymentOption | None = Field(None, description="Option the buyer chose.")
    payment_due_date: InstantOrDay = Field(None, description="When the payment is due.")
    paid: Essential[Boolean] = Field(None, description="Whether the order is ticked as paid.")
    paid_date: Day = Field(None, description="Date it was paid on.")
    ship_date: InstantOrDay = Field(None, description="When the order was shipped: a date, written as 12:00 UTC.")
    shipping_details: Text = personal("Details on the shipping.")
    notes: Text = personal("Notes on the order.")
    internal_notes: Text = personal("Notes for the seller only.")
    delivery_preferences: Text = personal("How the customer wants deliveries.")
    sales_reps: list[Annotated[SalesRep, Reference]] | None = Field(None, description="The order's sales reps.")
    classification: Text = Field(None, description="Class of the licence type that the order is under.")
    payment_balance: Exact = Field(None, description="What is still owed, as LeafLink computes it.")
    available_transitions: Texts = Field(None, description="Statuses that the order can move to.")
    modified: Instant = Field(None, description="When the order was last changed.")
    has_special_requests: Boolean = Field(None, description="Whether the order has special requests.")
    delivery_provider: Integer = Field(None, description="Id of the delivering company.")
    order_taxes: list[OrderTax] | None = Field(None, description="The taxes applied to the order.")
    delivery_info: DeliveryInfo | None = Field(None, description="What the delivery provider needs.")
    is_combination: LooseBoolean = Field(None, description="Whether the order was combined from others.")
    llf_payment_method: Boolean = Field(None, description="Whether LeafLink Financial finances the order.")
    credits: Essential[Exact] = Field(None, description="Credits applied to the order.")
    facility_id: LooseInteger = Field(None, description="Id of the facility that ships the order.")
    order_number: Text = Field(None, description="The number again.")
    order_seller_number: LooseText = Field(None, description="The seller's number, else the short id.")
    order_buyer_number: LooseText = Field(None, description="The buyer's number, else the short id.")
    order_short_number: LooseText = Field(None, description="The short id again.")
    distributor: LooseText = Field(None, description="Id of the distributor that delivers the order.")
    external_ids: Json = Field(None, description="Identifiers in other systems, by system.")
    corporate_address: Address | None = Field(None, description="The buyer's address when it ordered.")
    delivery_address: Address | None = Field(None, description="Where to deliver, as ordered.")
    brand_ids: list[int] | None = Field(None, description="Ids of the brands on the order.")


ORDERS_RECEIVED = Resource(
    path="orders-received/",
    record=OrderReceived,
    key="number",
    # Nobody knows whether editing a line or recording a payment shows in an order's `modified`.
    refresh=Changed(is_trailing=True, open_flag="paid"),
    keeps_history=True,
    is_vital=True,
    params={"include_children": "line_items"},
    filters=frozenset(
        {
            "seller__slug__iexact",
            "modified__gte",
            "modified__lte",
            "modified__gt",
            "modified__lt",
            "created_on__gte",
            "created_on__lte",
            "created_on__gt",
            "created_on__lt",
            "external_id_seller",
            "external_id_seller__icontains",
            "order_id",
            "number",
            "status",
            "status__not",
            "brand",
            "brand__in",
            "buyer",
            "paid",
            "customer",
            "sales_rep",
            "classification",
            "user",
            "connected_to_metrc",
            "manual",
            "company_slug",
            "service_zone",
            "external_id_key",
            "external_id_values",
        }
    ),
)
