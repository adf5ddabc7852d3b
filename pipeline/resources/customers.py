"""The seller's records of its customers: GET /customers/."""

from typing import Annotated

from pydantic import Field

from pipeline.resources.common import Address
from pipeline.resources.resource import Changed, Resource
from pipeline.resources.types import (
    Boolean,
    Exact,
    IdOrObject,
    Instant,
    InstantOrDay,
    Integer,
    Json,
    LooseInteger,
    LooseText,
    Record,
    Reference,
    RequiredInteger,
    Text,
    personal,
)


class CustomerPaymentOption(Record):
    """A payment option that a customer may choose."""

    id: LooseInteger = Field(None, description="Id of the option.")
    payment_method_id: LooseInteger = Field(None, description="Id of the method.")
    payment_term_id: LooseInteger = Field(None, description="Id of the term.")
    payment_program: Text = Field(None, description="LeafLink's payment programme, if any.")
    payment_strategy: Text = Field(None, description="How the programme settles.")


class CustomerContact(Record):
    """A person at a customer: the id, and more where LeafLink sends it."""

    id: Integer = Field(None, description="Id of the contact.")
    first_name: Text = personal("First name.")
    last_name: Text = personal("Last name.")
    email: Text = personal("E-mail address.")
    phone: LooseText = personal("Telephone.")
    role: Text = Field(None, description="What the contact does at the customer.")


class Customer(Record):
    """A customer as its seller sees it."""

    id: RequiredInteger = Field(description="Key of the customer.")
    state: Text = Field(None, description="Abbreviation of the state.")
    managers: list[IdOrObject] | None = Field(None, description="Ids of the sales reps who look after the customer.")
    created_on: Instant = Field(None, description="When the customer was created.")
    modified: Instant = Field(None, description="When the customer was last changed.")
    next_contact_date: InstantOrDay = Field(None, description="When to contact the customer next.")
    nickname: Text = Field(None, description="Other name of the customer.")
    external_id: LooseText = Field(None, description="Id of the customer in another system.")
    ext_acct_id: LooseText = Field(None, description="Id of the customer in QuickBooks Online.")
    license_number: LooseText = Field(None, description="Licence number.")
    old_license_number: LooseText = Field(None, description="Former licence number.")
    license_inactive: Boolean = Field(None, description="Whether the licence is inactive.")
    business_identifier: LooseText = personal("Identifier of the company other than its licence.")
    ein: LooseText = personal("Federal employer number; set by linked buyers themselves.")
    directions: Text = personal("How to find the customer.")
    delivery_preferences: Text = personal("How the customer wants deliveries.")
    currency: Text = Field(None, description="Currency of the customer.")
    shipping_charge: Exact = Field(None, description="Additional charge for shipping.")
    brand: Text = Field(None, description="Brand name of the customer.")
    name: Text = Field(None, description="Name of the customer.")
    dba: Text = Field(None, description="Name that the customer does business as.")
    business_license_name: Text = Field(None, description="Name on the business licence.")
    description: Text = personal("More about the customer.")
    website: Text = Field(None, description="Website.")
    address: Text = personal("Street and number.")
    unit_number: LooseText = personal("Unit within the building.")
    zipcode: LooseText = personal("Postal code.")
    city: Text = personal("City.")
    county: Text = personal("County.")
    country: Text = Field(None, description="Country.")
    lat: Exact = personal("Latitude.")
    long: Exact = personal("Longitude.")
    phone: LooseText = personal("Telephone.")
    phone_extension: LooseText = personal("Extension.")
    email: Text = personal("E-mail address.")
    notes: Text = personal("Other information about the customer.")
    leaflink_last_views: Instant = Field(None, description="When the customer last looked at the seller's products.")
    leaflink_source: Boolean = Field(None, description="Whether LeafLink added the customer.")
    archived: Boolean = Field(None, description="Whether the record is archived.")
    delinquent: Boolean = Field(None, description="Whether the customer is behind on payments.")
    discount_percent: Exact = Field(None, description="Discount on the customer's orders, in percent.")
    owner: LooseInteger = Field(None, description="Id of the company whose record this is.")
    partner: LooseInteger = Field(None, description="Id of the buying company that the record stands for.")
    tier: LooseInteger = Field(None, description="Id of the customer's tier.")
    price_schedule: LooseInteger = Field(None, description="Id of the customer's price schedule.")
    service_zone: IdOrObject = Field(None, description="Id of the customer's service zone.")
    license_type: IdOrObject = Field(None, description="Id of the customer's licence type.")
    payment_term: LooseInteger = Field(None, description="Id of the payment term; LeafLink prefers payment options.")
    payment_methods: list[int] | None = Field(
        None, description="Ids of the payment methods; LeafLink prefers payment options."
    )
    available_payment_options: list[CustomerPaymentOption] | None = Field(
        None, description="Payment options the customer can choose."
    )
    status: LooseInteger = Field(None, description="Id of the customer's status.")
    external_ids: Json = Field(None, description="Identifiers in other systems, by system.")
    corporate_address: Address | None = Field(None, description="Address of the company.")
    delivery_address: Address | None = Field(None, description="Address to deliver to.")
    contacts: list[Annotated[CustomerContact, Reference]] | None = Field(
        None, description="The people known at the customer; see contacts."
    )
    tags: Json = personal("Tags that the seller gave the customer, free-form.")


_COMPARED_TEXTS = (
    "nickname",
    "phone",
    "dba",
    "external_id",
    "ein",
    "old_license_number",
    "brand",
    "address",
    "business_license_name",
    "name",
    "business_identifier",
    "license_number",
    "ext_acct_id",
    "email",
    "website",
)
_COMPARED_VALUES = ("next_contact_date", "discount_percent", "modified", "created_on")

CUSTOMERS = Resource(
    path="customers/",
    record=Customer,
    key="id",
    refresh=Changed(),
    keeps_history=True,
    is_vital=True,
    # Sales reps, service zone and licence type come as ids without being asked for.
    params={"include_children": "contacts,tags"},
    filters=frozenset(
        {f"{name}{suffix}" for name in _COMPARED_TEXTS for suffix in ("", "__in", "__startswith")}
        | {f"{name}__{suffix}" for name in _COMPARED_VALUES for suffix in ("lt", "lte", "gt", "gte")}
        | {
            "id",
            "id__in",
            "owner",
            "owner__slug",
            "company_slug",
            "ext_acct_id__isnull",
            "partner",
            "tier",
            "price_schedule",
            "service_zone",
            "license_type",
            "license_inactive",
            "status",
            "state",
            "leaflink_source",
            "archived",
            "is_archived",
            "delinquent",
            "external_id_key",
            "external_id_values",
        }
    ),
)
