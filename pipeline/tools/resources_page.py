"""docs/resources.md: a line per resource, made from the contracts by `make docs`."""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from pipeline.resources import Appended, Changed, Full, PerParent, Resource, WithParent, all_resources

PAGE = Path(__file__).parents[2] / "docs" / "resources.md"
# The sandbox follows from the moment at which it is made: with a fixed one the numbers are the same everywhere.
_MADE_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
_COMPARISON = re.compile(r"(.+)__(gte|gt|lte|lt)")
_HEADER = """# Resources

What Leafhouse reads, a line per file in `pipeline/resources/`. Made by `make docs`; do not edit it by hand.

- **kept fresh**: how a night reads it. Everything is read on `--full`, once a week, and where that costs less. What has
  to be switched on is read when [`LEAFHOUSE_ALSO`](settings.md#comments-and-deliveries) names it, whole on `--full`.
- **filters**: the query parameters that the API documents for the listing, beside limit and offset.
- **rows**: in the embedded sandbox when it is new (1,200 orders); none where it does not list them.

| resource | path | key | parent | kept fresh | filters | rows |
|---|---|---|---|---|---|---:|
"""


def count_rows() -> dict[str, int]:
    """Return how many rows the standard sandbox has, by resource."""
    from pipeline.sandbox import Sandbox, SandboxConfig
    from pipeline.sandbox.world.tables import TABLES

    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox.open(Path(folder) / "sandbox", SandboxConfig(), _MADE_AT)
        try:
            return {name: sandbox.count(name) for name in TABLES}
        finally:
            sandbox.close()


def page(rows: Mapping[str, int]) -> str:
    """Return the page; `rows` are the numbers of rows by resource."""
    return _HEADER + "".join(f"{_line(resource, rows)}\n" for resource in all_resources().values())


def _line(resource: Resource, rows: Mapping[str, int]) -> str:
    path = resource.path + (f"?{urlencode(resource.params)}" if resource.params else "")
    count = f"{rows[resource.name]:,}" if resource.name in rows else ""
    words = (_parent(resource), _freshness(resource), _filters(resource))
    return f"| {' | '.join((resource.name, f'`{path}`', resource.key, *words, count))} |"


def _parent(resource: Resource) -> str:
    return "" if resource.parent is None else f"{resource.parent}, by `{resource.parent_key}`"


def _freshness(resource: Resource) -> str:
    match resource.refresh:
        case Full():
            return "read whole"
        case Changed(is_trailing=False) as refresh:
            return f"by `{refresh.modified_field}`"
        case Changed() as refresh:
            unsettled = f", and those not `{refresh.open_flag}`" if refresh.open_flag else ""
            return f"by `{refresh.modified_field}`; those created lately{unsettled}, too"
        case Appended():
            return "from its end"
        case WithParent() as refresh:
            return f"inside its parent, as `{refresh.embedded_as}`"
        case PerParent():
            return "a request for each parent that changed; only when switched on"


def _filters(resource: Resource) -> str:
    """Return the filters, those that compare the same field as one."""
    comparisons: dict[str, list[str]] = defaultdict(list)
    for name in sorted(resource.filters):
        found = _COMPARISON.fullmatch(name)
        comparisons[found[1] if found else name] += [found[2]] if found else []
    return ", ".join(_filter(name, signs, name in resource.filters) for name, signs in sorted(comparisons.items()))


def _filter(name: str, signs: Iterable[str], is_plain: bool) -> str:
    compared = f"`{name}__`{'/'.join(signs)}" if signs else ""
    return " ".join(filter(None, (f"`{name}`" if is_plain else "", compared)))


if __name__ == "__main__":
    PAGE.write_text(page(count_rows()), encoding="utf-8")
