"""Two warehouses side by side: the published one or a kept one, and one from before it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.errors import ConfigurationError, UsageError
from pipeline.warehouse.published import has_table, open_published, open_warehouse
from pipeline.warehouse.reader import CATALOG, attach_as
from pipeline.warehouse.rollback import Warehouse, list_warehouses

EARLIER = "earlier"


@dataclass(frozen=True)
class Pair:
    """Two loads, `since` and `until`, and the files that they left."""

    since: str
    until: str
    earlier: Path
    later: Path


def choose_pair(data_dir: Path, since: str | None = None, until: str | None = None) -> Pair:
    """Return the loads `since` and `until`: without these the load before the published one, and the published one.

    Raises UsageError when there is no such load among those that are kept, or only one; ConfigurationError for a file
    that cannot be read.
    """
    with open_published(data_dir) as con:  # says what to do where there is none
        loads = [load for (load,) in con.execute("SELECT load_id FROM meta.loads ORDER BY 1 DESC LIMIT 2").fetchall()]
    warehouses = list_warehouses(data_dir)
    if since is None and len(loads) < 2:
        raise UsageError(f"{loads[0]}: the first load, which has none before it to be compared with.")
    earlier = _choose(warehouses, loads[1] if since is None else since)
    later = warehouses[0] if until is None else _choose(warehouses, until)
    if earlier.path == later.path:
        raise UsageError(f"{earlier.load_id}: cannot be compared with itself. {_describe_choice(warehouses)}")
    return Pair(earlier.load_id, later.load_id, earlier.path, later.path)


def _choose(warehouses: list[Warehouse], wanted: str) -> Warehouse:
    chosen = next((each for each in warehouses if wanted == each.load_id), None)
    if chosen is None:
        raise UsageError(f"{wanted}: no such load is kept. {_describe_choice(warehouses)}")
    if chosen.problem is not None:
        raise ConfigurationError(chosen.problem)
    return chosen


def _describe_choice(warehouses: list[Warehouse]) -> str:
    return f"There are {', '.join(each.load_id for each in warehouses)}; see `leafhouse rollback`."


@contextmanager
def open_pair(pair: Pair, tables: Iterable[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that reads the later warehouse, and the other one as `earlier`; both have `tables`.

    Raises UsageError when a table is in one of them not yet, ConfigurationError for a file that cannot be read.
    """
    wanted = list(tables)
    with open_warehouse(pair.later) as con:
        attach_as(con, pair.earlier, EARLIER)
        for database, load in ((EARLIER, pair.since), (CATALOG, pair.until)):
            missing = [table for table in wanted if not has_table(con, table, database)]
            if missing:
                raise UsageError(f"{load}: has no {' and no '.join(missing)} to compare. Choose another load.")
        yield con
