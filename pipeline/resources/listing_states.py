"""States that a product can be listed in: GET /listing-states/, which the reference names and does not describe."""

from pydantic import Field

from pipeline.resources.resource import Full, Resource
from pipeline.resources.types import Record, RequiredLooseText


class ListingState(Record):
    """A state that a product can be listed in; whatever else it has is kept in `_extra`."""

    id: RequiredLooseText = Field(description="Key of the state, a number or a word.")


LISTING_STATES = Resource(path="listing-states/", record=ListingState, key="id", refresh=Full())
