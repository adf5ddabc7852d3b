"""The seller's products: GET /products/."""

from typing import Annotated

from pydantic import Field

from pipeline.resources.common import STRAIN_CLASSES
from pipeline.resources.resource import Changed, Resource
from pipeline.resources.types import (
    Boolean,
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
    RequiredInteger,
    Text,
    Texts,
    one_of,
)

_UNITS = one_of("Milligram", "Gram", "Kilogram", "Ounce", "Pound", "Unit", "Liter", "Milliliter")


class ParentProduct(Record):
    """The product that a variety belongs to."""

    id: Integer = Field(None, description="Id of the product.")


class UnitDenomination(Record):
    """The part of the unit that is sold, such as an eighth."""

    id: Integer = Field(None, description="Id of the denomination.")
    value: Exact = Field(None, description="The part as a number.")
    name: Text = Field(None, description="The part in words.")
    label: LooseText = Field(None, description="The part as displayed.")


class ProductLicense(Record):
    """The licence that a product is sold under."""

    id: Integer = Field(None, description="Id of the licence.")
    number: LooseText = Field(None, description="Licence number.")
    type: LooseText = Field(None, description="Type of the licence.")
    display_type: Text = Field(None, description="Type as displayed.")
    classification: Text = Field(None, description="Class of the licence.")


class ProductDataItem(Record):
    """A specification of a product, as a number or as a text."""

    spec_type: Text = Field(None, description="What is specified, such as thc.")
    dosage_unit: Text = Field(None, description="mg or %.")
    decimal_value: Exact = Field(None, description="The value, when it is a number.")
    max_decimal_value: Exact = Field(None, description="The upper end, when it is a range.")
    text_value: Text = Field(None, description="The value, when it is a text.")


