"""The landing folder: batches and manifests, each written aside, synced and renamed into place."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import ConfigurationError
from pipeline.landing.manifest import FORMAT, Batch, Manifest

_QUARANTINE = "_quarantine"
_MANIFESTS = "_manifests"
_JOURNALS = "_journal-{}.json"
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
                f"{path}: cannot be read ({error.strerror}), but a manifest names it. Nothing was changed. "
                "Put the file back, or remove the run's manifest and run `leafhouse extract --full`."
            ) from error
        if hashlib.sha256(content).hexdigest() != batch.sha256:
            raise ConfigurationError(
                f"{path}: damaged (its checksum is not the one in the manifest). Nothing was changed. "
                "Restore the file, or remove the run's manifest and run `leafhouse extract --full`."
            )
        return path

    def commit(self, manifest: Manifest) -> Path:
        """Commit a run: its batches count from now on."""
        path = self.root / _MANIFESTS / f"{manifest.run_id}.json"
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
                    "Nothing was changed. Use the newer version."
                )
            return msgspec.json.decode(content, type=Manifest)
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigurationError(
                f"{path}: damaged manifest ({error}). Nothing was changed. "
                "Restore it, or remove it and run `leafhouse extract --full`."
            ) from error

    def write_journal(self, company: str, content: bytes, batches: list[str]) -> None:
        """Keep what an unfinished run of a company has read so far, and its batches with it."""
        journal = msgspec.json.encode(_Journal(batches, msgspec.Raw(content)))
        write_aside(self._journal_of(company), lambda aside: aside.write_bytes(journal))

    def read_journal(self, company: str) -> bytes | None:
        """Return what `write_journal` was given last; None when a run has finished since, or it is damaged."""
        journal = _read_journal(self._journal_of(company))
        return None if journal is None else bytes(journal.content)

    def forget_journal(self, company: str) -> None:
        """Let go of an unfinished run; the next sweep removes its batches."""
        self._journal_of(company).unlink(missing_ok=True)

    def _journal_of(self, company: str) -> Path:
        return self.root / _JOURNALS.format(company)

    def sweep(self) -> None:
        """Remove what neither a manifest nor a journal names: the leftovers of runs that did not finish."""
        journals = map(_read_journal, self._files(_JOURNALS.format("*")))
        named = {file for journal in journals if journal is not None for file in journal.batches}
        named |= {
            batch.file
            for manifest in self.manifests()
            for batch in (*manifest.quarantine, *(b for read in manifest.resources for b in read.batches))
        }
        for path in self._files("*/*"):
            is_manifest = path.parent.name == _MANIFESTS and path.suffix == ".json"
            if not is_manifest and path.relative_to(self.root).as_posix() not in named:
                path.unlink(missing_ok=True)

    def _files(self, pattern: str) -> list[Path]:
        return [path for path in self.root.glob(pattern) if path.is_file()]


class _Journal(msgspec.Struct):
    batches: list[str]
    content: msgspec.Raw


def _read_journal(path: Path) -> _Journal | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Journal)
    except (OSError, msgspec.DecodeError):
        return None


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
    """Make a file's content, or a folder's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
