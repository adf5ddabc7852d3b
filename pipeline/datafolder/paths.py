"""Every path in the data folder, and of the key beside it."""

import hashlib
import re
from pathlib import Path


def landing_folder(data_dir: Path) -> Path:
    """Return where runs land: Parquet files, and the manifests that commit them."""
    return data_dir / "landing"


def fetched_folder(data_dir: Path) -> Path:
    """Return where files of a landing in object storage lie for as long as a command reads them."""
    return data_dir / "fetched"


def warehouse_file(data_dir: Path) -> Path:
    """Return the published warehouse: a link to the one among the kept that is published."""
    return data_dir / "warehouse.duckdb"


def dictionary_file(data_dir: Path) -> Path:
    """Return where the dictionary of the published warehouse is written, unless another file is named."""
    return data_dir / "dictionary.html"


def building_folder(data_dir: Path) -> Path:
    """Return where a load builds the next warehouse."""
    return data_dir / "building"


def kept_folder(data_dir: Path) -> Path:
    """Return where the published warehouse is, and where those that were published before are kept."""
    return data_dir / "kept"


def kept_file(data_dir: Path, load_id: str | None) -> Path:
    """Return where the warehouse of a load is kept; None is one that no load has signed yet."""
    return kept_folder(data_dir) / f"{load_id or 'first'}.duckdb"


def tables_folder(data_dir: Path) -> Path:
    """Return where loads on an engine publish their tables, unless another folder is named."""
    return data_dir / "tables"


def report_file(data_dir: Path) -> Path:
    """Return the page that people look at."""
    return data_dir / "report.html"


def rejected_file(data_dir: Path) -> Path:
    """Return the warehouse that was not published, since an audit failed: evidence, until a later one is published."""
    return data_dir / "rejected.duckdb"


def signatures_file(data_dir: Path) -> Path:
    """Return the signatures of the kept warehouses, which tell whether another program has written to one."""
    return kept_folder(data_dir) / "signatures.json"


def logs_folder(data_dir: Path) -> Path:
    """Return where the traces of unforeseen errors are."""
    return data_dir / "logs"


def sandbox_folder(data_dir: Path) -> Path:
    """Return where the embedded sandbox keeps its state."""
    return data_dir / "sandbox"


def lock_file(data_dir: Path) -> Path:
    """Return the file that a run locks, and that names it."""
    return data_dir / "lock"


def attempt_file(data_dir: Path) -> Path:
    """Return the file that says which command worked on the folder last, and how it ended."""
    return data_dir / "attempt.json"


def claim_file(data_dir: Path) -> Path:
    """Return the file that says which kind of source the folder belongs to."""
    return data_dir / "source"


def accounts_file(data_dir: Path) -> Path:
    """Return the file that says whose the data of each company name are."""
    return data_dir / "accounts.json"


def account_folders(data_dir: Path) -> Path:
    """Return where the tasks of an engine keep a folder for each owner of keys."""
    return data_dir / "accounts"


def account_folder(data_dir: Path, owner: str) -> Path:
    """Return the folder of an owner of keys; two owners never share one, whatever they are called."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", owner)[:40]
    return account_folders(data_dir) / f"{readable}-{hashlib.sha256(owner.encode()).hexdigest()[:12]}"


def night_file(data_dir: Path) -> Path:
    """Return the note of a night on an engine that has not ended."""
    return data_dir / "night.json"


def pacing_file(data_dir: Path, owner: str) -> Path:
    """Return the state of the rate limit, so that two runs in a row share it.

    All owners of keys share a file until a task of an engine has read for one: then that one has its own.
    """
    folder = account_folder(data_dir, owner)
    return shared_pacing_file(data_dir) if not folder.is_dir() else folder / "pacing.json"


def shared_pacing_file(data_dir: Path) -> Path:
    """Return the state of the rate limits of all owners for whom no task of an engine has read yet."""
    return data_dir / "pacing.json"


def personal_key_file(data_dir: Path) -> Path:
    """Return the key that personal data are hashed with: beside the data folder, so that no copy has both."""
    folder = data_dir.resolve()
    return folder.with_name(f"{folder.name}.pii-key")
