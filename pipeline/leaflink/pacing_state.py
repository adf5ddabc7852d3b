"""The pacer's memory between runs: a small JSON file in the data folder, an entry for each key's fingerprint."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

# An entry this old says nothing any more: at any sensible rate its bucket is full again.
_FORGOTTEN_AFTER_SECONDS = 24 * 3600


class SavedBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket as it was at the wall clock's time `at`: its tokens, and how many seconds ago its last requests went."""

    at: float
    tokens: float
    ages: list[float]


def read_saved(path: Path, fingerprint: str, wall: float) -> SavedBucket | None:
    """Return what was saved for a fingerprint; None when nothing was.

    A file that cannot be read means that a run has been here, but not when: then the bucket counts as just emptied.
    """
    try:
        return _decode(path.read_bytes()).get(fingerprint)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        return SavedBucket(at=wall, tokens=0.0, ages=[])


def write_saved(path: Path, fingerprints: Iterable[str], saved: SavedBucket) -> None:
    """Save a bucket under each of the fingerprints, beside what the file holds of others.

    The file is written aside and renamed, for its owner's eyes only. A folder that cannot be written to costs
    the next run its memory, and nothing else: the run that finds it so has better places to say it.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    with contextlib.suppress(OSError):
        entries = {name: entry for name, entry in _others(path).items() if _is_fresh(entry, saved.at)}
        entries.update(dict.fromkeys(fingerprints, saved))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(entries))
        aside.replace(path)


def _is_fresh(entry: SavedBucket, wall: float) -> bool:
    return abs(wall - entry.at) < _FORGOTTEN_AFTER_SECONDS


def _others(path: Path) -> dict[str, SavedBucket]:
    try:
        return _decode(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}


def _decode(content: bytes) -> dict[str, SavedBucket]:
    # JSON has no NaN and no infinity, and the decoder refuses numbers out of range.
    return msgspec.json.decode(content, type=dict[str, SavedBucket])
