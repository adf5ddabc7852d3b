"""A small seller whose reads are landed for real: two contracts, and the runs that brought their rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field

from pipeline.landing import Batch, Landing, Manifest, ResourceRead
from pipeline.models import ModelSettings
from pipeline.resources import Changed, Resource, WithParent
from pipeline.resources.columns import columns_of
from pipeline.resources.common import ORDER_STATUSES
from pipeline.resources.types import Boolean, Exact, Instant, Record, RequiredInteger, RequiredText, Text
from pipeline.warehouse.build import Build, Publication
from pipeline.warehouse.reader import attach

FIRST_RUN = datetime(2026, 11, 1, 2, tzinfo=UTC)


class Order(Record):
    number: RequiredText = Field(description="Key of the order.")
    status: Text = Field(None, description="Status of the order.", json_schema_extra=ORDER_STATUSES)
    created_on: Instant = Field(None, description="When it was created.")
    modified: Instant = Field(None, description="When it was last changed.")
    paid: Boolean = Field(None, description="Whether it is settled.")


class Line(Record):
    id: RequiredInteger = Field(description="Key of the line.")
    order: RequiredText = Field(description="Number of its order.")
    quantity: Exact = Field(None, description="Units ordered.")


ORDERS = Resource(
    path="orders/", record=Order, key="number", refresh=Changed(), keeps_history=True,
    filters=frozenset({"modified__gte", "modified__lt", "created_on__gte", "created_on__lt", "paid"}),
)  # fmt: skip
LINES = Resource(
    path="lines/", record=Line, key="id", keeps_history=True,
    refresh=WithParent(parent="orders", embedded_as="lines", parent_key="order"),
)  # fmt: skip
RESOURCES = {"lines": LINES, "orders": ORDERS}


def order(number: str, status: str = "Accepted", **more: Any) -> dict[str, Any]:
    return {"number": number, "status": status, **more}


def line(key: int, order: str, quantity: int = 1) -> dict[str, Any]:
    return {"id": key, "order": order, "quantity": quantity}


@dataclass
class Read:
    """What a test says of one read: its rows in batches, and the keys (None: not readable) that were set aside."""

    resource: Resource
    scope: str
    batches: Sequence[Sequence[Mapping[str, Any]]]
    bad: Sequence[str | None] = ()
    refused: str | None = None
    proof: Mapping[str, Any] = field(default_factory=dict)  # what else the manifest says of the read


def read_all(resource: Resource, *rows: Mapping[str, Any], bad: Sequence[str | None] = (), **proof: Any) -> Read:
    return Read(resource, "all", [rows] if rows else [], bad, proof=proof)


def read_changed(resource: Resource, *rows: Mapping[str, Any], bad: Sequence[str | None] = (), **proof: Any) -> Read:
    return Read(resource, "changed", [rows] if rows else [], bad, proof=proof)


def read_sets(resource: Resource, *rows: Mapping[str, Any], bad: Sequence[str | None] = ()) -> Read:
    return Read(resource, "sets", [rows] if rows else [], bad)


def refused(resource: Resource) -> Read:
    return Read(resource, "changed", [], refused="403: no permission")


@dataclass
class Seller:
    """Lands runs an hour apart in the data folder `data_dir`, and loads them."""

    data_dir: Path
    resources: Mapping[str, Resource] = field(default_factory=lambda: RESOURCES)
    runs: int = 0
    loads: int = 0

    @property
    def landing(self) -> Landing:
        return Landing(self.data_dir / "landing")

    @property
    def published(self) -> Path:
        return self.data_dir / "warehouse.duckdb"

    def land(self, *reads: Read, company: str = "acme", source: Any = "sandbox") -> Manifest:
        """Land the reads as the next run, and commit it."""
        manifest = self.write(*reads, company=company, source=source)
        self.landing.commit(manifest)
        return manifest

    def write(self, *reads: Read, company: str = "acme", source: Any = "sandbox") -> Manifest:
        """Write the batches of the next run without committing it."""
        self.runs += 1
        at = FIRST_RUN + timedelta(hours=self.runs)
        run_id = f"{at:%Y%m%dT%H%M%SZ}-{self.runs:04x}"
        stamps = {"_company": company, "_run_id": run_id, "_extracted_at": at}
        bad = [(read.resource.name, key) for read in reads for key in read.bad]
        return Manifest(
            run_id=run_id, kind="full", source=source, base_url="http://127.0.0.1:1/", company=company,
            started_at=at, finished_at=at + timedelta(minutes=1), server_time=at - timedelta(seconds=5),
            resources=tuple(self._write_read(read, run_id, stamps) for read in reads),
            quarantine=(self._write_quarantine(bad, run_id, stamps),) if bad else (),
        )  # fmt: skip

    def _write_read(self, read: Read, run_id: str, stamps: Mapping[str, Any]) -> ResourceRead:
        name, refresh = read.resource.name, read.resource.refresh
        batches = [
            self.landing.write_batch(name, run_id, number, table_of(read.resource, rows, stamps))
            for number, rows in enumerate(read.batches, 1)
        ]
        keys = {row[read.resource.key] for rows in read.batches for row in rows}
        parents = (
            {"parent": refresh.parent, "parent_key": refresh.parent_key} if isinstance(refresh, WithParent) else {}
        )
        return ResourceRead(
            resource=name, key=read.resource.key, scope=read.scope, batches=tuple(batches), refused=read.refused,
            quarantined=len(read.bad), keyless=sum(key is None for key in read.bad),
            stated=len(keys) + len(read.bad), received=len(keys) + len(read.bad), distinct=len(keys) + len(read.bad),
            **parents, **read.proof,
        )  # fmt: skip

    def _write_quarantine(self, bad: Iterable[tuple[str, str | None]], run_id: str, stamps: Mapping[str, Any]) -> Batch:
        texts = ["resource", "key", "path", "reason", "raw", "_company", "_run_id"]
        schema = pa.schema([(name, pa.string()) for name in texts] + [("_extracted_at", pa.timestamp("us", "UTC"))])
        rows = [
            {"resource": name, "key": key, "path": "status", "reason": "bad", "raw": "{}", **stamps}
            for name, key in bad
        ]
        return self.landing.write_quarantine(run_id, 1, pa.Table.from_pylist(rows, schema))

    def build(self) -> Build:
        """Return the next load, to be opened."""
        self.loads += 1
        return Build(self.data_dir, self.landing, self.resources, f"load-{self.loads:03}")

    def load(self) -> Publication:
        """Merge all that is pending, and publish."""
        with self.build() as build:
            for manifest in build.pending():
                build.merge(manifest)
            return finish(build)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Query what is published."""
        con = attach(self.published)
        try:
            return con.execute(query).fetchall()
        finally:
            con.close()

    def live(self, resource: Resource) -> set[Any]:
        """Return the keys of the published rows that are not deleted."""
        return {
            key for (key,) in self.rows(f'SELECT "{resource.key}" FROM raw.{resource.name} WHERE _deleted_at IS NULL')
        }

    def deleted(self, resource: Resource) -> dict[Any, str]:
        """Return the keys of the published rows that are deleted, with the reasons."""
        return dict(
            self.rows(
                f'SELECT "{resource.key}", _deleted_reason FROM raw.{resource.name} WHERE _deleted_at IS NOT NULL'
            )
        )


def finish(build: Build) -> Publication:
    """Do what comes after the merge, and publish."""
    build.close_inputs()
    build.record_load(
        ModelSettings(
            as_of=FIRST_RUN.date(), known_at=FIRST_RUN, timezone="UTC", sell_through_days=90, run_id=build.load_id
        )
    )
    return build.publish()


def table_of(resource: Resource, rows: Sequence[Mapping[str, Any]], stamps: Mapping[str, Any]) -> pa.Table:
    """Return the rows as the table that the extract lands."""
    fields = [(column.name, column.arrow_type) for column in columns_of(resource)]
    fields += [("_extra", pa.string()), ("_company", pa.string()), ("_run_id", pa.string())]
    schema = pa.schema([*fields, ("_extracted_at", pa.timestamp("us", "UTC"))])
    return pa.Table.from_pylist([{**row, **stamps} for row in rows], schema)
