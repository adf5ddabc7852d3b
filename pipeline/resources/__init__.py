"""What LeafLink offers: one module per API resource, found by looking into this folder."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from pipeline.resources.resource import Appended, Changed, Full, PerParent, Resource, WithParent

__all__ = ["Appended", "Changed", "Full", "PerParent", "Resource", "WithParent", "all_resources"]


@cache
def all_resources() -> dict[str, Resource]:
    """Return every declared resource by name, in alphabetical order.

    Raises ValueError for a parent that is not there.
    """
    found: dict[str, Resource] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, Resource):
                found[value.name] = value
    for resource in found.values():
        if resource.parent is not None and resource.parent not in found:
            raise ValueError(f"{resource.path}: its parent {resource.parent} is no resource")
    return dict(sorted(found.items()))
