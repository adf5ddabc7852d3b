"""Time zones: those of the package that is installed with Leafhouse, whatever the system has.

A system's own may be years old. Of 598 zones, 15 then had another offset than DuckDB's from some day on, so that a load
computed the last full day by one rule and the marts by another.
"""

import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

_PACKAGE = files("tzdata")


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all zones."""
    return frozenset(_PACKAGE.joinpath("zones").read_text(encoding="ascii").split())


@cache
def zone_of(name: str) -> ZoneInfo:
    """Return a zone. Raises KeyError for a name that is none."""
    if name not in zone_names():
        raise KeyError(name)
    with _PACKAGE.joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def system_zone() -> str | None:
    """Return the zone that this machine is set to; None where that cannot be told, or is none of ours."""
    link = Path("/etc/localtime")
    linked = str(link.resolve()).partition("/zoneinfo/")[2] if link.is_symlink() else ""
    named = (os.environ.get("TZ", "").removeprefix(":"), linked)
    return next((name for name in named if name in zone_names()), None)
