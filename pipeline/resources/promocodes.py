"""Codes that bring a discount: GET /promocodes/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Exact, InstantOrDay, LooseInteger, LooseText, Record, RequiredInteger, Text, one_of


class Promocode(Record):
    """A code that takes something off orders of a brand."""

    id: RequiredInteger = Field(description="Key of the code.")
    brand: LooseInteger = Field(None, description="Id of the brand.")
    code: LooseText = Field(None, description="The code itself; a brand has it once.")
    discount_type: Text = Field(None, description="% for a percentage.", json_schema_extra=one_of("%"))
    discount_amount: Exact = Field(None, description="Discount, in percent.")
    start_date: InstantOrDay = Field(None, description="From when on it works.")
    end_date: InstantOrDay = Field(None, description="Until when it works.")


PROMOCODES = Resource(
    path="promocodes/",
    record=Promocode,
    key="id",
    refresh=Full(),
    filters=frozenset({"company_slug", "brand", "code"}),
)
