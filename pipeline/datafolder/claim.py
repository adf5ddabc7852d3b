"""The claim: a data folder is private to its owner, and belongs to one kind of source."""

import os
from pathlib import Path
from typing import Literal, get_args

from pipeline.datafolder.paths import claim_file
from pipeline.errors import ConfigurationError
from pipeline.landing.files import write_aside

Kind = Literal["sandbox", "live"]


def prepare_data_dir(folder: Path, source: Kind) -> None:
    """Create `folder` (0700) if need be, and see that `source` may use it.

    Raises ConfigurationError when it is not writable, or belongs to the other kind of source: invented and
    real numbers must never meet in one warehouse.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: the data folder cannot be made ({error.strerror}). "
            "Set LEAFHOUSE_DATA_DIR to a folder that can be written to."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigurationError(
            f"{folder}: the data folder cannot be written to. Give this user the right to, "
            "or set LEAFHOUSE_DATA_DIR to another folder."
        )
    refuse_other_claim(folder, source)


def refuse_other_claim(folder: Path, source: Kind) -> None:
    """Raise ConfigurationError when a folder belongs to the other kind of source."""
    owner = claimed_by(folder)
    if owner is not None and owner != source:
        raise ConfigurationError(_belongs_to_other(folder, owner))


def claim_data_dir(folder: Path, source: Kind) -> None:
    """Note, with the first rows that land, whose the folder is."""
    if claimed_by(folder) is None:
        write_aside(claim_file(folder), lambda aside: aside.write_text(f"{source}\n"))


def claimed_by(folder: Path) -> str | None:
    """Return the kind of source that the folder belongs to: sandbox, live, or None for nobody yet.

    Raises ConfigurationError when the file that tells it says something else.
    """
    try:
        owner = claim_file(folder).read_text(errors="replace").strip()
    except OSError:
        return None
    if owner not in ("", *get_args(Kind)):
        raise ConfigurationError(
            f"{claim_file(folder)}: damaged. Write sandbox or live into it: whose the data in this folder are."
        )
    return owner or None


def _belongs_to_other(folder: Path, owner: str) -> str:
    if owner == "live":
        return (
            f"{folder}: holds data of a live LeafLink account, but neither LEAFLINK_API_KEY nor LEAFLINK_BASE_URL is "
            "set. Set the key, or set LEAFHOUSE_DATA_DIR to another folder to try the sandbox."
        )
    return (
        f"{folder}: belongs to the embedded sandbox (invented data), but a live source is set. "
        "Set LEAFHOUSE_DATA_DIR to a new folder for the live data."
    )
