"""Filters by the slug of a seller."""

from pipeline.sandbox.store.filters import NOTHING, Condition, Filter
from pipeline.sandbox.world.vocabulary import SELLERS


def seller_slug(expression: str) -> Filter:
    """Return a filter for rows of the seller with that slug."""

    def condition(text: str) -> Condition:
        found = [seller.id for seller in SELLERS if seller.slug == text.lower()]
        return Condition(f"{expression} = ?", (found[0],)) if found else NOTHING

    return condition
