"""Which warehouse the next one begins with: the published one, unless it is gone or another program has written to it.

Any program may open the published file for writing, such as the DuckDB shell. What a load leaves is therefore signed;
a file whose signature has changed is no longer what was audited.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pipeline.datafolder.paths import base_file, kept_folder, signatures_file, warehouse_file
from pipeline.landing.store import write_aside
from pipeline.warehouse.files import list_kept
from pipeline.warehouse.published import open_warehouse

# DuckDB writes the first three blocks of 4 KiB with every checkpoint: they count it, and point to what it wrote.
_HEADERS = 3 * 4096


@dataclass(frozen=True)
class Base:
    """The file to begin with, None for the landed runs alone; `note` says why it is not the published one."""

    path: Path | None
    note: str | None = None


def find_base(data_dir: Path) -> Base:
    """Return the published warehouse, or the newest one before it that nobody has written to since its load.

    Raises ConfigurationError for a published file that is damaged, not ours or newer.
    """
    published = warehouse_file(data_dir)
    if not published.exists():
        return Base(_landed_base(data_dir))
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
    return Base(
        _landed_base(data_dir), f"{changed} None from before is kept, so all is built anew from what has landed."
    )


def _landed_base(data_dir: Path) -> Path | None:
    path = base_file(data_dir)
    return path if path.exists() else None


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
