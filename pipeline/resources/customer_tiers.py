"""How much customers matter to the seller: GET /customer-tiers/."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Instant, LooseInteger, LooseText, Record, RequiredInteger


class CustomerTier(Record):
    """A tier that customers can be in."""

    id: RequiredInteger = Field(description="Key of the tier.")
    created_on: Instant = Field(None, description="When the tier was created.")
    modified: Instant = Field(None, description="When the tier was last changed.")
    rank: LooseText = Field(None, description="Name of the tier.")
    sort: LooseInteger = Field(None, description="Place among the tiers; the lowest comes first.")


CUSTOMER_TIERS = Resource(path="customer-tiers/", record=CustomerTier, key="id", refresh=Full())
