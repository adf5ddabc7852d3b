"""The landing folder: batches and manifests, each written aside, synced and renamed into place."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ConfigurationError
from pipeline.landing.manifest import FORMAT, Batch, Manifest, RefusedRun

_QUARANTINE = "_quarantine"
_MANIFESTS = "_manifests"
_REFUSED = "_refused"
_JOURNALS = "_journal-{}.jsonl"
_ROW_GROUP = 50_000


class Landing:
    """The landing folder at `root`. It is created, readable by its owner only, when first written to."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write_batch(self, resource: str, run_id: str, number: int, table: pa.Table) -> Batch:
        """Write `table` as batch `number` of a run, and return its description for the manifest."""
        return self._write_table(resource, f"{resource}/{run_id}-{number:04}.parquet", table)

    def write_quarantine(self, run_id: str, number: int, table: pa.Table) -> Batch:
        """Write quarantined rows as Parquet, and return the description for the manifest."""
        return self._write_table(_QUARANTINE, f"{_QUARANTINE}/{run_id}-{number:04}.parquet", table)

    def _write_table(self, resource: str, file: str, table: pa.Table) -> Batch:
        path = self.root / file

        def write(aside: Path) -> None:
            # Against zstd without dictionaries: a third less CPU to write, a quarter less to load, a fifth more bytes.
            # Every batch is read whole, so that nobody asks for statistics.
            pq.write_table(table, aside, compression="lz4", row_group_size=_ROW_GROUP, write_statistics=False)

        write_aside(path, write)
        content = path.read_bytes()
        return Batch(
            resource=resource,
            file=file,
            rows=table.num_rows,
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def path_of(self, batch: Batch) -> Path:
        """Return where a batch lies."""
        return self.root / batch.file

    def check(self, batch: Batch) -> Path:
        """Return where a batch lies, or raise ConfigurationError when it is missing or damaged."""
        path = self.path_of(batch)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"{path}: cannot be read ({error.strerror}), but a manifest names it. "
                "Put the file back, or remove the run's manifest and run `leafhouse extract --full`."
            ) from error
        if hashlib.sha256(content).hexdigest() != batch.sha256:
            raise ConfigurationError(
                f"{path}: damaged (its checksum is not the one in the manifest). "
                "Restore the file, or remove the run's manifest and run `leafhouse extract --full`."
            )
        return path

    def commit(self, manifest: Manifest) -> Path:
        """Commit a run: its batches count from now on."""
        path = self._path_in(_MANIFESTS, manifest.run_id)
        content = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        write_aside(path, lambda aside: aside.write_bytes(content))
        return path

    def run_ids(self) -> set[str]:
        """Return the ids of all committed runs, by the names of their manifests alone."""
        return {path.stem for path in (self.root / _MANIFESTS).glob("*.json")}

    def manifests(self) -> list[Manifest]:
        """Return every committed manifest, oldest first.

        Raises ConfigurationError when one is damaged or was written by a newer version.
        """
        return [self._read_manifest(path) for path in sorted((self.root / _MANIFESTS).glob("*.json"))]

    def _read_manifest(self, path: Path) -> Manifest:
        try:
            content = path.read_bytes()
            version = msgspec.json.decode(content, type=_Version).format
            if version > FORMAT:
                raise ConfigurationError(
                    f"{path}: written by a newer Leafhouse (format {version}, this one reads {FORMAT}). "
                    "Use the newer version."
                )
            return msgspec.json.decode(content, type=Manifest)
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigurationError(
                f"{path}: damaged manifest ({error}). Restore it, or remove it and run `leafhouse extract --full`."
            ) from error

    def size_of(self, run: Manifest) -> int:
        """Return the bytes that the files of a run take; what is not there takes none."""
        paths = [self._path_in(_MANIFESTS, run.run_id), *(self.path_of(batch) for batch in run.all_batches)]
        return sum(path.stat().st_size for path in paths if path.exists())

    def forget(self, run_ids: Iterable[str]) -> None:
        """Let go of committed runs, oldest first, with their batches."""
        for run_id in sorted(run_ids):
            self._path_in(_MANIFESTS, run_id).unlink(missing_ok=True)
        self.sweep()

    def set_aside(self, runs: Sequence[Manifest], reason: str) -> None:
        """Take runs of one company, oldest first, out of the committed ones: a load refused the first of them.

        The next plan knows nothing of them. They must be the company's newest, since each is planned upon those before.
        """
        company, run_ids = runs[0].company, {run.run_id for run in runs}
        self.forget_journal(company)  # an unfinished run is planned upon these, too
        left = [each.run_id for each in self.manifests() if each.company == company and each.run_id not in run_ids]
        note = msgspec.json.encode(_Note(reason, left))
        for run in runs:
            write_aside(self._note_of(run.run_id), lambda aside: aside.write_bytes(note))
        # The newest first: whatever is left after a crash is planned upon nothing that is gone, and the next load
        # refuses it again.
        for run in reversed(runs):
            self._move(run.run_id, _MANIFESTS, _REFUSED)

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
            self._move(run.manifest.run_id, _REFUSED, _MANIFESTS)
            self._note_of(run.manifest.run_id).unlink(missing_ok=True)

    def forget_superseded(self) -> None:
        """Let go of runs that were set aside, where one of their company has been committed since.

        Call it once that is published; the next sweep removes the batches.
        """
        for manifest, _, is_superseded in self._set_aside():
            if is_superseded:
                self._path_in(_REFUSED, manifest.run_id).unlink()
                self._note_of(manifest.run_id).unlink(missing_ok=True)

    def _set_aside(self) -> list[tuple[Manifest, "_Note", bool]]:
        """Return the runs that were set aside, oldest first, why, and whether a later run has taken their place."""
        paths = sorted((self.root / _REFUSED).glob("*.json"))
        committed = self.manifests() if paths else []
        found = []
        for path in paths:
            manifest, note = self._read_manifest(path), _read_note(self._note_of(path.stem))
            others = {each.run_id for each in committed if each.company == manifest.company}
            found.append((manifest, note, not others <= set(note.others)))
        return found

    def _move(self, run_id: str, source: str, target: str) -> None:
        """Move a manifest between two folders, the second of which is there."""
        self._path_in(source, run_id).replace(self._path_in(target, run_id))
        sync(self.root / target)
        sync(self.root / source)

    def _path_in(self, folder: str, run_id: str) -> Path:
        return self.root / folder / f"{run_id}.json"

    def _note_of(self, run_id: str) -> Path:
        return self.root / _REFUSED / f"{run_id}.note"

    def begin_journal(self, company: str, header: bytes) -> None:
        """Begin the journal of a company's run anew, with one line."""
        write_aside(self._journal_of(company), lambda aside: aside.write_bytes(header + b"\n"))

    def append_journal(self, company: str, line: bytes) -> None:
        """Append a line to a company's journal. It may have `batches`: files that a sweep leaves alone."""
        path = self._journal_of(company)
        with path.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read_journal(self, company: str) -> list[bytes]:
        """Return the lines of a company's journal; none when a run has finished since.

        A line that a crash cut off is removed, so that the next one stands on its own.
        """
        path = self._journal_of(company)
        try:
            content = path.read_bytes()
        except OSError:
            return []
        whole, _, rest = content.rpartition(b"\n")
        if rest:
            os.truncate(path, len(content) - len(rest))
        return whole.split(b"\n") if whole else []

    def forget_journal(self, company: str) -> None:
        """Let go of an unfinished run; the next sweep removes its batches."""
        self._journal_of(company).unlink(missing_ok=True)

    def _journal_of(self, company: str) -> Path:
        return self.root / _JOURNALS.format(company)

    def sweep(self) -> None:
        """Remove what neither a manifest nor a journal names: the leftovers of runs that did not finish."""
        named = {file for path in self._files(_JOURNALS.format("*")) for file in _batches_in(path)}
        refused = [manifest for manifest, _, _ in self._set_aside()]
        named |= {self._note_of(manifest.run_id).relative_to(self.root).as_posix() for manifest in refused}
        named |= {batch.file for manifest in (*self.manifests(), *refused) for batch in manifest.all_batches}
        for path in self._files("*/*"):
            is_manifest = path.parent.name in (_MANIFESTS, _REFUSED) and path.suffix == ".json"
            if not is_manifest and path.relative_to(self.root).as_posix() not in named:
                path.unlink(missing_ok=True)

    def _files(self, pattern: str) -> list[Path]:
        return [path for path in self.root.glob(pattern) if path.is_file()]


class _Note(msgspec.Struct):
    """Why a run was set aside, and which others of its company were committed then: any other one came later."""

    reason: str
    others: list[str]


def _read_note(path: Path) -> _Note:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Note)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error}), although the run beside it was set aside. "
            f"Restore it, or remove {path.with_suffix('.json')} and run `leafhouse extract --full`."
        ) from error


class _JournalLine(msgspec.Struct):
    batches: list[str] = []


def _batches_in(journal: Path) -> Iterator[str]:
    """Yield the files that the lines of a journal name; a line that was cut off names none."""
    for line in journal.read_bytes().splitlines():
        with contextlib.suppress(msgspec.DecodeError):
            yield from msgspec.json.decode(line, type=_JournalLine).batches


class _Version(msgspec.Struct):
    format: int = 0


def write_aside(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, sync it, and rename it to `path`: readers see all of it or none."""
    _make_private(path.parent)
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.touch(mode=0o600)
        write(aside)
        sync(aside)
        aside.replace(path)
        sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _make_private(folder: Path) -> None:
    # mkdir(parents=True) would make the folders above with the usual mode.
    if not folder.exists():
        _make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def sync(path: Path) -> None:
    """Make a file's content, or a folder's entries, survive a power cut; some file systems cannot sync a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
