"""Building the next warehouse beside the published one, and publishing it in one rename.

The published file is never written to, so that a notebook never blocks a load and never sees half of one.
Whatever goes wrong before the rename leaves it as it was.
"""

import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from pipeline.errors import ConfigurationError
from pipeline.landing import Batch, Landing, Manifest
from pipeline.models import ModelSettings
from pipeline.resources import Resource, WithParent
from pipeline.warehouse.files import copy_file, prune, publish_file
from pipeline.warehouse.merge import (
    Merged,
    create_raw,
    mark_deleted,
    mark_orphans_deleted,
    merge_batch,
    merge_quarantine,
    release_quarantine,
)
from pipeline.warehouse.meta import check_format, create_meta, describe_warehouse, record_run

KEPT_WAREHOUSES = 3
# Together with Python and Arrow this keeps a load of 50,000 orders below 400 MB.
_MEMORY_LIMIT = "160MB"
# The oldest layout that costs nothing measurable: analysts' tools since DuckDB 1.0 open it.
_STORAGE_VERSION = "v1.0.0"
_ALIAS = "warehouse"


@dataclass(frozen=True)
class Published:
    """A published warehouse."""

    path: Path
    bytes: int
    seconds: float


class Build:
    """The next warehouse of a data folder, as a context manager: published, or gone without a trace.

    `con` is a connection whose current database is the file being built.
    Raises ConfigurationError for a published file that is damaged or newer than this program.
    """

    con: duckdb.DuckDBPyConnection

    def __init__(self, data_dir: Path, landing: Landing, resources: Mapping[str, Resource], load_id: str) -> None:
        self.load_id = load_id
        self.merged: dict[str, Merged] = {name: Merged(name) for name in resources}
        self._landing = landing
        self._resources = resources
        self._published = data_dir / "warehouse.duckdb"
        self._kept = data_dir / "kept"
        self._folder = data_dir / "building"
        self._file = self._folder / f"{load_id}.duckdb"
        self._started = time.monotonic()
        self._started_at = datetime.now(UTC)
        self._batches: set[str] = set()
        self._previous: str | None = None

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)  # what a killed run left behind
        self._folder.mkdir(mode=0o700)
        try:
            if self._published.exists():
                copy_file(self._published, self._file)
            self._attach()
            create_meta(self.con)
            check_format(self.con, self._published)
            for resource in self._resources.values():
                create_raw(self.con, resource)
            row = self.con.execute("SELECT max(load_id) FROM meta.loads").fetchone()
            self._previous = row[0] if row else None
        except BaseException:
            self._discard()
            raise
        return self

    def _attach(self) -> None:
        self.con = duckdb.connect(
            config={
                "memory_limit": _MEMORY_LIMIT,
                "threads": 2,
                "temp_directory": str(self._folder / "spill"),
                "preserve_insertion_order": False,
            }
        )
        self.con.execute("SET TimeZone = 'UTC'")
        target = str(self._file).replace("'", "''")
        try:
            self.con.execute(f"ATTACH '{target}' AS {_ALIAS} (STORAGE_VERSION '{_STORAGE_VERSION}')")
        except duckdb.Error as error:
            raise ConfigurationError(
                f"{self._published}: cannot be opened as a DuckDB file ({str(error).splitlines()[0][:200]}). "
                "Nothing was changed. Move it away and put the newest file of kept/ in its place, "
                "or move it away and run `leafhouse load`: the landing still holds the data."
            ) from error
        self.con.execute(f"USE {_ALIAS}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def _discard(self) -> None:
        if hasattr(self, "con"):
            self.con.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def pending(self) -> list[Manifest]:
        """Return the committed runs that the warehouse does not hold yet, oldest first."""
        taken = {row[0] for row in self.con.execute("SELECT run_id FROM meta.runs").fetchall()}
        return [manifest for manifest in self._landing.manifests() if manifest.run_id not in taken]

    def merge_batch(self, batch: Batch) -> None:
        """Merge one landed batch; it may come before its manifest, while the extract still runs."""
        merged = merge_batch(self.con, self._landing, self._resources[batch.resource], batch)
        total = self.merged[batch.resource]
        total.inserted += merged.inserted
        total.replaced += merged.replaced
        self._batches.add(batch.file)

    def merge(self, manifest: Manifest) -> None:
        """Merge what is not merged yet of a committed run, mark what it found deleted, and record it."""
        describe_warehouse(self.con, manifest.source)
        reads = [read for read in manifest.resources if read.resource in self._resources]
        for batch in (batch for read in reads for batch in read.batches if batch.file not in self._batches):
            self.merge_batch(batch)
        merge_quarantine(self.con, self._landing, manifest)
        for read in reads:
            self.merged[read.resource].deleted += mark_deleted(self.con, manifest, read, self._resources)
        for child in self._resources.values():
            if isinstance(child.refresh, WithParent):
                parent = self._resources[child.refresh.parent]
                self.merged[child.name].deleted += mark_orphans_deleted(self.con, manifest, child, parent)
        for read in reads:
            release_quarantine(self.con, manifest, read, self._resources[read.resource])
        record_run(self.con, manifest, self.load_id)

    def close_inputs(self) -> None:
        """Count what raw holds now, and shut the door: from here on the connection reads no other file."""
        for name, merged in self.merged.items():
            row = self.con.execute(f"SELECT count(*) FROM raw.{name} WHERE _deleted_at IS NULL").fetchone()
            merged.rows = row[0] if row else 0
        self.con.execute("SET enable_external_access = false")

    def record_load(self, settings: ModelSettings) -> None:
        """Write what the marts are computed for."""
        self.con.execute(
            "INSERT INTO meta.loads VALUES (?, ?, ?, ?, ?, ?)",
            [self.load_id, self._started_at, settings.as_of, settings.known_at, settings.timezone,
             settings.sell_through_days],
        )  # fmt: skip

    def publish(self) -> Published:
        """Publish the file; the one before it is kept, with the last few."""
        self.con.execute(f"CHECKPOINT {_ALIAS}")
        self.con.execute("USE memory")
        self.con.execute(f"DETACH {_ALIAS}")
        self.con.close()
        assert not self._file.with_suffix(".duckdb.wal").exists(), "a checkpoint leaves no log behind"
        publish_file(self._file, self._published, self._kept / f"{self._previous or 'first'}.duckdb")
        prune(self._kept, KEPT_WAREHOUSES)
        size = self._published.stat().st_size
        return Published(self._published, size, time.monotonic() - self._started)


def newest_server_time(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return the source's clock at the start of the newest loaded run, in UTC; None before the first."""
    row = con.execute("SELECT epoch_us(max(server_time)) FROM meta.runs").fetchone()
    return datetime.fromtimestamp(row[0] / 1e6, UTC) if row and row[0] is not None else None


def companies(con: duckdb.DuckDBPyConnection) -> Iterable[str]:
    """Return the companies that runs were loaded for."""
    return [row[0] for row in con.execute("SELECT DISTINCT _company FROM meta.runs ORDER BY 1").fetchall()]
