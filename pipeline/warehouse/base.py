"""Which warehouse the next one begins with: the published one, unless it is gone or another program has written to it.

Any program may open the published file for writing, such as the DuckDB shell. What a load leaves is therefore signed;
a file whose signature has changed is no longer what was audited.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from pipeline.datafolder.paths import kept_folder, signatures_file, warehouse_file
from pipeline.landing import Landing
from pipeline.landing.files import write_aside
from pipeline.warehouse.files import list_kept
from pipeline.warehouse.published import open_warehouse

# DuckDB writes the first three blocks of 4 KiB with every checkpoint: they count it, and point to what it wrote.
_HEADERS = 3 * 4096


@dataclass(frozen=True)
class Base:
    """The file to begin with, None for what the landing has; `note` says why it is not the published one."""

    path: Path | None
    note: str | None = None


def find_base(data_dir: Path) -> Base:
    """Return the published warehouse, or the newest one before it that nobody has written to since its load.

    Raises ConfigurationError for a published file that is damaged, not ours or newer.
    """
    published = warehouse_file(data_dir)
    if not published.exists():
        return Base(None)
    signatures, file = _read(data_dir), published.resolve()
    if not is_changed(file, signatures):
        return Base(published)
    with open_warehouse(published, may_be_older=True):
        pass
    changed = f"{published}: another program has written to it since load {file.stem}."
    for kept in list_kept(kept_folder(data_dir)):
        if kept.load_id < file.stem and not is_changed(kept.path, signatures):
            return Base(
                kept.path,
                f"{changed} What load {kept.load_id} left is taken instead, with the runs that landed since; the file "
                f"stays in {file.parent.name}/.",
            )
    return Base(None, f"{changed} None from before is kept, so all is built anew from what has landed.")


@contextmanager
def open_base(data_dir: Path, landing: Landing) -> Iterator[Base]:
    """Yield what `find_base` returns; where that is none, with what goes on in the landing of runs that were let go of.

    The file is there for as long as the block runs. Raises what `find_base` raises.
    """
    base = find_base(data_dir)
    if base.path is not None:
        yield base
        return
    with landing.base() as landed:
        yield replace(base, path=landed)


def sign(data_dir: Path, load_id: str) -> None:
    """Note the signature of what a load left among the kept warehouses, and forget those of files that are gone."""
    folder = kept_folder(data_dir)
    signatures = _read(data_dir) | {load_id: _signature_of(folder / f"{load_id}.duckdb")}
    there = {each.load_id for each in list_kept(folder)}
    kept = {name: signature for name, signature in signatures.items() if name in there}
    content = msgspec.json.format(msgspec.json.encode(kept))
    write_aside(signatures_file(data_dir), lambda aside: aside.write_bytes(content))


def is_changed(file: Path, signatures: dict[str, str]) -> bool:
    """Say whether a warehouse is no longer as its load left it. Those from before there were signatures are."""
    return file.stem in signatures and signatures[file.stem] != _signature_of(file)


def _read(data_dir: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(signatures_file(data_dir).read_bytes(), type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):  # damaged, it vouches for nothing
        return {}


def _signature_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.sha256(content.read(_HEADERS)).hexdigest()
