"""Which resources a run reads: all that are listed, those that a company wants, those that a command names."""

from collections.abc import Iterable, Mapping

from pipeline.errors import ConfigurationError, LeafhouseError, UsageError
from pipeline.resources import Resource, all_resources

_WANTED = "leafhouse.toml: resources: "
_ALSO = "LEAFHOUSE_ALSO, or also in leafhouse.toml: "
_ONLY = "--only "


def selected(
    names: str | None, wanted: Iterable[str] | None = None, also: Iterable[str] = ()
) -> Mapping[str, Resource]:
    """Return the resources named in a comma-separated list, among those that a company wants; all without either.

    What takes a request for each parent is among them only where it is named: in one of the two, or in `also`. Raises
    UsageError for a name in the list that is none, ConfigurationError for one that the company wants.
    """
    known = all_resources()
    costly = {name: each for name, each in known.items() if each.is_asked_per_parent}
    found = {name: each for name, each in known.items() if name not in costly}
    if wanted is not None:
        found = _named(wanted, known, ConfigurationError, _WANTED)
    found |= _named(also, costly, ConfigurationError, _ALSO)
    if names is None:
        return _with_parents(found, ConfigurationError, _WANTED)
    return _with_parents(_named(names.split(","), found | costly, UsageError, _ONLY), UsageError, _ONLY)


def _named(
    names: Iterable[str], found: Mapping[str, Resource], error: type[LeafhouseError], where: str
) -> dict[str, Resource]:
    named = [name.strip().strip("/").replace("-", "_").replace("/", "_") for name in names]
    for name in named:
        if name not in found:
            raise error(f"{where}{name}: no such resource. Known are: {', '.join(found)}.")
    return {name: found[name] for name in named}


def _with_parents(found: dict[str, Resource], error: type[LeafhouseError], where: str) -> dict[str, Resource]:
    """Return `found`, or raise `error` when something in it is asked for by the rows of what is not."""
    for name, resource in found.items():
        if resource.is_asked_per_parent and resource.parent not in found:
            raise error(f"{where}{name}: is asked for by the rows of {resource.parent}. Name that, too.")
    return found
