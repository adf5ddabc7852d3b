"""Building the next warehouse beside the published one, and publishing it in one rename.

What was published is never written to, so that a notebook never blocks a load and never sees half of one.
Whatever goes wrong before the rename leaves it as it was.
"""

import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from pipeline import clock
from pipeline.datafolder.paths import building_folder, kept_file, kept_folder, rejected_file, warehouse_file
from pipeline.errors import ConfigurationError
from pipeline.landing import Batch, Landing, Manifest
from pipeline.landing.files import sync
from pipeline.models import ModelSettings
from pipeline.models.transaction import transaction
from pipeline.resources import Resource
from pipeline.sql import literal
from pipeline.warehouse.access import OWNER_ALONE, Access
from pipeline.warehouse.base import open_base, sign
from pipeline.warehouse.drift import create_extra, record_drift
from pipeline.warehouse.engine import BLOCK_SIZE, attach_for_writing, open_engine
from pipeline.warehouse.files import (
    copy_file,
    is_open_for_writing,
    keep_file,
    publish_file,
    remove_file,
    says_full,
)
from pipeline.warehouse.history import create_history, instant_of
from pipeline.warehouse.merge import MergeCounts, append, merge_run
from pipeline.warehouse.meta import check_format, create_meta, describe_warehouse, record_run
from pipeline.warehouse.migration import migrate
from pipeline.warehouse.provenance import record_load
from pipeline.warehouse.published import refuse_other_link
from pipeline.warehouse.quarantine import merge_quarantine
from pipeline.warehouse.reader import CATALOG, damage_in
from pipeline.warehouse.rewind import rewind
from pipeline.warehouse.shrink import refuse_shrink
from pipeline.warehouse.tables import create_raw
from pipeline.warehouse.untreated import Remnants, count_remnants, note_treatments, remove_untreated, treats_otherwise

# What is free is used by the next load. Beyond this share the file is written anew: 0.6 CPU seconds for 22 MB.
_MOST_FREE = 1 / 3
# Batches that come before their manifest are appended so many rows at a time; one by one costs half as much CPU again.
_ROWS_AT_ONCE = 40_000


@dataclass(frozen=True)
class Publication:
    """A warehouse that was written: the one that everybody reads, or one for its own (`is_aside`)."""

    path: Path
    bytes: int
    seconds: float
    is_aside: bool = False


