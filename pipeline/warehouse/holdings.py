"""What we hold, for planning the next read: the published warehouse, and what has landed since it was loaded."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from pipeline.landing import Landing, Manifest, ResourceRead
from pipeline.landing.holdings import Holding, Holdings
from pipeline.reading import Values
from pipeline.resources import Resource
from pipeline.resources.columns import table_columns
from pipeline.sql import identifier
from pipeline.warehouse.base import open_base
from pipeline.warehouse.published import open_warehouse
from pipeline.warehouse.quarantine import parent_in


def read_holdings(
    data_dir: Path, landing: Landing, resources: Mapping[str, Resource], company: str, recent_from: datetime
) -> Holdings:
    """Return what is held of each resource of `company`; rows created from `recent_from` on count as recent.

    Of landed runs that are not loaded yet the newest version of a row counts; rows that they found missing from a
    stretch of creation may still be among what is returned, which costs a request each and no more. Raises
    ConfigurationError for a warehouse that is damaged, or of another version.
    """
    with open_holding(data_dir, landing) as (con, is_published):
        reader = HoldingReader(con, landing, resources, company, is_published)
        return Holdings({name: reader.read(resource, recent_from) for name, resource in resources.items()})


@contextmanager
def open_holding(data_dir: Path, landing: Landing) -> Iterator[tuple[duckdb.DuckDBPyConnection, bool]]:
    """Yield the warehouse that the next one begins with, and True; or an empty database, and False."""
    with (
        open_base(data_dir, landing) as base,
        open_warehouse(base.path, may_be_older=True) if base.path is not None else closing(duckdb.connect()) as con,
    ):
        yield con, base.path is not None


@dataclass
class HoldingReader:
    """Reads what is held of a company from an open warehouse, or from an empty database, and from the landing.

    `tables` are those of raw, `pending` the landed runs that the warehouse has not taken up.
    """

    con: duckdb.DuckDBPyConnection
    landing: Landing
    resources: Mapping[str, Resource]
    company: str
    is_published: bool

    def __post_init__(self) -> None:
        self._loaded: set[str] = set()
        self.tables: set[str] = set()
        if self.is_published:
            self._loaded = {row[0] for row in self.con.execute("SELECT run_id FROM meta.runs").fetchall()}
            self.tables = {
                row[0]
                for row in self.con.execute(
                    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw'"
                ).fetchall()
            }
        self._manifests = self.landing.manifests(self.company)
        self.pending = [each for each in self._manifests if each.run_id not in self._loaded]

    def read(self, resource: Resource, recent_from: datetime) -> Holding:
        """Return what planning needs of a resource; rows created from `recent_from` on count as recent."""
        self.collect(resource)
        rows, recent = self.con.execute(
            "SELECT count(*), count(*) FILTER (created >= ?) FROM held", [recent_from]
        ).fetchone() or (0, 0)
        open_keys: tuple[str, ...] = ()
        if resource.open_flag is not None:
            found = self.con.execute(
                "SELECT key FROM held "
                "WHERE NOT coalesce(settled, false) AND (created < ? OR created IS NULL) ORDER BY key",
                [recent_from],
            ).fetchall()
            open_keys = tuple(row[0] for row in found)
        modified: dict[str, int | None] = {}
        if self._is_asked_by(resource):
            modified = dict(self.con.execute("SELECT key, epoch_us(modified) FROM held").fetchall())
        unasked = self._unasked(resource) if resource.is_asked_per_parent else ()
        quarantined = self._quarantined(resource.name)
        named = tuple(key for key in quarantined if key is not None)
        values, parents = self._values(resource) if resource.is_listed else ({}, {})
        return Holding(rows, recent, open_keys, values, parents, named, None in quarantined, modified, unasked)

    def _values(self, resource: Resource) -> tuple[dict[str, Values], dict[str, str]]:
        """Return what each held row may be listed by, and the parent that it points to."""
        place = "try_cast(key AS BIGINT)" if resource.has_number_key else "key"
        rows = self.con.execute(
            f"SELECT key, {place}, epoch_us(created), epoch_us(modified), parent FROM held"
        ).fetchall()
        values = {row[0]: Values(*row[1:4]) for row in rows}
        return values, {row[0]: row[4] for row in rows if row[4] is not None}

    def _unasked(self, resource: Resource) -> tuple[str, ...]:
        """Return the parents to ask again: those of rows in quarantine, and those that changed since the last asking.

        Of runs that are not loaded yet, every parent that came counts as changed.
        """
        assert resource.parent is not None and resource.parent_key is not None, "it is asked for by its parent"
        found = set(self._quarantined(resource.name, parent_in("raw", resource.parent_key)))
        asked = self.reads(self._manifests, resource.name)
        if asked:
            self.collect(self.resources[resource.parent])
            changed = self.con.execute("SELECT key FROM held WHERE seen > ?", [asked[-1][0].server_time]).fetchall()
            found |= {row[0] for row in changed}
        return tuple(sorted(key for key in found if key is not None))

    def collect(self, resource: Resource) -> None:
        """Make the temporary table `held` of the live rows.

        It has their key, creation, last change, whether they are settled, their parent, and when they were first seen
        as they are.
        """
        created, modified = (
            "NULL::TIMESTAMPTZ" if name is None else f'"{name}"'
            for name in (resource.created_field, resource.modified_field)
        )
        settled = "NULL::BOOLEAN" if resource.open_flag is None else f'"{resource.open_flag}"'
        parent = "NULL::VARCHAR" if resource.parent_key is None else f'"{resource.parent_key}"'
        columns = (
            f'CAST("{resource.key}" AS VARCHAR) AS key, {created} AS created, {modified} AS modified, '
            f"{settled} AS settled, {parent} AS parent"
        )
        nulls = ", ".join(f"NULL::{kind} AS {identifier(name)}" for name, kind, _ in table_columns(resource))

        def rows_of(source: str) -> str:
            # What an earlier version wrote lacks the columns that the contract has gained since.
            return f"(SELECT {nulls} WHERE false UNION ALL BY NAME FROM {source})"

        sources = [
            "SELECT NULL::VARCHAR AS key, NULL::TIMESTAMPTZ AS created, NULL::TIMESTAMPTZ AS modified, "
            "NULL::BOOLEAN AS settled, NULL::VARCHAR AS parent, NULL::TIMESTAMPTZ AS seen, 0 AS age, false AS is_gone "
            "WHERE false"
        ]
        parameters: list[object] = []
        if resource.name in self.tables:
            seen = "_valid_from" if resource.keeps_history else "NULL"
            sources.append(
                f"SELECT {columns}, {seen}, 0, false FROM {rows_of(f'raw.{resource.name}')} "
                "WHERE _deleted_at IS NULL AND _company = ?"
            )
            parameters.append(self.company)
        with ExitStack() as fetched:
            for age, (manifest, read) in enumerate(self.reads(self.pending, resource.name), start=1):
                if read.scope == "all":
                    sources, parameters = sources[:1], []
                if read.batches:
                    sources.append(
                        f"SELECT {columns}, ?::TIMESTAMPTZ, {age}, false FROM "
                        + rows_of("read_parquet(?, hive_partitioning = false)")
                    )
                    parameters += [manifest.server_time, fetched.enter_context(self.landing.fetched(read.batches))]
                sources.append(f"SELECT unnest(?::VARCHAR[]), NULL, NULL, NULL, NULL, NULL, {age}, true")
                parameters.append(list(read.gone))
            self.con.execute(
                f"CREATE OR REPLACE TEMP TABLE held AS FROM (FROM ({' UNION ALL '.join(sources)}) "
                "QUALIFY row_number() OVER (PARTITION BY key ORDER BY age DESC) = 1) WHERE NOT is_gone",
                parameters,
            )

    def _is_asked_by(self, resource: Resource) -> bool:
        """Whether something is asked for by the rows of a resource."""
        return any(each.is_asked_per_parent and each.parent == resource.name for each in self.resources.values())

    def reads(self, manifests: Iterable[Manifest], resource: str) -> list[tuple[Manifest, ResourceRead]]:
        """Return what the runs read of a resource of the company, each with its run."""
        return [
            (manifest, read)
            for manifest in manifests
            if manifest.company == self.company
            for read in manifest.resources
            if read.resource == resource and read.was_read
        ]

    def _quarantined(self, resource: str, column: str = "key") -> list[str | None]:
        sources = ["SELECT key, raw, resource, _company FROM meta.quarantine"] if self.is_published else []
        batches = [batch for manifest in self.pending for batch in manifest.quarantine]
        if batches:
            sources.append("SELECT key, raw, resource, _company FROM read_parquet($files, hive_partitioning = false)")
        if not sources:
            return []
        with self.landing.fetched(batches) as files:
            known = {"resource": resource, "company": self.company} | ({"files": files} if files else {})
            found = self.con.execute(
                f"SELECT DISTINCT {column} FROM ({' UNION ALL '.join(sources)}) "
                "WHERE resource = $resource AND _company = $company ORDER BY 1",
                known,
            ).fetchall()
        return [row[0] for row in found]
