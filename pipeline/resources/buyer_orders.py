"""Orders that the key's companies placed with others: GET /buyer/orders/.

Unlike in orders received, quantities are in cases, amounts are plain numbers in the order's currency, and lines
come with their total. The filter by change has no field to be checked against, so that everything is read.
"""

from pydantic import Field

from pipeline.resources.common import ORDER_STATUSES
from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import (
    Boolean,
    Exact,
    Instant,
    InstantOrDay,
    LooseInteger,
    LooseText,
    Record,
    RequiredText,
    Text,
    Texts,
    one_of,
    personal,
)


class TradeLicense(Record):
    """A licence of a company that trades."""

    id: LooseInteger = Field(None, description="Id of the licence.")
    number: LooseText = Field(None, description="Licence number.")
    type: LooseText = Field(None, description="Type of the licence.")
    classification: Text = Field(None, description="Class of the licence.")


class TradeSeller(Record):
    """The company that sells."""

    id: LooseInteger = Field(None, description="Id of the company.")
    name: Text = Field(None, description="Name of the company.")
    address: Text = personal("Street and number.")
    unit_number: LooseText = personal("Unit within the building.")
    city: Text = personal("City.")
    state: Text = Field(None, description="Abbreviation of the state.")
    zip: LooseText = personal("Postal code.")
    phone: LooseText = personal("Telephone.")
    licenses: list[TradeLicense] | None = Field(None, description="Licences of the company.")


class TradeBuyer(TradeSeller):
    """The company that buys."""

    email: Text = personal("E-mail address.")


class OrderAuthor(Record):
    """Who created an order: where the seller did, only the name."""

    id: LooseInteger = Field(None, description="Id of the member of staff.")
    name: Text = personal("Name of the member of staff.")
    username: Text = personal("Name of the user account.")
    email: Text = personal("E-mail address.")


class LineBrand(Record):
    """The brand of a product."""

    id: LooseInteger = Field(None, description="Id of the brand.")
    name: Text = Field(None, description="Name of the brand.")


class LineCategory(Record):
    """The category of a product."""

    id: LooseInteger = Field(None, description="Id of the category.")
    name: Text = Field(None, description="Name of the category.")
    slug: Text = Field(None, description="The name as addresses want it.")
    description: Text = Field(None, description="More about the category.")


class LineSubcategory(LineCategory):
    """The subcategory of a product."""

    category: LooseInteger = Field(None, description="Id of the category that it is part of.")


class BoughtProduct(Record):
    """The product of a line."""

    id: LooseInteger = Field(None, description="Id of the product.")
    sku: LooseText = Field(None, description="The seller's stock keeping unit; not a key.")
    name: Text = Field(None, description="Name of the product.")
    brand: LineBrand | None = Field(None, description="The brand.")
    unit_of_measure: Text = Field(None, description="Unit the product is measured in.")
    unit_denomination: LooseText = Field(None, description="The part of the unit that is sold.")
    base_unit_of_measure: Text = Field(None, description="Base unit of the category.")
    base_units_per_unit: Exact = Field(None, description="Base units in a unit of the product.")
    sold_in_multiples: Boolean = Field(None, description="Whether it is sold by the case.")
    units_per_case: Exact = Field(None, description="Units in a case.")
    category: LineCategory | None = Field(None, description="The category.")
    sub_category: LineSubcategory | None = Field(None, description="The subcategory.")


class BoughtLine(Record):
    """A line of an order placed."""

    product: BoughtProduct | None = Field(None, description="The product.")
    quantity: Exact = Field(None, description="How much was ordered, in what sold_by says: cases as a rule.")
    sold_by: Text = Field(None, description="What quantity and price count, such as Case.")
    price: Exact = Field(None, description="Price of one.")
    total: Exact = Field(None, description="Total of the line.")


class Payee(Record):
    """Whom to pay."""

    name: Text = Field(None, description="Name of the company.")
    address: Text = personal("Street and number.")
    city: Text = personal("City.")
    state: Text = Field(None, description="Abbreviation of the state.")
    zip: LooseText = personal("Postal code.")
    zipcode: LooseText = personal("Postal code, under its other name.")


class OrderedAddress(Record):
    """Where to deliver."""

    address: Text = personal("Street and number.")
    unit_number: LooseText = personal("Unit within the building.")
    city: Text = personal("City.")
    state: Text = Field(None, description="Abbreviation of the state.")
    zipcode: LooseText = personal("Postal code.")


class BuyerOrder(Record):
    """An order placed with a seller."""

    id: RequiredText = Field(description="Key of the order.")
    short_id: LooseText = Field(None, description="Number as displayed; it can change.")
    status: Text = Field(None, description="Status of the order.", json_schema_extra=ORDER_STATUSES)
    type: Text = Field(None, description="Class of the licence that the order is under.")
    buyer: TradeBuyer | None = Field(None, description="The buying company.")
    seller: TradeSeller | None = Field(None, description="The selling company.")
    source: Text = Field(
        None,
        description="BGO where the buyer created the order, SGO where the seller did.",
        json_schema_extra=one_of("BGO", "SGO"),
    )
    created_by: OrderAuthor | None = Field(None, description="Who created the order.")
    created_on: Instant = Field(None, description="When the order was created.")
    last_edited_on: Instant = Field(None, description="When the order was last edited.")
    currency: Text = Field(None, description="Currency of all amounts of the order.")
    line_items: list[BoughtLine] | None = Field(None, description="The lines.")
    subtotal: Exact = Field(None, description="Total of the lines.")
    shipping_charge: Exact = Field(None, description="Charge for shipping.")
    discount: Exact = Field(None, description="Discount on the order.")
    tax: Exact = Field(None, description="Tax on the order.")
    total: Exact = Field(None, description="Total of the order.")
    payable_to: Payee | None = Field(None, description="Whom to pay.")
    payment_term: LooseText = Field(None, description="Payment term; LeafLink prefers the payment option.")
    payment_methods: Texts = Field(None, description="Payment methods; LeafLink prefers the payment option.")
    payment_due_date: InstantOrDay = Field(None, description="When the payment is due.")
    ship_date: InstantOrDay = Field(None, description="When the order was shipped: a date, written as 12:00 UTC.")
    shipping_details: Text = personal("The seller's notes on the shipping.")
    is_delivered: Boolean = Field(None, description="Whether the order has arrived.")
    delivered_date: InstantOrDay = Field(None, description="When the order arrived.")
    notes: Text = personal("The seller's notes on the order.")
    sales_reps: Texts = personal("Names of the sales reps.")
    delivery_address: OrderedAddress | None = Field(None, description="Where to deliver, as ordered.")


_INSTANTS = ("modified", "created_on")

BUYER_ORDERS = Resource(
    path="buyer/orders/",
    record=BuyerOrder,
    key="id",
    refresh=Full(),
    params={"include_children": "line_items"},
    filters=frozenset(
        {f"{name}__{suffix}" for name in _INSTANTS for suffix in ("lt", "lte", "gt", "gte")}
        | {
            "seller",
            "seller__slug__iexact",
            "external_id_seller",
            "external_id_seller__icontains",
            "order_id",
            "number",
            "status",
            "brand",
            "brand__in",
            "paid",
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
