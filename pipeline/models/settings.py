"""What the models are told: read in SQL with getvariable('as_of') and the like, bound as values, never as text."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

VARIABLES = ("as_of", "known_at", "timezone", "sell_through_days", "run_id", "last_day", "accept_shrink")


@dataclass(frozen=True)
class ModelSettings:
    """The date that the marts are computed for, and how.

    `known_at` is the instant from whose knowledge they are computed, `timezone` the IANA name of the reporting zone,
    `sell_through_days` the length of the trailing window in days, `run_id` the load that rows and audits are recorded
    under, `last_day` the last full day of the data (None: `as_of` is). With `accept_shrink` many rows may be gone.
    """

    as_of: date
    known_at: datetime
    timezone: str
    sell_through_days: int
    run_id: str
    last_day: date | None = None
    accept_shrink: bool = False


@contextmanager
def bound_settings(con: duckdb.DuckDBPyConnection, settings: ModelSettings) -> Iterator[None]:
    """Set the variables of the connection to `settings`, and unset them at the end."""
    try:
        for name in VARIABLES:
            con.execute(f"SET VARIABLE {name} = ?", [getattr(settings, name)])
        con.execute("SET VARIABLE last_day = ?", [settings.last_day or settings.as_of])
        yield
    finally:
        for name in VARIABLES:
            con.execute(f"RESET VARIABLE {name}")
