"""The landing: batches, and the manifests that commit them, in a folder or in object storage."""

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import clock
from pipeline.errors import ConfigurationError
from pipeline.landing.bucket import Bucket
from pipeline.landing.folder import Folder
from pipeline.landing.manifest import FORMAT, Batch, Manifest, RefusedRun
from pipeline.landing.storage import Storage, StorageError, Stored

_QUARANTINE = "_quarantine"
_MANIFESTS = "_manifests"
_REFUSED = "_refused"
_JOURNAL = "_journal-"
_BASE = "_base.duckdb"
_ROW_GROUP = 50_000
# In object storage others may be writing: what nothing names yet may be named once they commit.
_MAY_BE_NAMED = timedelta(days=1)
# Stands where a manifest would: whoever planned upon the one before it plans again.
_CLOSED = b"{}"


@dataclass(frozen=True)
class Head:
    """Where the committed runs of a company end: the newest one's id, empty where there is none, and its place.

    Who commits upon a head whose next place is taken by then was not the only one.
    """

    run_id: str = ""
    place: int = 0


class Landing:
    """The landing in the folder `root`, or in a bucket.

    In a folder there is one command at a time, which holds the lock of the data folder. In a bucket there may be many,
    on several machines: manifests are numbered by company, and a number is given once.
    """

    def __init__(self, root: Path | Bucket) -> None:
        self.root = root
        self._storage: Storage = Folder(root) if isinstance(root, Path) else root
        # Two who go on with the same unfinished run write no file of the same name.
        self._mark = f"-{secrets.token_hex(4)}" if self.is_shared else ""

    @property
    def is_shared(self) -> bool:
        """Whether others, who hold no lock of ours, may write there at the same time."""
        return self._storage.is_shared

    def examine(self) -> bool:
        """Write an object, list and remove it; return whether two writers at the same moment are told apart.

        Raises StorageError or ConfigurationError where that cannot be done.
        """
        file = f"_doctor/{secrets.token_hex(8)}"
        self._storage.put(file, b"first")
        is_told_apart = self._storage.tells_writers_apart(file)
        self._storage.files("_doctor")
        self._storage.delete([file])
        return is_told_apart

    def write_batch(self, resource: str, run_id: str, number: int, table: pa.Table) -> Batch:
        """Write `table` as batch `number` of a run, and return its description for the manifest."""
        return self._write_table(resource, f"{resource}/{run_id}-{number:04}{self._mark}.parquet", table)

    def write_quarantine(self, run_id: str, number: int, table: pa.Table) -> Batch:
        """Write quarantined rows as Parquet, and return the description for the manifest."""
        return self._write_table(_QUARANTINE, f"{_QUARANTINE}/{run_id}-{number:04}{self._mark}.parquet", table)

    def _write_table(self, resource: str, file: str, table: pa.Table) -> Batch:
        sink = pa.BufferOutputStream()
        # Against zstd without dictionaries: a third less CPU to write, a quarter less to load, a fifth more bytes.
        # Every batch is read whole, so that nobody asks for statistics.
        pq.write_table(table, sink, compression="lz4", row_group_size=_ROW_GROUP, write_statistics=False)
        content = sink.getvalue()
        self._storage.put(file, content)
        return Batch(
            resource=resource,
            file=file,
            rows=table.num_rows,
            bytes=content.size,
            sha256=hashlib.sha256(content).hexdigest(),
        )

    @contextmanager
    def fetched(self, batches: Iterable[Batch]) -> Iterator[list[str]]:
        """Yield the paths of batches on a disk of this machine, for as long as the block runs.

        Raises ConfigurationError when one is missing or damaged.
        """
        wanted = list(batches)
        with contextlib.ExitStack() as fetched:
            try:
                paths = fetched.enter_context(self._storage.on_disk([batch.file for batch in wanted]))
            except FileNotFoundError as error:
                missing = next(batch for batch in wanted if self._storage.size(batch.file) is None)
                raise self._unreadable(missing, error) from error
            for batch, path in zip(wanted, paths, strict=True):
                self._check(batch, path)
            yield [str(path) for path in paths]

    def _check(self, batch: Batch, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._unreadable(batch, error) from error
        if hashlib.sha256(content).hexdigest() != batch.sha256:
            raise ConfigurationError(
                f"{self._storage.place_of(batch.file)}: damaged (its checksum is not the one in the manifest). "
                "Restore the file, or remove the run's manifest and run `leafhouse extract --full`."
            )

    def _unreadable(self, batch: Batch, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"{self._storage.place_of(batch.file)}: cannot be read ({error.strerror}), but a manifest names it. "
            "Put the file back, or remove the run's manifest and run `leafhouse extract --full`."
        )

    @contextmanager
    def looked_up(self, batch: Batch) -> Iterator[Path | None]:
        """Yield where a batch lies on a disk of this machine, whatever is in it; None where it is gone."""
        if self._storage.size(batch.file) is None:
            yield None
            return
        with self._storage.on_disk([batch.file]) as (path,):
            yield path

    def head(self, company: str) -> Head:
        """Return where the committed runs of a company end. Ask before a plan is made from them."""
        place = max(map(_number_of, self._manifest_files(company)), default=0) if self.is_shared else 0
        return Head(max((manifest.run_id for manifest in self.manifests(company)), default=""), place)

    def commit(self, manifest: Manifest, upon: Head | None = None) -> bool:
        """Commit a run: its batches count from now on.

        `upon` is the head that it was planned upon; None is the one of now. Returns False, with nothing changed, when
        another run of the company was committed since.
        """
        content = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        if not self.is_shared:
            self._storage.put(f"{_MANIFESTS}/{manifest.run_id}.json", content)
            return True
        place = self.head(manifest.company).place if upon is None else upon.place
        return self._storage.put_if_absent(_numbered(manifest.company, place + 1), content)

    def run_ids(self, company: str) -> set[str]:
        """Return the ids of the committed runs that a new one of the company has to sort after."""
        if not self.is_shared:
            return {Path(file).stem for file in self._manifest_files()}
        return {manifest.run_id for manifest in self.manifests(company)}

    def companies(self) -> set[str]:
        """Return the companies that have committed runs."""
        if not self.is_shared:
            return {manifest.company for manifest in self.manifests()}
        return {file.split("/")[1] for file in self._manifest_files()}

    def manifests(self, company: str | None = None) -> list[Manifest]:
        """Return every committed manifest, or those of a company, oldest first.

        Raises ConfigurationError when one is damaged or was written by a newer version.
        """
        return list(self._committed(company).values())

    def _committed(self, company: str | None = None) -> Mapping[str, Manifest]:
        """Return the committed manifests by file, oldest run first."""
        files = self._manifest_files(company)
        read = zip(files, self._storage.each(self._read_committed, files), strict=True)
        found = [(file, manifest) for file, manifest in read if manifest and company in (None, manifest.company)]
        return dict(sorted(found, key=lambda each: each[1].run_id))

    def _manifest_files(self, company: str | None = None) -> list[str]:
        folder = f"{_MANIFESTS}/{company}" if self.is_shared and company is not None else _MANIFESTS
        return sorted(each.file for each in self._storage.files(folder) if each.file.endswith(".json"))

    def _read_committed(self, file: str) -> Manifest | None:
        """Return a manifest; None where a place was closed, or was let go of meanwhile."""
        if not self.is_shared:
            return self._read_manifest(file)
        try:
            content = self._storage.read(file)
        except FileNotFoundError:
            return None
        return None if content == _CLOSED else self._decode_manifest(file, content)

    def _read_manifest(self, file: str) -> Manifest:
        try:
            return self._decode_manifest(file, self._storage.read(file))
        except OSError as error:
            raise self._damaged(file, error) from error

    def _decode_manifest(self, file: str, content: bytes) -> Manifest:
        try:
            version = msgspec.json.decode(content, type=_Version).format
            if version > FORMAT:
                raise ConfigurationError(
                    f"{self._storage.place_of(file)}: written by a newer Leafhouse (format {version}, this one reads "
                    f"{FORMAT}). Use the newer version."
                )
            return msgspec.json.decode(content, type=Manifest)
        except msgspec.DecodeError as error:
            raise self._damaged(file, error) from error

    def _damaged(self, file: str, error: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"{self._storage.place_of(file)}: damaged manifest ({error}). Restore it, or remove it and run "
            "`leafhouse extract --full`."
        )

    def size_of(self, runs: Sequence[Manifest]) -> int:
        """Return the bytes that the files of runs take; what is not there takes none."""
        if not runs:
            return 0
        run_ids, sizes = {run.run_id for run in runs}, {each.file: each.bytes for each in self._storage.files()}
        files = [batch.file for run in runs for batch in run.all_batches]
        files += [file for file, manifest in self._committed().items() if manifest.run_id in run_ids]
        return sum(sizes.get(file, 0) for file in files)

    def forget(self, run_ids: Iterable[str]) -> None:
        """Let go of committed runs, oldest first, with their batches."""
        known = set(run_ids)
        going = {file: manifest for file, manifest in self._committed().items() if manifest.run_id in known}
        self._storage.delete(going)
        self._storage.delete(batch.file for manifest in going.values() for batch in manifest.all_batches)
        self.sweep()

    def keep_base(self, write: Callable[[Path], object]) -> None:
        """Keep, as `write` fills a file, what goes on of landed runs that are let go of."""
        self._storage.put_file(_BASE, write)

    def base_bytes(self) -> int | None:
        """Return the bytes of what goes on of landed runs that were let go of; None where none were."""
        return self._storage.size(_BASE)

    @property
    def base_place(self) -> str:
        """Where that is, for people."""
        return self._storage.place_of(_BASE)

    @contextmanager
    def base(self) -> Iterator[Path | None]:
        """Yield where that lies on a disk of this machine, for as long as the block runs; None where there is none."""
        if self.base_bytes() is None:
            yield None
            return
        with self._storage.on_disk([_BASE]) as (path,):
            yield path

    def set_aside(self, runs: Sequence[Manifest], reason: str) -> None:
        """Take runs of one company, oldest first, out of the committed ones: a load refused the first of them.

        The next plan knows nothing of them. They must be the company's newest, since each is planned upon those before.
        Raises StorageError when another was committed meanwhile.
        """
        company, run_ids = runs[0].company, {run.run_id for run in runs}
        self.forget_journal(company)  # an unfinished run is planned upon these, too
        committed = self._committed(company)
        left = [each.run_id for each in committed.values() if each.run_id not in run_ids]
        self._close(company, runs)
        note = msgspec.json.encode(_Note(reason, left))
        for run in runs:
            self._storage.put(_note_of(run.run_id), note)
        # The newest first: whatever is left after a crash is planned upon nothing that is gone, and the next load
        # refuses it again.
        for file, manifest in reversed(list(committed.items())):
            if manifest.run_id in run_ids:
                self._storage.move(file, f"{_REFUSED}/{manifest.run_id}.json")

    def _close(self, company: str, runs: Sequence[Manifest]) -> None:
        """See that nobody commits upon runs any more that are about to go."""
        if not self.is_shared:
            return
        head = self.head(company)
        is_newest = head.run_id == runs[-1].run_id
        if not is_newest or not self._storage.put_if_absent(_numbered(company, head.place + 1), _CLOSED):
            raise StorageError(f"{company}: another run was committed at {self.root} during this load.")

    def refused_runs(self) -> list[RefusedRun]:
        """Return the runs that were set aside, oldest first, unless a run of their company has been committed since.

        Raises what `manifests` raises.
        """
        return [
            RefusedRun(manifest=manifest, reason=note.reason)
            for manifest, note, is_superseded in self._set_aside()
            if not is_superseded
        ]

    def take_back_refused(self) -> None:
        """Commit the runs of `refused_runs` after all."""
        # The oldest first: the others are planned upon it.
        for run in self.refused_runs():
            manifest, refused = run.manifest, f"{_REFUSED}/{run.manifest.run_id}.json"
            if self.is_shared:
                if not self.commit(manifest):
                    raise StorageError(f"{manifest.company}: another run was committed at {self.root} meanwhile.")
                self._storage.delete([refused])
            else:
                self._storage.move(refused, f"{_MANIFESTS}/{manifest.run_id}.json")
            self._storage.delete([_note_of(manifest.run_id)])

    def forget_superseded(self) -> None:
        """Let go of runs that were set aside, where one of their company has been committed since.

        Call it once that is published; the next sweep removes the batches.
        """
        for manifest, _, is_superseded in self._set_aside():
            if is_superseded:
                self._storage.delete([f"{_REFUSED}/{manifest.run_id}.json", _note_of(manifest.run_id)])

    def _set_aside(self) -> list[tuple[Manifest, "_Note", bool]]:
        """Return the runs that were set aside, oldest first, why, and whether a later run has taken their place."""
        files = sorted(each.file for each in self._storage.files(_REFUSED) if each.file.endswith(".json"))
        committed = self.manifests() if files else []
        found = []
        for file in files:
            manifest, note = self._read_manifest(file), self._read_note(file)
            others = {each.run_id for each in committed if each.company == manifest.company}
            found.append((manifest, note, not others <= set(note.others)))
        return found

    def _read_note(self, manifest: str) -> "_Note":
        """Return the note beside the manifest of a run that was set aside."""
        file = _note_of(Path(manifest).stem)
        try:
            return msgspec.json.decode(self._storage.read(file), type=_Note)
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigurationError(
                f"{self._storage.place_of(file)}: cannot be read ({error}), although the run beside it was set aside. "
                f"Restore it, or remove {self._storage.place_of(manifest)} and run `leafhouse extract --full`."
            ) from error

    def begin_journal(self, company: str, header: bytes) -> None:
        """Begin the journal of a company's run anew, with one line."""
        self._storage.begin_journal(_journal_of(company), header)

    def append_journal(self, company: str, line: bytes) -> None:
        """Append a line to a company's journal. It may have `batches`: files that a sweep leaves alone."""
        self._storage.append_journal(_journal_of(company), line)

    def read_journal(self, company: str) -> list[bytes]:
        """Return the whole lines of a company's journal; none when a run has finished since."""
        return self._storage.read_journal(_journal_of(company))

    def forget_journal(self, company: str) -> None:
        """Let go of an unfinished run; the next sweep removes its batches."""
        self._storage.forget_journal(_journal_of(company))

    def sweep(self) -> None:
        """Remove what neither a manifest nor a journal names: the leftovers of runs that did not finish.

        In object storage that is so once it has lain there for a day: another machine may be about to name it.
        """
        stored = self._storage.files()  # before the manifests: what is committed meanwhile is named by one
        journals = [each.file for each in stored if each.file.startswith(_JOURNAL)]
        named = {file for batches in self._storage.each(self._batches_in, journals) for file in batches}
        refused = [manifest for manifest, _, _ in self._set_aside()]
        named |= {_note_of(manifest.run_id) for manifest in refused}
        named |= {batch.file for manifest in (*self.manifests(), *refused) for batch in manifest.all_batches}
        self._storage.delete(each.file for each in stored if each.file not in named and self._is_leftover(each))

    def _is_leftover(self, stored: Stored) -> bool:
        """Whether a file that nothing names is left over."""
        folder, _, name = stored.file.partition("/")  # deeper down are manifests and journals
        is_manifest = folder in (_MANIFESTS, _REFUSED) and name.endswith(".json")
        if not name or "/" in name or is_manifest:
            return False
        return not self.is_shared or stored.written_at < clock.now() - _MAY_BE_NAMED

    def _batches_in(self, journal: str) -> list[str]:
        """Return the files that the lines of a journal name; a line that was cut off names none."""
        found = list[str]()
        with contextlib.suppress(FileNotFoundError):  # its run was committed meanwhile
            for line in self._storage.read(journal).splitlines():
                with contextlib.suppress(msgspec.DecodeError):
                    found += msgspec.json.decode(line, type=_JournalLine).batches
        return found


def _numbered(company: str, place: int) -> str:
    return f"{_MANIFESTS}/{company}/{place:08}.json"


def _number_of(file: str) -> int:
    name = Path(file).stem
    return int(name) if name.isdecimal() else 0


def _note_of(run_id: str) -> str:
    return f"{_REFUSED}/{run_id}.note"


def _journal_of(company: str) -> str:
    return f"{_JOURNAL}{company}.jsonl"


class _Note(msgspec.Struct):
    """Why a run was set aside, and which others of its company were committed then: any other one came later."""

    reason: str
    others: list[str]


class _JournalLine(msgspec.Struct):
    batches: list[str] = []


class _Version(msgspec.Struct):
    format: int = 0
