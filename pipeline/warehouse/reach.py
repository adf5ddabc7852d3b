"""How far the data of each company go, and the stock at the close of the day that its runs close."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from pipeline.landing import Manifest
from pipeline.models import INVENTORY_RESOURCES, last_full_day, record_inventory, resources_of_marts
from pipeline.warehouse.meta import newest_reads, newest_runs, reached, timezones_of

# Companies are read side by side: one whose newest run began so much earlier than another's was not read with it.
_ONE_NIGHT = timedelta(hours=12)
# Clocks that are no farther apart only disagree on the day around midnight.
_CLOCKS_APART = timedelta(hours=1)


@dataclass(frozen=True)
class Reach:
    """How far the data of a company go, by the source's clock: all that the marts need, and each resource of that.

    What was refused, or never read, is not among `resources`: the marts that need it stay as they are.
    """

    company: str
    timezone: str
    resources: Mapping[str, datetime]
    newest_run: datetime

    @property
    def seen(self) -> datetime:
        """Up to when all is known."""
        return min(self.resources.values(), default=self.newest_run)

    @property
    def last_day(self) -> date:
        """The last full day of which all is known."""
        return last_full_day(self.seen, self.timezone)

    @property
    def unread(self) -> str | None:
        """What ends a day or more before the rest, in a sentence."""
        days = {name: last_full_day(at, self.timezone) for name, at in self.resources.items()}
        names = [name for name, day in days.items() if day == self.last_day]
        if len(names) == len(days):
            return None
        return f"{', '.join(names)}: not read since {self.seen:%Y-%m-%d %H:%M} UTC; the marts know no later day."

    @property
    def ended(self) -> str:
        """What is wrong with data that do not reach the day that the marts are for."""
        return f"was not read since {self.seen:%Y-%m-%d %H:%M} UTC"


def read_reaches(con: duckdb.DuckDBPyConnection, timezone: str) -> list[Reach]:
    """Return the reach of every company that has a run; `timezone` is that of those without their own."""
    needed, reads, known, zones = resources_of_marts(), newest_reads(con), reached(con), timezones_of(con)
    found = []
    for company, run in sorted(newest_runs(con).items()):
        came = {
            name: at for name, at in known.get(company, {}).items() if name in needed and reads[company][name] is None
        }
        found.append(Reach(company, zones.get(company, timezone), came, run))
    return found


def _close_of(reach: Reach, runs: Iterable[Manifest], resource: str) -> date | None:
    """Return the day whose close a company's rows of `resource` are, when `runs` have read them; otherwise None.

    It is none where the source's clock and ours are so far apart that they do not even agree on the day.
    """
    reads = [
        manifest for manifest in runs
        if manifest.company == reach.company
        and any(read.resource == resource and read.was_read for read in manifest.resources)
    ]  # fmt: skip
    if not reads or resource not in reach.resources:
        return None
    seen, ahead = reach.resources[resource], reads[-1].started_at - reads[-1].server_time
    day = last_full_day(seen, reach.timezone)
    agreed = abs(ahead) <= _CLOCKS_APART or last_full_day(seen + ahead, reach.timezone) == day
    return day if agreed else None


def record_closes(
    con: duckdb.DuckDBPyConnection, load_id: str, reaches: Iterable[Reach], runs: Sequence[Manifest]
) -> None:
    """Record the stock of each company's day that these runs close."""
    for reach in reaches:
        for resource in INVENTORY_RESOURCES:
            close = _close_of(reach, runs, resource)
            if close is not None:
                record_inventory(con, resource, reach.company, close, load_id)


def newest_day(reaches: Sequence[Reach]) -> date:
    """Return the last day that is over at every company, but for those that the night of the others left out."""
    newest = max(each.seen for each in reaches)
    return min(each.last_day for each in reaches if newest - each.seen < _ONE_NIGHT)
