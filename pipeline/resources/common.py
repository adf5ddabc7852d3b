"""Objects that several resources carry inside their rows."""

from pydantic import Field

from pipeline.resources.types import Boolean, Integer, LooseText, Record, Text, one_of, personal

ORDER_STATUSES = one_of(
    "Draft", "Submitted", "Accepted", "Backorder", "Fulfilled",
    "Shipped", "Complete", "Rejected", "Combined", "Cancelled",
)  # fmt: skip
STRAIN_CLASSES = one_of("sativa", "indica", "hybrid", "na", "11-cbd", "high-cbd", "sativa-hybrid", "indica-hybrid")


class Address(Record):
    """A postal address."""

    address: Text = personal("Street and number.")
    unit_number: LooseText = personal("Unit within the building.")
    city: Text = personal("City.")
    county: Text = personal("County.")
    state: Text = Field(None, description="Abbreviation of the state.")
    zipcode: LooseText = personal("Postal code.")


class PaymentMethod(Record):
    """A way of paying."""

    id: Integer = Field(None, description="Id of the method.")
    method: Text = Field(None, description="Name of the method.")


class PaymentTerm(Record):
    """When a payment falls due."""

    id: Integer = Field(None, description="Id of the term.")
    term: Text = Field(None, description="Name of the term, such as Net 30 or COD.")
    days: Integer = Field(None, description="Days until the payment falls due.")
    code: Text = Field(None, description="Code of the term, such as net30 or cod.")


class PaymentOption(Record):
    """A payment method with its term."""

    id: Integer = Field(None, description="Id of the option.")
    is_default: Boolean = Field(None, description="Whether it is the default.")
    payment_program: Text = Field(None, description="LeafLink's payment programme, if any.")
    payment_strategy: Text = Field(None, description="How the programme settles.")
    payment_method: PaymentMethod | None = Field(None, description="The method.")
    payment_term: PaymentTerm | None = Field(None, description="The term.")