class Product(Record):
    """A product. Quantities are in base units, the wholesale price is per selling unit."""

    id: RequiredInteger = Field(description="Key of the product.")
    created_on: Instant = Field(None, description="When the product was created.")
    last_edit: Instant = Field(None, description="When a user last edited the product.")
    drop_date: InstantOrDay = Field(None, description="When the product is due to become Available.")
    dropped: InstantOrDay = Field(None, description="When the product became Available.")
    name: Text = Field(None, description="Name of the product.")
    sku: LooseText = Field(None, description="The seller's stock keeping unit; not a key.")
    description: Text = Field(None, description="Description, in HTML.")
    quantity: Exact = Field(None, description="Base units in stock.")
    reserved_qty: Exact = Field(None, description="Base units reserved by Submitted and Accepted orders.")
    available_inventory: Exact = Field(None, description="Base units for sale: stock less reserved.")
    display_name: Text = Field(None, description="The name, with the parent's name before it for a variety.")
    unit_multiplier: LooseInteger = Field(None, description="Base units in a selling unit.")
    retail_price: MoneyField = Field(None, description="Suggested retail price of a base unit.")
    wholesale_price: MoneyField = Field(None, description="Wholesale price of a selling unit.")
    sale_price: MoneyField = Field(None, description="Reduced price of a selling unit; 0 means that there is no sale.")
    minimum_order: Exact = Field(None, description="Fewest units in an order.")
    maximum_order: Exact = Field(None, description="Most units in an order.")
    is_medical_line_item: Boolean = Field(None, description="Whether it is a medical product.")
    AVAILABLE_FOR_SAMPLES: Boolean = Field(None, description="Whether samples can be ordered.")
    extern_acct_id: LooseText = Field(None, description="Id of the product in QuickBooks Online.")
    extern_income_acct_id: LooseText = Field(None, description="Id of the income account in QuickBooks Online.")
    featured: Boolean = Field(None, description="Whether the product is featured.")
    tagline: Text = Field(None, description="A line to show when it is featured.")
    featured_on_deals: Boolean = Field(None, description="Whether it is featured on the deals page.")
    allow_fractional_quantities: Boolean = Field(None, description="Whether fractions of a unit can be ordered.")
    parent: Annotated[ParentProduct | None, Reference] = Field(None, description="The product it is a variety of.")
    listing_state: Text = Field(
        None,
        description="Available, Archived, Sample, Backorder, Internal or Unavailable.",
        json_schema_extra=one_of("Available", "Archived", "Sample", "Backorder", "Internal", "Unavailable"),
    )
    display_listing_state: Text = Field(None, description="The listing state as displayed.")
    inventory_management: LooseInteger = Field(
        None, description="1 Managed, 2 Unlimited, 3 Inherited.", json_schema_extra=one_of(1, 2, 3)
    )
    unit_of_measure: Text = Field(None, description="Unit the product is measured in.", json_schema_extra=_UNITS)
    sell_in_unit_of_measure: Text = Field(
        None, description="Case, when it is sold by the case.", json_schema_extra=one_of("Case")
    )
    unit_denomination: Annotated[UnitDenomination | None, Reference] = Field(
        None, description="The part of the unit that is sold."
    )
    category: LooseInteger = Field(None, description="Id of the category.")
    sub_category: LooseInteger = Field(None, description="Id of the subcategory.")
    grow_type: LooseInteger = Field(None, description="Id of the way of growing, for flower.")
    seller: Integer = Field(None, description="Id of the selling company.")
    seller_internal_id: LooseText = Field(None, description="The seller's own id of the product.")
    brand: Essential[LooseInteger] = Field(None, description="Id of the brand.")
    product_line: LooseInteger = Field(None, description="Id of the product line.")
    manufacturer: LooseInteger = Field(None, description="Id of the manufacturing company.")
    strain_classification: Text = Field(
        None, description="sativa, indica, hybrid or a mix of them; na if none.", json_schema_extra=STRAIN_CLASSES
    )
    license: Annotated[ProductLicense | None, Reference] = Field(None, description="Licence it is sold under.")
    children_count: LooseInteger = Field(None, description="How many varieties it has.")
    strains: list[int] | None = Field(None, description="Ids of the strains.")
    price_schedule_price: MoneyField = Field(None, description="Price for the buyer asked for, else the wholesale one.")
    image_count: LooseInteger = Field(None, description="How many images it has.")
    is_ancillary: Boolean = Field(None, description="Whether it holds no cannabis.")
    s2s_conversion_amount: Exact = Field(None, description="Conversion for the Metrc add-on.")
    extern_sts_ids: Texts = Field(None, description="Ids for the Metrc add-on.")
    strain_classification_display: Text = Field(None, description="The strain class as displayed.")
    modified: Instant = Field(None, description="When the product was last changed.")
    has_deals_eligible_children: LooseBoolean = Field(None, description="Whether varieties can be on deals.")
    discount_percent: Exact = Field(None, description="Discount of the sale price from the wholesale price.")
    base_units_per_unit: Exact = Field(None, description="Base units of the category in a unit of the product.")
    external_ids: Json = Field(None, description="Identifiers in other systems, by system.")
    threshold_value: Exact = Field(None, description="Stock below which the threshold action is taken.")
    threshold_action: Text = Field(
        None,
        description="What happens below the threshold.",
        json_schema_extra=one_of("default", "backorder", "unavailable", "internal"),
    )
    reverse_threshold_value: Exact = Field(None, description="Stock above which the reverse action is taken.")
    reverse_threshold_action: Text = Field(
        None,
        description="What happens above the reverse threshold.",
        json_schema_extra=one_of("default", "available", "internal"),
    )
    show_quantity: Boolean = Field(None, description="Whether buyers see the stock.")
    product_data_items: list[ProductDataItem] | None = Field(None, description="Specifications of the product.")


_INSTANTS = ("modified", "last_edit", "created_on")

PRODUCTS = Resource(
    path="products/",
    record=Product,
    key="id",
    refresh=Changed(),
    keeps_history=True,
    is_vital=True,
    filters=frozenset(
        {f"{name}__{suffix}" for name in _INSTANTS for suffix in ("lt", "lte", "gt", "gte")}
        | {
            "sku",
            "id",
            "name",
            "search",
            "display_name",
            "brand",
            "company",
            "has_children",
            "parent",
            "parent__isnull",
            "sub_category__isnull",
            "product_line",
            "strains",
            "category",
            "sub_category",
            "license",
            "license__isnull",
            "license__type",
            "listing_state",
            "archived",
            "buyer",
            "s2s_connected",
            "company_slug",
            "seller_internal_id",
            "external_id_key",
            "external_id_values",
        }
    ),
)
