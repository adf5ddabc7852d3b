"""The lines of received orders: GET /line-items/, and inside the orders with `include_children=line_items`."""

from pydantic import Field

from pipeline.resources.resource import Resource, WithParent
from pipeline.resources.types import (
    Boolean,
    Essential,
    Exact,
    IdOrObject,
    Instant,
    Integer,
    Json,
    LooseInteger,
    LooseText,
    MoneyField,
    Record,
    RequiredInteger,
    RequiredText,
    Text,
    personal,
)


class LineItem(Record):
    """A line of an order. Quantity is in base units, prices are per selling unit (the case)."""

    id: RequiredInteger = Field(description="Key of the line.")
    ordered_unit_price: Essential[MoneyField] = Field(
        None, description="Price of a selling unit when the order was placed."
    )
    quantity: Essential[Exact] = Field(None, description="Base units ordered.")
    order: RequiredText = Field(description="Number of the order that the line belongs to.")
    product: Essential[IdOrObject] = Field(None, description="Id of the product.")
    notes: Text = personal("Notes on this line.")
    is_sample: Essential[Boolean] = Field(None, description="Whether the line is a sample.")
    sale_price: Essential[MoneyField] = Field(
        None, description="Reduced price of a selling unit; 0 means that there is no sale."
    )
    unit_multiplier: Essential[LooseInteger] = Field(
        None, description="Base units in a selling unit; null or 0 counts as 1."
    )
    is_medical_line_item: Boolean = Field(None, description="Whether the line is for the medical market.")
    is_packed: Boolean = Field(None, description="Whether the line has been packed.")
    packed_at: Instant = Field(None, description="When the line was packed.")
    packed_by: Integer = Field(None, description="Id of the staff member who packed it.")
    unit_of_measure: Text = Field(None, description="The unit that the product is measured in.")
    position: Integer = Field(None, description="Place of the line in the order as displayed.")
    bulk_units: LooseInteger = Field(None, description="Selling units as LeafLink counts them, whole ones only.")
    on_sale: Boolean = Field(None, description="Whether the sale price applies.")
    is_backorder: Boolean = Field(None, description="Whether the line is on backorder.")
    order_id: LooseText = Field(None, description="LeafLink's other identifier of the order.")
    batch: Integer = Field(None, description="Id of the batch to show on the invoice.")
    package_tags: Json = Field(None, description="Tags of the packages attached to the line.")
    frozen_data: Json = Field(None, description="What the product looked like when it was ordered.")
    wholesale_price: Exact = Field(None, description="Wholesale price of a selling unit.")
    marked_for_deletion: Boolean = Field(None, description="Whether the line is about to be removed.")


LINE_ITEMS = Resource(
    path="line-items/",
    record=LineItem,
    key="id",
    refresh=WithParent(parent="orders_received", embedded_as="line_items", parent_key="order"),
    keeps_history=True,
    is_vital=True,
    filters=frozenset(
        {
            "id",
            "order",
            "is_sample",
            "product__name",
            "product_id",
            "company_slug",
            "order__created_on__gte",
            "order__created_on__lte",
            "order__ship_date__gte",
            "order__ship_date__lte",
            "order__modified__gte",
            "order__modified__lte",
            "order__customers",
            "order__customer__cities",
            "order__customer__managers",
            "order__service_zone",
        }
    ),
)