class Build:
    """The next warehouse of a data folder, as a context manager: published, or gone without a trace.

    `con` is a connection whose current database is the file being built; `merges` sums up what was done to each table.
    Hold the DataLock meanwhile. Raises ConfigurationError for a published file that is damaged, not ours or newer than
    this program, for a folder that cannot be written to or is full, and for a run that cannot be taken.
    """

    con: duckdb.DuckDBPyConnection

    def __init__(
        self,
        data_dir: Path,
        landing: Landing,
        resources: Mapping[str, Resource],
        load_id: str,
        access: Access = OWNER_ALONE,
    ) -> None:
        self.load_id = load_id
        self.merges: dict[str, MergeCounts] = {name: MergeCounts(name) for name in resources}
        self._landing = landing
        self._resources = resources
        self._access = access
        self._data_dir = data_dir
        self._published = warehouse_file(data_dir)
        self._kept = kept_folder(data_dir)
        self._folder = building_folder(data_dir)
        self._file = self._folder / f"{load_id}.duckdb"
        self._started = time.monotonic()
        self._started_at = clock.now()
        # The files whose rows are in raw already while their run is not merged yet, by resource.
        self._appended: dict[str, set[str]] = defaultdict(set)
        self._waiting: dict[str, list[Batch]] = defaultdict(list)
        # The runs that are merged here, by company and the instant at which each marked rows as deleted.
        self._runs: dict[tuple[str, datetime], Manifest] = {}
        self._previous: str | None = None
        # How personal data are treated now, when rows that were treated otherwise are to be rid of them, and whether
        # that is still to be done.
        self._now_treated: str | None = None
        self._has_untreated = False
        # What people should know of the files: somebody has written to one, or has it open.
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.push(self.__exit__)
            refuse_other_link(self._data_dir)
            self._make_folder()
            with open_base(self._data_dir, self._landing) as base:
                if base.path is not None:
                    copy_file(base.path, self._file)
            if base.note is not None:
                self.notes.append(base.note)
            self._open()
            undo.pop_all()
        return self

    def _make_folder(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)  # what a killed run left behind
        try:
            self._folder.mkdir(mode=0o700)
        except OSError as error:
            if says_full(error):
                raise
            raise ConfigurationError(
                f"{self._folder}: cannot be made ({error.strerror}). "
                "Give this user the right to write to the data folder, or set LEAFHOUSE_DATA_DIR to another one."
            ) from error

    def _open(self) -> None:
        is_new = not self._file.exists()
        self.con = open_engine(self._folder / "spill")
        attach_for_writing(self.con, self._file, CATALOG)
        self.con.execute(f"USE {CATALOG}")
        if not is_new:
            check_format(self.con, self._published, may_be_older=True)
            migrate(self.con, self._resources.values())
        with transaction(self.con):
            create_meta(self.con)
            create_raw(self.con, self._resources.values())
            create_history(self.con, self._resources.values())
        note_treatments(self.con, self._landing)
        row = self.con.execute("SELECT max(load_id) FROM meta.loads").fetchone()
        self._previous = row[0] if row else None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(self, "con"):
            self.con.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        damage = damage_in(self._published, error)
        if damage is not None:
            raise damage from error
        if error is not None and says_full(error):
            raise ConfigurationError(
                f"{self._folder}: the build did not fit ({str(error).splitlines()[0]}). "
                "Free some space, then load again."
            ) from error

    def pending(self) -> list[Manifest]:
        """Return the committed runs that the warehouse does not hold yet, oldest first."""
        taken = self._taken()
        return [manifest for manifest in self._landing.manifests() if manifest.run_id not in taken]

    def _taken(self) -> set[str]:
        return {row[0] for row in self.con.execute("SELECT run_id FROM meta.runs").fetchall()}

    def merge_batch(self, batch: Batch) -> None:
        """Take in a landed batch before its manifest, while the extract still runs; `merge` does the rest."""
        waiting = self._waiting[batch.resource]
        waiting.append(batch)
        if sum(each.rows for each in waiting) >= _ROWS_AT_ONCE:
            self._append(batch.resource, waiting)
            waiting.clear()

    def _append(self, resource: str, batches: Sequence[Batch]) -> None:
        if batches:
            with self._landing.fetched(batches) as files:
                append(self.con, self._resources[resource], files)
            self._appended[resource] |= {batch.file for batch in batches}

    def merge(self, manifest: Manifest) -> None:
        """Merge a committed run with those of its batches that are not in yet; nothing when it was taken before."""
        if manifest.run_id in self._taken():
            return
        self._check_known(manifest)
        if manifest.personal != self._now_treated:
            self._remove_untreated()
        describe_warehouse(self.con, manifest)
        self._take_back_others(manifest)
        for read in manifest.resources:
            done = self._appended[read.resource]
            self._append(read.resource, [batch for batch in read.batches if batch.file not in done])
        with self._landing.fetched(manifest.quarantine) as files:
            merge_quarantine(self.con, manifest, files)
        instant = instant_of(self.con, manifest)
        self._runs[manifest.company, instant] = manifest
        for each in merge_run(self.con, manifest, self._resources, instant):
            total = self.merges[each.resource]
            total.inserted += each.inserted
            total.changed += each.changed
            total.deleted += each.deleted
        record_run(self.con, manifest, self.load_id)
        record_drift(self.con, manifest)
        if treats_otherwise(self.con, manifest):
            self._now_treated, self._has_untreated = manifest.personal, True
        for read in manifest.resources:
            self._appended.pop(read.resource, None)
            self._waiting.pop(read.resource, None)

    def _check_known(self, manifest: Manifest) -> None:
        for read in manifest.resources:
            if read.resource not in self._resources:
                raise ConfigurationError(
                    f"run {manifest.run_id}: landed {read.resource}, which this Leafhouse does not know. "
                    "Use the version that extracted it, or a newer one."
                )

    def _take_back_others(self, manifest: Manifest) -> None:
        files = {batch.file for read in manifest.resources for batch in read.batches}
        for resource in [name for name, appended in self._appended.items() if not appended <= files]:
            self._take_back(resource)

    def _take_back(self, resource: str) -> None:
        """Remove the rows that came before their manifest, when another run than theirs is merged first."""
        self.con.execute(f"DELETE FROM raw.{resource} WHERE _run_id NOT IN (SELECT run_id FROM meta.runs)")
        self._appended.pop(resource, None)

    def refuse_shrink(self) -> None:
        """Raise ShrinkError when the merged runs found more rows deleted than can be believed."""
        refuse_shrink(self.con, self._resources.values(), self._runs)

    def _remove_untreated(self) -> None:
        if self._now_treated is not None and self._has_untreated:
            remove_untreated(self.con, self._now_treated, self._resources.values())
            self._has_untreated = False

    def close_inputs(self) -> None:
        """End the merge, and shut the door: from here on the connection reads and writes no other file."""
        self.end_merge()
        self.con.execute("SET enable_external_access = false")
        self.con.execute("SET lock_configuration = true")

    def end_merge(self) -> None:
        """Leave nothing of runs that were not merged, nor personal data as they are treated no more; count the rows."""
        for resource in list(self._appended):
            self._take_back(resource)
        self._remove_untreated()
        create_extra(self.con, self._resources)
        for name, merged in self.merges.items():
            row = self.con.execute(f"SELECT count(*) FROM raw.{name} WHERE _deleted_at IS NULL").fetchone()
            merged.rows = row[0] if row else 0

    def record_load(self, settings: ModelSettings) -> None:
        """Write what the marts are computed for."""
        record_load(self.con, self.load_id, self._started_at, settings)

    def publish(self) -> Publication:
        """Publish the file; those from before are kept (see `retention`). `con` is closed."""
        self.con.execute(f"CHECKPOINT {CATALOG}")
        is_hollow = self._is_hollow()
        self.con.close()
        if self.is_treated_anew or is_hollow:
            self._write_anew()
        if self._published.exists() and is_open_for_writing(self._published):
            self.notes.append(
                f"{self._published}: another program has the last warehouse open for writing. It goes on with that "
                "one; what it writes is not in the new one."
            )
        remove_file(rejected_file(self._data_dir))  # the evidence of a build before this one
        keep_file(self._published, kept_file(self._data_dir, self._previous))
        publish_file(self._file, kept_file(self._data_dir, self.load_id), self._published, self._access)
        sign(self._data_dir, self.load_id)
        size = self._published.stat().st_size
        return Publication(self._published, size, time.monotonic() - self._started)

    def keep_rejected(self) -> Path:
        """Keep the file, which an audit failed in, for whoever wants to look at its rows. `con` is closed."""
        self.con.execute(f"CHECKPOINT {CATALOG}")
        self.con.close()
        if self.is_treated_anew:
            self._write_anew()
        rejected = rejected_file(self._data_dir)
        remove_file(rejected)
        self._file.chmod(0o600)
        self._file.replace(rejected)
        return rejected

    def rewind(self, known_at: datetime) -> None:
        """Take all that was merged back to what was known at an instant; such a build is written aside.

        Raises UsageError for an instant before the first load.
        """
        rewind(self.con, self._resources.values(), known_at)

    def write_aside(self, path: Path, settings: ModelSettings) -> Publication:
        """Write the file to `path`, with a note of what it is; the published one stays. `con` is closed."""
        self.con.execute(
            "UPDATE meta.warehouse SET note = note || ?",
            [f" Computed aside for {settings.as_of} from what was known at {settings.known_at.isoformat()}."],
        )
        self.con.execute(f"CHECKPOINT {CATALOG}")
        self.con.close()
        self._write_anew()
        # The folder may lie on another disk, which a rename does not reach.
        copy = path.with_name(f".{path.name}.{self.load_id}")
        try:
            copy_file(self._file, copy)
            sync(copy)
            copy.replace(path)
        finally:
            copy.unlink(missing_ok=True)
        sync(path.parent)
        return Publication(path, path.stat().st_size, time.monotonic() - self._started, is_aside=True)

    def _is_hollow(self) -> bool:
        """Say whether the file takes much more room than it needs: by its free blocks, or by the size of its blocks."""
        row = self.con.execute(
            "SELECT free_blocks / total_blocks > ? OR block_size > ? FROM pragma_database_size() "
            "WHERE database_name = ?",
            [_MOST_FREE, BLOCK_SIZE, CATALOG],
        ).fetchone()
        return row is not None and bool(row[0])

    def _write_anew(self) -> None:
        """Write the file once more without its free blocks: what was removed from the tables still lies in these."""
        anew = self._folder / "anew.duckdb"
        with closing(open_engine(self._folder / "spill")) as con:
            con.execute(f"ATTACH {literal(str(self._file))} AS {CATALOG} (READ_ONLY)")
            attach_for_writing(con, anew, "anew")
            con.execute(f"COPY FROM DATABASE {CATALOG} TO anew")
            con.execute("CHECKPOINT anew")
        anew.replace(self._file)

    @property
    def is_treated_anew(self) -> bool:
        """Say whether this load has changed how personal data are treated."""
        return self._now_treated is not None

    def remnants(self) -> Remnants | None:
        """Count what else holds rows from before, when this load has changed the treatment; call it once published."""
        if self._now_treated is None:
            return None
        return count_remnants(self._landing, self._kept, self._published, self._now_treated)
